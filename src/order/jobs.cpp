// What happens to orders without anybody asking: holds lapse, refunds are handed over.
#include <boost/asio/detached.hpp>

#include "core/limits.hpp"
#include "order/service.hpp"

namespace buyme::order {

// A chunk of lapsed holds goes to the writer as one burst of commands, so that it shares rounds and
// transactions. The writer decides each by the order's state then; a hold that was paid meanwhile is left
// alone.
Awaitable<void> OrderService::run_expiry() {
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    const auto lapsed = co_await store_.lapsed_holds(clock_.now(), limits::expiry_chunk);
    if (lapsed && !lapsed->empty()) {
      Event all_answered(executor);
      std::size_t open = lapsed->size();
      for (const auto order : *lapsed) {
        MoveOrder move;
        move.order = order;
        move.event = OrderEvent::expire;
        move.caller = Caller::the_shop();
        asio::co_spawn(executor, writer_.submit(std::move(move)), [&open, &all_answered](auto&&...) {
          if (--open == 0) all_answered.raise();
        });
      }
      co_await all_answered.wait();
      if (lapsed->size() == limits::expiry_chunk) continue;
    }
    co_await clock_.sleep_for(limits::expiry_pause);
  }
}

Awaitable<void> OrderService::run_refund_delivery(payment::PaymentApi& payments) {
  for (;;) {
    const auto open = co_await store_.open_refunds(limits::refund_chunk);
    MarkRefundsDelivered delivered;
    if (open) {
      for (const auto& refund : *open) {
        const payment::RefundRequest request{refund.id, refund.order, refund.attempt, refund.amount};
        const auto taken = co_await payments.take_refund(request);
        if (taken) delivered.refunds.push_back(refund.id);
      }
    }
    if (!delivered.refunds.empty()) {
      Command::What what = std::move(delivered);
      const Outcome marked = co_await writer_.submit(std::move(what));
      if (!marked) log_->warn("refunds were handed over but not marked; they will be handed over again");
    }
    co_await clock_.sleep_for(limits::refund_pause);
  }
}

}  // namespace buyme::order
