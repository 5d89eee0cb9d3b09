#include "payment/service.hpp"

#include "core/concurrent.hpp"
#include "core/limits.hpp"

namespace buyme::payment {

using order::PaymentSettlement;
using order::PaymentTicket;

namespace {

Failure still_unknown() {
  return Failure(
             Error::outcome_unknown,
             "The outcome of this payment is not known yet; it is being settled. Look at the order in a few "
             "seconds.")
      .retry_in(std::chrono::ceil<std::chrono::seconds>(limits::payment_sweep_pause));
}

AttemptState state_of(const Result<ChargeOutcome>& outcome) {
  if (!outcome || *outcome == ChargeOutcome::unknown) return AttemptState::unknown;
  return *outcome == ChargeOutcome::succeeded ? AttemptState::succeeded : AttemptState::failed;
}

// What the provider throws is a failure like any other: the money may have moved.
Awaitable<Result<ChargeOutcome>> ask(PaymentProvider& provider, ChargeRequest request) {
  try {
    auto outcome = co_await provider.charge(request);
    co_return outcome;
  } catch (const std::exception& error) {
    co_return Failure(Error::outcome_unknown, error.what());
  }
}

Awaitable<Result<void>> ask(PaymentProvider& provider, ChargeRefund request) {
  try {
    auto outcome = co_await provider.refund(std::move(request));
    co_return outcome;
  } catch (const std::exception& error) {
    co_return Failure(Error::outcome_unknown, error.what());
  }
}

std::chrono::milliseconds backoff_after(std::int64_t tries) {
  const auto doublings = std::min<std::int64_t>(tries, 10);
  const std::chrono::milliseconds wanted = limits::refund_backoff * (std::int64_t{1} << doublings);
  return std::min<std::chrono::milliseconds>(wanted, limits::refund_backoff_max);
}

}  // namespace

PaymentService::PaymentService(PaymentSettings settings, PaymentStore& store, PaymentProvider& provider,
                               order::OrderApi& orders, Clock& clock, Log log)
    : settings_(settings),
      store_(store),
      provider_(provider),
      orders_(orders),
      clock_(clock),
      log_(std::move(log)) {}

Awaitable<Result<PaymentTicket>> PaymentService::enter_payment(OrderId order, Caller caller, Trace trace) {
  return orders_.enter_payment(order, caller, false, trace);
}

// --- the saga ---

Awaitable<Result<Receipt>> PaymentService::attempt_payment(OrderId order, Caller caller, Trace trace) {
  const auto ticket = co_await orders_.enter_payment(order, caller, true, trace);
  if (!ticket) co_return ticket.error();
  if (settings_.lock == nullptr) co_return co_await pay(*ticket, caller, trace);
  const auto held = co_await settings_.lock->acquire(order);
  if (!held) co_return held.error();
  auto receipt = co_await pay(*ticket, caller, trace);
  co_await (*held)->release();
  co_return receipt;
}

Awaitable<Result<Receipt>> PaymentService::pay(const PaymentTicket& ticket, Caller caller, Trace trace) {
  const auto attempt = co_await claim(ticket, caller, trace);
  if (!attempt) co_return attempt.error();
  const auto settlement = co_await finish(*attempt, trace);
  if (!settlement) co_return settlement.error();
  co_return answer(ticket, attempt->id, *settlement);
}

// The claim is what makes a double charge impossible: of two clicks at once one finds the other's open
// attempt, and a click that was overtaken by a whole payment finds that one's settlement.
Awaitable<Result<Attempt>> PaymentService::claim(const PaymentTicket& ticket, Caller caller, Trace trace) {
  auto attempt = co_await store_.claim(ticket, clock_.now());
  if (attempt || attempt.error().error != Error::illegal_state) co_return attempt;
  const auto again = co_await orders_.enter_payment(ticket.order, caller, false, trace);
  co_return again ? attempt.error() : again.error();  // the order service can name the state
}

// From wherever the attempt stands to its end. The request and the sweeper come through here alike.
Awaitable<Result<PaymentSettlement>> PaymentService::finish(Attempt attempt, Trace trace) {
  if (attempt.state == AttemptState::requested || attempt.state == AttemptState::unknown) {
    const AttemptState outcome = co_await charge(attempt);
    const auto recorded = co_await store_.record(attempt.id, outcome, clock_.now());
    if (!recorded || recorded->state == AttemptState::unknown) co_return still_unknown();
    attempt = *recorded;
    // Somebody else drove it to its end meanwhile.
    if (attempt.settlement) co_return *attempt.settlement;
  }
  const order::AttemptRef told{attempt.id, attempt.number};
  const bool succeeded = attempt.state == AttemptState::succeeded;
  const auto settlement = co_await orders_.settle_payment(attempt.order, told, succeeded, trace);
  if (!settlement) {
    log_->warn("order {} could not be told of attempt {}: {}", attempt.order.value, attempt.id.value,
               settlement.error().detail);
    co_return still_unknown();
  }
  // The order has taken the result, so that is the answer even if the attempt must stay open for the sweeper.
  const auto closed = co_await store_.close(attempt.id, *settlement, clock_.now());
  if (!closed) log_->warn("attempt {} stays open: {}", attempt.id.value, closed.error().detail);
  co_return *settlement;
}

// A charge that outlasts the time-out goes on by itself; its answer is learnt by asking again.
Awaitable<AttemptState> PaymentService::charge(const Attempt& attempt) {
  const ChargeRequest request{attempt.id, attempt.order, attempt.amount};
  auto asking = ask(provider_, request);
  const auto outcome = co_await within(std::move(asking), clock_.monotonic() + settings_.timeout, clock_);
  if (!outcome) {
    log_->warn("attempt {}: no answer from the provider within {} ms", attempt.id.value,
               settings_.timeout.count());
    co_return AttemptState::unknown;
  }
  if (!*outcome) log_->warn("attempt {}: {}", attempt.id.value, outcome->error().detail);
  co_return state_of(*outcome);
}

Result<Receipt> PaymentService::answer(const PaymentTicket& ticket, AttemptId attempt,
                                       PaymentSettlement settlement) const {
  switch (settlement) {
    case PaymentSettlement::paid:
      return Receipt{ticket.order, attempt, ticket.amount};
    case PaymentSettlement::failed: {
      const auto left = std::chrono::floor<std::chrono::seconds>(ticket.hold_expires_at - clock_.now());
      return Failure(Error::payment_failed,
                     left.count() > 0
                         ? "The payment was declined. Try again while the order still holds its items."
                         : "The payment was declined, and the order holds its items no longer.")
          .with("orderId", ticket.order.value)
          .with("holdRemainingSeconds", std::max<std::int64_t>(0, left.count()))
          .with("holdExpiresAt", format_time(ticket.hold_expires_at));
    }
    case PaymentSettlement::too_late:
      return Failure(Error::payment_refunded,
                     "The payment came after the order had ended; the money is being given back.")
          .with("orderId", ticket.order.value);
  }
  return Failure(Error::internal, "no such settlement");
}

// --- refunds asked for by the order service ---

Awaitable<Result<void>> PaymentService::take_refund(RefundRequest refund) {
  auto taken = co_await store_.add_refund(refund, clock_.now());
  if (!taken && (taken.error().error == Error::not_found || taken.error().error == Error::illegal_state)) {
    log_->error("refund {} of order {} (attempt {}, {}) is refused: {}", refund.id.value, refund.order.value,
                refund.attempt.value, refund.amount, taken.error().detail);
  }
  co_return taken;
}

// --- the sweeper ---

Awaitable<void> PaymentService::run_sweeper(db::JobLease& lease) {
  for (Sweep what = Sweep::all;; what = Sweep::overdue) {
    co_await sweep(what, lease);
    co_await clock_.sleep_for(limits::payment_sweep_pause);
  }
}

Awaitable<void> PaymentService::sweep(Sweep what, db::JobLease& lease) {
  co_await sweep_attempts(what, lease);
  co_await sweep_refunds(lease);
}

// No step needs the lease's fence: each is one that requests take, too, whoever holds it, and is conditional.
// Chunk by chunk, those of a chunk at once: a provider that hangs costs one time-out per chunk.
Awaitable<void> PaymentService::sweep_attempts(Sweep what, db::JobLease& lease) {
  const Time now = clock_.now();
  OpenQuery query;
  query.limit = limits::payment_sweep_chunk;
  query.requested_before = what == Sweep::all ? now : now - settings_.timeout - limits::payment_sweep_margin;
  query.recorded_before = what == Sweep::all ? now : now - limits::payment_sweep_margin;
  for (;;) {
    const auto held = co_await lease.hold();
    if (!held) co_return;
    const auto attempts = co_await store_.open_attempts(query);
    if (!attempts) co_return log_->warn("open payments cannot be read: {}", attempts.error().detail);
    std::vector<Awaitable<void>> works;
    for (const Attempt& attempt : *attempts) works.push_back(resume_attempt(attempt));
    co_await all(std::move(works));
    if (attempts->size() < query.limit) co_return;
    query.after = attempts->back().order;
  }
}

Awaitable<void> PaymentService::resume_attempt(Attempt attempt) {
  try {
    const auto settlement = co_await finish(attempt, Trace());
    if (settlement) log_->info("attempt {} was taken up again and settled", attempt.id.value);
  } catch (const std::exception& error) {
    log_->error("attempt {}: {}", attempt.id.value, error.what());
  }
}

Awaitable<void> PaymentService::sweep_refunds(db::JobLease& lease) {
  const Time now = clock_.now();
  std::int64_t after = 0;
  for (;;) {
    const auto held = co_await lease.hold();
    if (!held) co_return;
    const auto refunds = co_await store_.due_refunds(now, after, limits::payment_sweep_chunk);
    if (!refunds) co_return log_->warn("refunds cannot be read: {}", refunds.error().detail);
    std::vector<Awaitable<void>> works;
    for (const DueRefund& refund : *refunds) works.push_back(make_refund(refund));
    co_await all(std::move(works));
    if (refunds->size() < limits::payment_sweep_chunk) co_return;
    after = refunds->back().id;
  }
}

Awaitable<void> PaymentService::make_refund(DueRefund refund) {
  try {
    ChargeRefund request{refund.key, refund.attempt, refund.amount};
    auto asking = ask(provider_, std::move(request));
    const auto outcome = co_await within(std::move(asking), clock_.monotonic() + settings_.timeout, clock_);
    if (outcome && outcome->has_value()) {
      (void)co_await store_.refund_done(refund.id, clock_.now());
      co_return;
    }
    log_->warn("refund {} is tried again later: {}", refund.key,
               outcome ? outcome->error().detail : "no answer from the provider");
    (void)co_await store_.refund_later(refund.id, clock_.now() + backoff_after(refund.tries));
  } catch (const std::exception& error) {
    log_->error("refund {}: {}", refund.key, error.what());
  }
}

}  // namespace buyme::payment
