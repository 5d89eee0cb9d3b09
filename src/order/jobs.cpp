// What happens to orders without anybody asking: holds lapse, orders are shipped, refunds are
// handed over.
#include <boost/asio/detached.hpp>

#include "core/limits.hpp"
#include "order/service.hpp"

namespace buyme::order {

// A chunk of lapsed holds goes to the writer as one burst of commands, so that it shares rounds and
// transactions. The writer decides each by the order's state then; a hold that was paid meanwhile is left
// alone.
Awaitable<void> OrderService::run_expiry(db::JobLease& lease) {
  const auto executor = co_await asio::this_coro::executor;
  expiry_answered_.emplace(executor);
  for (;;) {
    const auto mine = co_await lease.hold();
    if (!mine) {
      co_await clock_.sleep_for(limits::expiry_pause);
      continue;
    }
    const auto lapsed = co_await store_.lapsed_holds(clock_.now(), limits::expiry_chunk);
    if (lapsed && !lapsed->empty()) {
      std::size_t open = lapsed->size(), expired = 0;
      for (const auto order : *lapsed) {
        MoveOrder move;
        move.order = order;
        move.event = OrderEvent::expire;
        move.caller = Caller::the_shop();
        asio::co_spawn(executor, writer_.submit(std::move(move)),
                       [&](std::exception_ptr error, const Outcome& outcome) {
                         if (!error && outcome.has_value()) ++expired;
                         if (--open == 0) expiry_answered_->raise();
                       });
      }
      co_await expiry_answered_->wait();
      if (expired == limits::expiry_chunk)
        continue;  // there may be more; a store that cannot write gets a pause
    }
    co_await clock_.sleep_for(limits::expiry_pause);
  }
}

// Whatever a pass could not do, also while the shop was closed, the next one does.
Awaitable<void> OrderService::run_shipping(const Calendar& calendar, db::JobLease& lease) {
  for (;;) {
    const auto mine = co_await lease.hold();
    if (mine) {
      const auto moved = co_await advance_shipping(calendar, clock_.now());
      if (moved && *moved > 0) log_->info("shipping: {} orders moved on", *moved);
    }
    co_await clock_.sleep_for(limits::shipping_pause);
  }
}

Awaitable<void> OrderService::run_refund_delivery(payment::PaymentApi& payments, db::JobLease& lease) {
  RefundId after;  // one that is refused must not keep those behind it waiting
  for (;;) {
    const auto mine = co_await lease.hold();
    if (!mine) {
      co_await clock_.sleep_for(limits::refund_pause);
      continue;
    }
    const auto open = co_await store_.open_refunds(after, limits::refund_chunk);
    MarkRefundsDelivered delivered;
    if (open) {
      for (const auto& refund : *open) {
        const payment::RefundRequest request{refund.id, refund.order, refund.attempt, refund.amount};
        const auto taken = co_await payments.take_refund(request);
        if (taken) delivered.refunds.push_back(refund.id);
      }
    }
    const bool more = open && open->size() == limits::refund_chunk;
    after = more ? open->back().id : RefundId{};
    if (!delivered.refunds.empty()) {
      Command::What what = std::move(delivered);
      const Outcome marked = co_await writer_.submit(std::move(what));
      if (!marked) log_->warn("refunds were handed over but not marked; they will be handed over again");
    }
    if (!more) co_await clock_.sleep_for(limits::refund_pause);
  }
}

}  // namespace buyme::order
