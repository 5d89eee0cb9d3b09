// Payments: a saga of four transactions in three databases (ours, the provider's, the order service's) that
// survives a crash between any two.
//
//   claim    the order enters payment; the attempt is inserted, unique per order while open
//   charge   at the provider, under the attempt's id as idempotency key
//   record   the provider's answer; a time-out is UNKNOWN, never FAILED
//   tell     the order service, which answers paid, failed or too late
//   close    the attempt; what came too late leaves its refund in the same transaction
//
// A request drives its attempt through these steps; when it cannot (crash, time-out, overload) the sweeper
// takes the open attempt up again and repeats the steps from where the row says it is. Every step is
// idempotent, so both may drive one attempt at once.
//
// Thread safety: all calls from any executor. A client that goes away changes nothing. The contexts on which
// calls run must have stopped when the service is destroyed.
#pragma once

#include "core/caller.hpp"
#include "db/lease.hpp"
#include "payment/attempt_lock.hpp"
#include "payment/provider.hpp"
#include "payment/store.hpp"

namespace buyme::payment {

struct PaymentSettings {
  std::chrono::milliseconds timeout{10'000};  // for one charge or refund
  AttemptLock* lock = nullptr;  // around each attempt, on top of the claim; outlives the service
};

struct Receipt {
  OrderId order;
  AttemptId attempt;
  Money amount = 0;
};

enum class Sweep : std::uint8_t {
  all,      // after a start: whatever is open was left by a crash
  overdue,  // what no request can still be working on
};

class PaymentService final : public PaymentApi {
 public:
  PaymentService(PaymentSettings settings, PaymentStore& store, PaymentProvider& provider,
                 order::OrderApi& orders, Clock& clock, Log log);

  // Moves the order into payment without charging anything. Errors as OrderApi::enter_payment.
  Awaitable<Result<order::PaymentTicket>> enter_payment(OrderId order, Caller caller, Trace trace = {});

  // Pays the order. Besides the errors of OrderApi::enter_payment: payment_in_progress, payment_failed (with
  // what remains of the hold), payment_refunded, outcome_unknown (the sweeper finishes it).
  Awaitable<Result<Receipt>> attempt_payment(OrderId order, Caller caller, Trace trace = {});

  Awaitable<Result<void>> take_refund(RefundRequest refund) override;

  // Spawned once, on any executor: sweeps everything at once, then what is overdue every
  // limits::payment_sweep_pause, until its context ends.
  // Does nothing while another server holds the lease.
  Awaitable<void> run_sweeper(db::JobLease& lease = db::sole_server());
  Awaitable<void> sweep(Sweep what, db::JobLease& lease = db::sole_server());  // one pass

 private:
  Awaitable<Result<Receipt>> pay(const order::PaymentTicket& ticket, Caller caller, Trace trace);
  Awaitable<Result<Attempt>> claim(const order::PaymentTicket& ticket, Caller caller, Trace trace);
  Awaitable<Result<order::PaymentSettlement>> finish(Attempt attempt, Trace trace);
  Awaitable<AttemptState> charge(const Attempt& attempt);
  Result<Receipt> answer(const order::PaymentTicket& ticket, AttemptId attempt,
                         order::PaymentSettlement settlement) const;

  Awaitable<void> sweep_attempts(Sweep what, db::JobLease& lease);
  Awaitable<void> sweep_refunds(db::JobLease& lease);
  Awaitable<void> resume_attempt(Attempt attempt);
  Awaitable<void> make_refund(DueRefund refund);

  PaymentSettings settings_;
  PaymentStore& store_;
  PaymentProvider& provider_;
  order::OrderApi& orders_;
  Clock& clock_;
  Log log_;
};

}  // namespace buyme::payment
