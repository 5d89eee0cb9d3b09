// A crash at every step of the saga, followed by a restart over the same files.
#include "payment/test_shop.hpp"

namespace buyme::payment {
namespace {

using namespace test_shop;

// The store's port with a crash point before and after each call.
class CrashingStore final : public PaymentStore {
 public:
  CrashingStore(PaymentStore& behind, CrashPoint& crash) : behind_(behind), crash_(crash) {}

  Awaitable<Result<Attempt>> claim(PaymentTicket ticket, Time now) override {
    return around(behind_.claim(ticket, now));
  }
  Awaitable<Result<Attempt>> record(AttemptId attempt, AttemptState answer, Time now) override {
    return around(behind_.record(attempt, answer, now));
  }
  Awaitable<Result<void>> close(AttemptId attempt, PaymentSettlement settlement, Time now) override {
    return around(behind_.close(attempt, settlement, now));
  }
  Awaitable<Result<void>> add_refund(RefundRequest refund, Time now) override {
    return around(behind_.add_refund(refund, now));
  }
  Awaitable<Result<std::vector<Attempt>>> open_attempts(OpenQuery query) override {
    return behind_.open_attempts(query);
  }
  Awaitable<Result<std::vector<DueRefund>>> due_refunds(Time now, std::int64_t after,
                                                        std::size_t limit) override {
    return behind_.due_refunds(now, after, limit);
  }
  Awaitable<Result<void>> refund_done(std::int64_t refund, Time now) override {
    return around(behind_.refund_done(refund, now));
  }
  Awaitable<Result<void>> refund_later(std::int64_t refund, Time next_try) override {
    return around(behind_.refund_later(refund, next_try));
  }

 private:
  template <class T>
  Awaitable<T> around(Awaitable<T> call) {
    co_await crash_.pass();
    auto result = co_await std::move(call);
    co_await crash_.pass();
    co_return result;
  }
  PaymentStore& behind_;
  CrashPoint& crash_;
};

// How the order ends while the process is down, and what must be true after the restart.
struct CrashCase {
  const char* name;
  double success_rate;
  bool order_ends;  // between crash and restart
};

class PaymentCrashTest : public PaymentServiceTest, public testing::WithParamInterface<CrashCase> {
 protected:
  // Pays and sweeps until the n-th crash point, then destroys everything in mid-step. False when there are
  // fewer points than that.
  bool crash_at(int point) {
    asio::io_context context;
    CrashPoint crash(clock);
    crash.at = point;
    open(GetParam().success_rate);
    CrashingStore store(*shop->store, crash);
    shop->provider.crash = &crash;
    orders.crash = &crash;
    PaymentService service({}, store, shop->provider, orders, clock, make_null_log());
    asio::co_spawn(context, pay_and_sweep(service), asio::detached);
    while (!crash.reached && context.run_one() > 0) {
    }
    orders.crash = nullptr;
    shop.reset();  // before the context, which then takes the suspended coroutines with it
    return crash.reached;
  }
  static Awaitable<void> pay_and_sweep(PaymentService& service) {
    (void)co_await service.attempt_payment(OrderId{1}, buyer);
    co_await service.sweep(Sweep::all);
  }
};

TEST_P(PaymentCrashTest, AfterACrashAtAnyStepOneSweepSettlesEverything) {
  int point = 1;
  for (;; ++point) {
    SCOPED_TRACE("crash at point " + std::to_string(point));
    std::filesystem::remove_all(dir.path());
    std::filesystem::create_directory(dir.path());
    orders.orders[OrderId{1}] = {};
    if (!crash_at(point)) break;
    auto& order = orders.orders[OrderId{1}];
    if (GetParam().order_ends && !order.paid_by) order.ended = true;

    open(GetParam().success_rate);
    sweep();
    EXPECT_EQ(open_attempts(), 0);
    EXPECT_LE(book("SELECT COUNT(*) FROM charges"), 1);
    EXPECT_EQ(payment("SELECT COUNT(*) FROM payment_attempts"), book("SELECT COUNT(*) FROM charges"));
    EXPECT_EQ(payment("SELECT COUNT(*) FROM payment_attempts WHERE settlement IS NULL"), 0);
    EXPECT_EQ(payment("SELECT COUNT(*) FROM refunds WHERE state <> 2"), 0);
    // Whoever is charged has his order paid, or his money back.
    EXPECT_EQ(charged(), (order.paid_by ? 1 : 0) + book("SELECT COUNT(*) FROM refunds"));
    EXPECT_EQ(book("SELECT COUNT(*) FROM refunds"), order.ended ? charged() : 0);
    EXPECT_GE(order.told, payment("SELECT COUNT(*) FROM payment_attempts"));
  }
  EXPECT_GE(point, 13);  // every step has a point before and after it
}

INSTANTIATE_TEST_SUITE_P(All, PaymentCrashTest,
                         testing::Values(CrashCase{"Paid", 1, false}, CrashCase{"Declined", 0, false},
                                         CrashCase{"TooLate", 1, true}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace buyme::payment
