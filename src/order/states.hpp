// The one table of order transitions. What is not in it is 409 ILLEGAL_STATE.
#pragma once

#include <optional>

#include "order/api.hpp"

namespace buyme::order {

enum class OrderEvent : std::uint8_t {
  enter_payment,  // the buyer opens the payment, or attempts it
  payment_succeeded,
  payment_failed,
  cancel,
  expire,   // the hold has lapsed
  abandon,  // the buyer's account ends: what is paid stays
};

// The state that `event` leads to from `from`; nullopt when the table has no such transition.
std::optional<OrderStatus> next_status(OrderStatus from, OrderEvent event);

// Holds its units until paid or lapsed.
constexpr bool is_unpaid(OrderStatus status) {
  return status == OrderStatus::pending || status == OrderStatus::payment_entered ||
         status == OrderStatus::payment_failed;
}
constexpr bool is_dead(OrderStatus status) {
  return status == OrderStatus::canceled || status == OrderStatus::expired;
}

}  // namespace buyme::order
