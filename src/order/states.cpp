#include "order/states.hpp"

namespace buyme::order {

namespace {

struct Transition {
  OrderStatus from;
  OrderEvent event;
  OrderStatus to;
};

constexpr Transition transitions[] = {
    {OrderStatus::pending, OrderEvent::enter_payment, OrderStatus::payment_entered},
    {OrderStatus::pending, OrderEvent::payment_succeeded, OrderStatus::paid},
    {OrderStatus::pending, OrderEvent::payment_failed, OrderStatus::payment_failed},
    {OrderStatus::pending, OrderEvent::cancel, OrderStatus::canceled},
    {OrderStatus::pending, OrderEvent::expire, OrderStatus::expired},
    {OrderStatus::pending, OrderEvent::abandon, OrderStatus::canceled},

    {OrderStatus::payment_entered, OrderEvent::enter_payment, OrderStatus::payment_entered},
    {OrderStatus::payment_entered, OrderEvent::payment_succeeded, OrderStatus::paid},
    {OrderStatus::payment_entered, OrderEvent::payment_failed, OrderStatus::payment_failed},
    {OrderStatus::payment_entered, OrderEvent::cancel, OrderStatus::canceled},
    {OrderStatus::payment_entered, OrderEvent::expire, OrderStatus::expired},
    {OrderStatus::payment_entered, OrderEvent::abandon, OrderStatus::canceled},

    {OrderStatus::payment_failed, OrderEvent::enter_payment, OrderStatus::payment_entered},
    {OrderStatus::payment_failed, OrderEvent::payment_succeeded, OrderStatus::paid},
    {OrderStatus::payment_failed, OrderEvent::cancel, OrderStatus::canceled},
    {OrderStatus::payment_failed, OrderEvent::expire, OrderStatus::expired},
    {OrderStatus::payment_failed, OrderEvent::abandon, OrderStatus::canceled},

    {OrderStatus::paid, OrderEvent::cancel, OrderStatus::canceled},  // with a refund
};

}  // namespace

std::optional<OrderStatus> next_status(OrderStatus from, OrderEvent event) {
  for (const auto& transition : transitions) {
    if (transition.from == from && transition.event == event) return transition.to;
  }
  return std::nullopt;
}

std::string_view to_string(OrderStatus status) {
  switch (status) {
    case OrderStatus::pending:
      return "PENDING";
    case OrderStatus::payment_entered:
      return "PAYMENT_ENTERED";
    case OrderStatus::payment_failed:
      return "PAYMENT_FAILED";
    case OrderStatus::paid:
      return "PAID";
    case OrderStatus::shipped:
      return "SHIPPED";
    case OrderStatus::delivered:
      return "DELIVERED";
    case OrderStatus::canceled:
      return "CANCELED";
    case OrderStatus::expired:
      return "EXPIRED";
  }
  return "?";
}

std::string_view to_string(ItemStatus status) {
  switch (status) {
    case ItemStatus::ordered:
      return "ORDERED";
    case ItemStatus::canceled:
      return "CANCELED";
  }
  return "?";
}

}  // namespace buyme::order
