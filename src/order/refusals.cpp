// What a command is refused with, in words that say what to do.
#include <fmt/format.h>

#include "core/limits.hpp"
#include "order/decide.hpp"

namespace buyme::order {

Failure store_unavailable() {
  return Failure(Error::store_unavailable,
                 "The shop cannot write right now; nothing was done. Repeat in a second.")
      .retry_in(std::chrono::seconds{1});
}

Failure overloaded() {
  return Failure(Error::overloaded, "Too many buyers at this moment; nothing was done. Repeat in a second.")
      .retry_in(std::chrono::seconds{1});
}

Failure outcome_unknown() {
  return Failure(
             Error::outcome_unknown,
             "Nobody can say yet whether this was done. Repeat it with the same Idempotency-Key, or look at "
             "your orders.")
      .retry_in(std::chrono::seconds{1});
}

std::optional<Failure> refused_by_terms(const SaleTerms& terms, Time now) {
  if (terms.state == SaleState::archived)
    return Failure(Error::sale_closed, "This product is no longer sold.");
  if (terms.opens_at && now < *terms.opens_at) {
    return Failure(Error::sale_not_open, "The sale opens at " + format_time(*terms.opens_at) + ".")
        .with("opensAt", format_time(*terms.opens_at));
  }
  if (terms.closes_at && now >= *terms.closes_at) {
    return Failure(Error::sale_closed, "The sale closed at " + format_time(*terms.closes_at) + ".")
        .with("closesAt", format_time(*terms.closes_at));
  }
  if (terms.state == SaleState::paused) {
    return Failure(Error::sale_paused, "The shop has paused this sale; it will go on.");
  }
  return std::nullopt;
}

Failure sold_out_failure(ProductId product, Units available) {
  return Failure(Error::sold_out, available == 0
                                      ? "Every unit is held or sold; a unit that comes back is sold again."
                                      : fmt::format("Only {} left; order fewer.", available))
      .with("productId", product.value)
      .with("available", available);
}

Failure key_of_another_order() {
  return Failure(Error::idempotency_mismatch,
                 "This Idempotency-Key was used with another order; take a new key for a new order.");
}

Failure total_out_of_bounds(Units committed) {
  return Failure(Error::illegal_state,
                 fmt::format("{} units are held or sold; the total can be between that and {}.", committed,
                             limits::max_total_units))
      .with("committed", committed);
}

Failure illegal_state(const OrderRow& row, OrderStatus wanted) {
  return Failure(Error::illegal_state, fmt::format("Order {} is {} and cannot become {}.", row.order.id.value,
                                                   to_string(row.order.status), to_string(wanted)))
      .with("orderId", row.order.id.value)
      .with("state", std::string(to_string(row.order.status)))
      .with("wantedState", std::string(to_string(wanted)));
}

Failure illegal_state(const OrderItem& item, OrderStatus order, ItemStatus wanted) {
  const std::string_view is =
      item.status == ItemStatus::ordered ? to_string(order) : to_string(item.status, order);
  const std::string_view to = to_string(wanted, order);
  const std::string_view hint =
      wanted == ItemStatus::return_requested ? "; what is DELIVERED can be returned" : "";
  return Failure(Error::illegal_state,
                 fmt::format("Item {} is {} and cannot become {}{}.", item.id.value, is, to, hint))
      .with("orderItemId", item.id.value)
      .with("state", std::string(is))
      .with("wantedState", std::string(to));
}

}  // namespace buyme::order
