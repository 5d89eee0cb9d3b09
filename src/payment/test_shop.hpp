// What the tests of the payment service stand on: a real payment file and a real provider's book, with an
// order service and faults made here.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "core/limits.hpp"
#include "db/sqlite.hpp"
#include "payment/service.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace buyme::payment::test_shop {

using namespace std::chrono_literals;
using order::PaymentSettlement;
using order::PaymentTicket;

inline constexpr Money price = 12'000;
inline const Caller buyer{UserId{7}, Role::user, true, false};

// Stops the world at the n-th step: the coroutine that comes there is never resumed, as if the process had
// died.
class CrashPoint {
 public:
  explicit CrashPoint(Clock& clock) : clock_(clock) {}
  int at = 0;  // 0: never
  int passed = 0;
  bool reached = false;

  Awaitable<void> pass() {
    if (++passed != at) co_return;
    reached = true;
    co_await clock_.sleep_for(1h);
  }

 private:
  Clock& clock_;
};

// Orders as the payment service sees them. One executor at a time.
class FakeOrders final : public order::OrderApi {
 public:
  struct State {
    bool ended = false;  // canceled or expired
    AttemptId paid_by;
    std::int64_t last_failed = 0;
    int told = 0;
  };
  std::map<OrderId, State> orders;
  std::optional<Failure> settle_fails;
  CrashPoint* crash = nullptr;
  Time hold_expires_at;
  std::vector<Trace> asked_for;

  Awaitable<Result<void>> put_terms(order::TermsUpdate, Trace) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId, std::optional<std::int64_t>,
                                                                   std::size_t, Trace) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<void>> cancel_unpaid(UserId, Trace) override { co_return Failure(Error::internal, ""); }
  Awaitable<Result<order::StockLevel>> stock(ProductId, Trace) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<std::vector<order::StockLevel>>> stock(std::vector<ProductId>, Trace) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<order::Order>> get(OrderId, Caller, Trace) override {
    co_return Failure(Error::not_found, "");
  }

  Awaitable<Result<PaymentTicket>> enter_payment(OrderId id, Caller caller, bool attempting,
                                                 Trace trace) override {
    asked_for.push_back(trace);
    if (crash) co_await crash->pass();
    const auto found = orders.find(id);
    if (found == orders.end() || !caller.owns(buyer.user))
      co_return Failure(Error::not_found, "No such order.");
    if (found->second.paid_by) co_return Failure(Error::illegal_state, "Paid.").with("state", "PAID");
    if (found->second.ended) co_return Failure(Error::illegal_state, "Ended.").with("state", "EXPIRED");
    if (crash) co_await crash->pass();
    co_return PaymentTicket{id, buyer.user, price, hold_expires_at};
  }

  Awaitable<Result<PaymentSettlement>> settle_payment(OrderId id, order::AttemptRef attempt, bool succeeded,
                                                      Trace trace) override {
    asked_for.push_back(trace);
    if (crash) co_await crash->pass();
    if (settle_fails) co_return *settle_fails;
    State& state = orders.at(id);
    ++state.told;
    PaymentSettlement settlement = PaymentSettlement::failed;
    if (succeeded) {
      const bool free = !state.ended && !state.paid_by;
      if (free) state.paid_by = attempt.id;
      settlement = state.paid_by == attempt.id ? PaymentSettlement::paid : PaymentSettlement::too_late;
    }
    if (crash) co_await crash->pass();
    co_return settlement;
  }
};

// A real provider behind faults.
class FaultyProvider final : public PaymentProvider {
 public:
  FaultyProvider(PaymentProvider& behind, Clock& clock) : behind_(behind), clock_(clock) {}
  std::chrono::milliseconds charge_delay{0};  // after the charge was made
  bool break_charges = false;
  int refunds_to_fail = 0;
  int charges = 0;
  int refunds = 0;
  CrashPoint* crash = nullptr;

  Awaitable<Result<ChargeOutcome>> charge(ChargeRequest request) override {
    ++charges;
    if (crash) co_await crash->pass();
    auto outcome = co_await behind_.charge(request);
    if (break_charges) throw std::runtime_error("the connection is lost");
    if (charge_delay > 0ms) co_await clock_.sleep_for(charge_delay);
    if (crash) co_await crash->pass();
    co_return outcome;
  }
  Awaitable<Result<void>> refund(ChargeRefund request) override {
    ++refunds;
    if (refunds_to_fail > 0) {
      --refunds_to_fail;
      co_return Failure(Error::internal, "the bank is closed");
    }
    if (crash) co_await crash->pass();
    auto outcome = co_await behind_.refund(request);
    if (crash) co_await crash->pass();
    co_return outcome;
  }

 private:
  PaymentProvider& behind_;
  Clock& clock_;
};

// The real clock, with a wall time that tests can push forward.
class ShiftedClock final : public Clock {
 public:
  std::chrono::milliseconds shift{0};
  Time now() const override { return real_->now() + shift; }
  Monotonic monotonic() const override { return real_->monotonic(); }
  Awaitable<void> sleep_until(Monotonic deadline) override { return real_->sleep_until(deadline); }

 private:
  std::unique_ptr<Clock> real_ = make_system_clock();
};

// Everything that one process holds over the two files.
struct Shop {
  Shop(const test::TempDir& dir, Clock& clock, FakeOrders& orders, double success_rate,
       std::chrono::milliseconds timeout, Claims claims = Claims::unique, AttemptLock* lock = nullptr)
      : store(make_sql_payment_store(dir.file("payment.sqlite"), make_null_log(), claims)),
        simulated(make_simulated_provider({.path = dir.file("provider.sqlite"), .success_rate = success_rate},
                                          clock, make_null_log())),
        provider(*simulated, clock),
        service({.timeout = timeout, .lock = lock}, *store, provider, orders, clock, make_null_log()) {}

  std::unique_ptr<PaymentStore> store;
  std::unique_ptr<PaymentProvider> simulated;
  FaultyProvider provider;
  PaymentService service;
};

class PaymentServiceTest : public testing::Test {
 protected:
  PaymentServiceTest() {
    orders.hold_expires_at = clock.now() + 60s;
    orders.orders[OrderId{1}];
    orders.orders[OrderId{2}];
  }

  void open(double success_rate = 1, std::chrono::milliseconds timeout = 10s) {
    shop.reset();
    shop.emplace(dir, clock, orders, success_rate, timeout);
  }
  Result<Receipt> pay(OrderId order = OrderId{1}) {
    return test::run(shop->service.attempt_payment(order, buyer));
  }
  void sweep(Sweep what = Sweep::all) { test::run(shop->service.sweep(what)); }
  std::int64_t payment(std::string_view sql) {
    return db::Sqlite(dir.file("payment.sqlite"), db::Access::read_only).query_integer(sql);
  }
  std::int64_t book(std::string_view sql) {
    return db::Sqlite(dir.file("provider.sqlite"), db::Access::read_only).query_integer(sql);
  }
  std::int64_t open_attempts() {
    return payment("SELECT COUNT(*) FROM payment_attempts WHERE open_order_id IS NOT NULL");
  }
  std::int64_t charged() { return book("SELECT COUNT(*) FROM charges WHERE outcome = 1"); }

  test::TempDir dir;
  ShiftedClock clock;
  FakeOrders orders;
  std::optional<Shop> shop;
};

}  // namespace buyme::payment::test_shop
