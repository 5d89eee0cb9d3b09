// Clicks on "pay" at once, by what keeps them apart.
#include "redis/lock.hpp"
#include "payment/attempt_lock.hpp"
#include "payment/test_shop.hpp"
#include "support/redis_loop.hpp"

namespace buyme::payment {
namespace {

using namespace test_shop;

class PaymentLock : public PaymentServiceTest {
 protected:
  static constexpr int clicks = 5;

  // As many clicks at once on one order, at a provider that takes its time.
  std::vector<Result<Receipt>> click_at_once() {
    shop->provider.charge_delay = 20ms;
    std::vector<Result<Receipt>> results;
    asio::io_context context;
    const auto click = [](PaymentService& service, std::vector<Result<Receipt>>& into) -> Awaitable<void> {
      auto result = co_await service.attempt_payment(OrderId{1}, buyer);
      into.push_back(std::move(result));
    };
    for (int i = 0; i < clicks; ++i) asio::co_spawn(context, click(shop->service, results), asio::detached);
    context.run();
    return results;
  }
  static int paid(const std::vector<Result<Receipt>>& results) {
    return static_cast<int>(std::ranges::count_if(results, [](const auto& r) { return r.has_value(); }));
  }
  static int refused(const std::vector<Result<Receipt>>& results, Error error) {
    return static_cast<int>(std::ranges::count_if(
        results, [&](const auto& r) { return !r.has_value() && r.error().error == error; }));
  }
};

class DistributedPaymentLock : public PaymentLock {
 protected:
  ~DistributedPaymentLock() override {
    shop.reset();
    loop_.stop();
    locks_.reset();
  }
  void open_locked(Milliseconds patience = 5s) {
    locks_.emplace(test::settings_for(redis_), clock, loop_.executor(), make_null_log());
    locks_->start();
    lock_ = make_redis_attempt_lock(*locks_, loop_.executor(), patience);
    shop.emplace(dir, clock, orders, 1, 10s, Claims::unique, lock_.get());
  }

  test::RedisServer redis_;
  test::Loop loop_;
  std::optional<redis::Locks> locks_;
  std::unique_ptr<AttemptLock> lock_;
};

TEST_F(DistributedPaymentLock, OneClickPaysAndTheOthersWaitUntilTheyAreToldSo) {
  open_locked();
  const auto results = click_at_once();
  EXPECT_EQ(paid(results), 1);
  EXPECT_EQ(refused(results, Error::illegal_state), clicks - 1) << "the order is PAID by then";
  EXPECT_EQ(charged(), 1);
  EXPECT_EQ(payment("SELECT COUNT(*) FROM payment_attempts"), 1);
}

TEST_F(DistributedPaymentLock, WhoHasNoPatienceLeftIsToldThatAPaymentIsUnderWay) {
  open_locked(Milliseconds{0});
  auto other = loop_.run(locks_->acquire("payment:1", Milliseconds{5'000}));
  ASSERT_TRUE(other);
  EXPECT_EQ(pay().error().error, Error::payment_in_progress);
  EXPECT_EQ(charged(), 0);
  EXPECT_TRUE(loop_.run(other->release()));
  EXPECT_TRUE(pay().has_value());
}

TEST_F(DistributedPaymentLock, WithoutRedisNothingIsCharged) {
  open_locked(Milliseconds{100});
  redis_.kill();
  EXPECT_EQ(pay().error().error, Error::store_unavailable);
  EXPECT_EQ(payment("SELECT COUNT(*) FROM payment_attempts"), 0);
}

// The lock is a queue; the claim is what the database keeps.
TEST_F(DistributedPaymentLock, TheClaimHoldsThoughRedisLosesTheLock) {
  open_locked();
  shop->provider.charge_delay = 200ms;
  std::vector<Result<Receipt>> results;
  asio::io_context context;
  const auto click = [](PaymentService& service, std::vector<Result<Receipt>>& into) -> Awaitable<void> {
    auto result = co_await service.attempt_payment(OrderId{1}, buyer);
    into.push_back(std::move(result));
  };
  const auto lose_the_lock_and_click = [&]() -> Awaitable<void> {
    while (shop->provider.charges == 0) co_await clock.sleep_for(1ms);
    redis_.ask({"FLUSHALL"});
    co_await click(shop->service, results);
  };
  asio::co_spawn(context, click(shop->service, results), asio::detached);
  asio::co_spawn(context, lose_the_lock_and_click(), asio::detached);
  context.run();
  EXPECT_EQ(paid(results), 1);
  EXPECT_EQ(refused(results, Error::payment_in_progress), 1);
  EXPECT_EQ(charged(), 1);
}

TEST_F(PaymentLock, WithoutAClaimOneOrderIsChargedMoreThanOnce) {
  shop.emplace(dir, clock, orders, 1, 10s, Claims::none);
  const auto results = click_at_once();
  EXPECT_GE(paid(results), 1);
  EXPECT_EQ(charged(), clicks) << "that is what this setting is there to show";
}

}  // namespace
}  // namespace buyme::payment
