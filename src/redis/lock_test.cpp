#include "redis/lock.hpp"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "support/redis_loop.hpp"

namespace buyme::redis {
namespace {

using test::Loop;
using test::RedisServer;

// What holders of a lock do to something that keeps no order by itself.
struct Counter {
  int inside = 0, most_inside = 0, finished = 0, failed = 0;
  std::vector<std::int64_t> fences;
};

Awaitable<void> use(Locks& locks, Clock& clock, Counter& counter) {
  auto lock = co_await locks.acquire("counter", Milliseconds{20'000});
  if (!lock) {
    ++counter.failed;
    ++counter.finished;
    co_return;
  }
  counter.most_inside = std::max(counter.most_inside, ++counter.inside);
  counter.fences.push_back(lock->fencing_token());
  co_await clock.sleep_for(Milliseconds{1});
  --counter.inside;
  const bool ours = co_await lock->release();
  if (!ours) ++counter.failed;
  ++counter.finished;
}

class RedisLock : public ::testing::Test {
 protected:
  // A server of the shop: a thread of its own.
  struct Shop {
    explicit Shop(const RedisServer& redis, Clock& clock, Milliseconds lease = limits::lock_lease)
        : locks(std::in_place, test::settings_for(redis), clock, loop.executor(), make_null_log(), lease) {
      locks->start();
    }
    ~Shop() {
      loop.stop();
      locks.reset();
    }
    Result<Lock> acquire(Milliseconds patience = Milliseconds{5'000}, std::string name = "counter") {
      return loop.run(locks->acquire(std::move(name), patience));
    }
    bool held(const Lock& lock) {
      bool held = false;
      loop.call([&] { held = lock.held(); });
      return held;
    }
    void give_up(Result<Lock> lock) {
      loop.call([&] { const Lock gone = std::move(*lock); });
    }

    Loop loop;
    std::optional<Locks> locks;
  };

  void shop_waits(Shop& shop, std::optional<Monotonic>& got) {
    shop.loop.call(
        [&] { asio::co_spawn(shop.loop.executor(), note(*shop.locks, *clock_, got), asio::detached); });
  }
  static Awaitable<void> note(Locks& locks, Clock& clock, std::optional<Monotonic>& got) {
    auto lock = co_await locks.acquire("counter", Milliseconds{5'000});
    const Monotonic now = clock.monotonic();
    if (lock) (void)co_await lock->release();
    got = now;
  }

  RedisServer redis_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
};

TEST_F(RedisLock, OneOfManyHoldsItAndFencingTokensGrow) {
  Shop shop(redis_, *clock_);
  Counter counter;
  shop.loop.call([&] {
    for (int i = 0; i < 50; ++i) {
      asio::co_spawn(shop.loop.executor(), use(*shop.locks, *clock_, counter), asio::detached);
    }
  });
  ASSERT_TRUE(shop.loop.eventually([&] { return counter.finished == 50; }));
  EXPECT_EQ(counter.failed, 0);
  EXPECT_EQ(counter.most_inside, 1);
  EXPECT_TRUE(std::ranges::is_sorted(counter.fences, std::less_equal<>())) << "strictly";
}

TEST_F(RedisLock, ServersExcludeEachOther) {
  Shop a(redis_, *clock_), b(redis_, *clock_);
  auto held = a.acquire();
  ASSERT_TRUE(held);
  const auto refused = b.acquire(Milliseconds{150});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::overloaded);
  auto other = b.acquire(Milliseconds{150}, "other");
  EXPECT_TRUE(other) << "another name is another lock";
  EXPECT_TRUE(a.loop.run(held->release()));
  EXPECT_FALSE(a.loop.run(held->release())) << "the second time";
  auto next = b.acquire();
  ASSERT_TRUE(next);
  EXPECT_GT(next->fencing_token(), held->fencing_token());
  b.give_up(std::move(next)), b.give_up(std::move(other));
}

TEST_F(RedisLock, ItIsRenewedWhileItIsHeld) {
  const Milliseconds lease{300};
  Shop a(redis_, *clock_, lease), b(redis_, *clock_, lease);
  auto held = a.acquire();
  ASSERT_TRUE(held);
  EXPECT_FALSE(b.acquire(lease * 4));
  EXPECT_TRUE(a.held(*held));
  EXPECT_TRUE(a.loop.run(held->release()));
}

TEST_F(RedisLock, AHolderPausedPastItsLeaseLosesItAndFreesNobodyElses) {
  const Milliseconds lease{300};
  Shop a(redis_, *clock_, lease), b(redis_, *clock_, lease);
  auto held = a.acquire();
  ASSERT_TRUE(held);
  std::promise<void> go_on;
  asio::post(a.loop.executor(), [paused = go_on.get_future().share()] { paused.wait(); });
  auto next = b.acquire();
  ASSERT_TRUE(next) << "its lease has passed";
  go_on.set_value();
  EXPECT_FALSE(a.held(*held));
  EXPECT_GT(next->fencing_token(), held->fencing_token());
  EXPECT_FALSE(a.loop.run(held->release()));
  EXPECT_TRUE(b.held(*next));
  EXPECT_FALSE(a.acquire(Milliseconds{50})) << "it is still b's";
  EXPECT_TRUE(b.loop.run(next->release()));
}

TEST_F(RedisLock, GivenUpWithoutAReleaseItIsReleased) {
  Shop a(redis_, *clock_), b(redis_, *clock_);
  auto held = a.acquire();
  ASSERT_TRUE(held);
  a.give_up(std::move(held));
  auto next = b.acquire();
  ASSERT_TRUE(next);
  b.give_up(std::move(next));
}

TEST_F(RedisLock, FencingTokensGrowThoughRedisLosesItsData) {
  Shop shop(redis_, *clock_);
  auto before = shop.acquire();
  ASSERT_TRUE(before);
  std::this_thread::sleep_for(Milliseconds{2});
  redis_.ask({"FLUSHALL"});
  auto after = shop.acquire();
  ASSERT_TRUE(after) << "two believe that they hold it: that is what the tokens are for";
  EXPECT_GT(after->fencing_token(), before->fencing_token());
  EXPECT_FALSE(shop.loop.run(before->release()));
  EXPECT_TRUE(shop.loop.run(after->release()));
}

TEST_F(RedisLock, WithoutRedisItIsUnavailableAndAHolderLosesItInTime) {
  const Milliseconds lease{300};
  Shop shop(redis_, *clock_, lease);
  auto held = shop.acquire();
  ASSERT_TRUE(held);
  redis_.kill();
  EXPECT_TRUE(shop.loop.eventually([&] { return !held->held(); }));
  const auto refused = shop.acquire(Milliseconds{100});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::store_unavailable);
  redis_.start();
  auto next = shop.acquire();
  ASSERT_TRUE(next);
  EXPECT_TRUE(shop.loop.run(next->release()));
  shop.give_up(std::move(held));
}

TEST_F(RedisLock, AReleaseWakesAWaiterBeforeItsNextLook) {
  Shop a(redis_, *clock_), b(redis_, *clock_);
  std::chrono::nanoseconds waited{0};
  constexpr int turns = 20;
  for (int i = 0; i < turns; ++i) {
    auto held = a.acquire();
    ASSERT_TRUE(held);
    std::optional<Monotonic> got;
    shop_waits(b, got);
    std::this_thread::sleep_for(Milliseconds{60});  // it has looked for itself by then
    const Monotonic released = clock_->monotonic();
    EXPECT_TRUE(a.loop.run(held->release()));
    ASSERT_TRUE(b.loop.eventually([&] { return got.has_value(); }));
    waited += *got - released;
  }
  EXPECT_LT(waited / turns, std::chrono::nanoseconds(limits::lock_look_pause) / 5);
}

}  // namespace
}  // namespace buyme::redis
