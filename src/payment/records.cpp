#include "payment/records.hpp"

#include "core/limits.hpp"

namespace buyme::payment {

Awaitable<Result<OrderPayments>> PaymentRecords::of_order(OrderId order, Caller caller, Trace trace) {
  const auto visible = co_await orders_.get(order, caller, trace);
  if (!visible) co_return visible.error();
  auto read = [this, order] { return reads_.of_order(order); };
  co_return co_await database_.run(std::move(read));
}

Awaitable<Result<Attention>> PaymentRecords::attention() {
  const Time before = clock_.now() - limits::attention_age;
  auto read = [this, before] { return reads_.attention(before, limits::attention_rows); };
  co_return co_await database_.run(std::move(read));
}

}  // namespace buyme::payment
