#include "core/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <latch>
#include <stdexcept>
#include <thread>

#include "core/clock.hpp"
#include "support/run.hpp"

namespace buyme {
namespace {

// Keeps the only thread of a pool at work until it is let go.
struct Hold {
  std::latch running{1}, released{1};

  Awaitable<void> in(Pool& pool) {
    auto wait = [this]() -> Result<int> {
      running.count_down();
      released.wait();
      return 0;
    };
    co_await pool.run(wait);
  }
};

TEST(Pool, WorksElsewhereAndResumesHere) {
  Pool pool("test", 1, 4);
  const auto here = std::this_thread::get_id();
  const auto ask = [](Pool& workers) -> Awaitable<std::pair<std::thread::id, std::thread::id>> {
    auto work = []() -> Result<std::thread::id> { return std::this_thread::get_id(); };
    const auto there = co_await workers.run(work);
    co_return std::pair(*there, std::this_thread::get_id());
  };
  const auto [worked, resumed] = test::run(ask(pool));
  EXPECT_NE(worked, here);
  EXPECT_EQ(resumed, here);
}

TEST(Pool, GivesBackValuesFailuresAndExceptions) {
  Pool pool("test", 1, 4);
  auto value = []() -> Result<std::string> { return std::string("done"); };
  auto failure = []() -> Result<std::string> { return Failure(Error::not_found, "gone"); };
  auto thrown = []() -> Result<std::string> { throw std::domain_error("broken"); };
  EXPECT_EQ(*test::run(pool.run(value)), "done");
  EXPECT_EQ(test::run(pool.run(failure)).error().error, Error::not_found);
  EXPECT_THROW(test::run(pool.run(thrown)), std::domain_error);
  EXPECT_EQ(*test::run(pool.run(value)), "done") << "the thread has survived";
}

TEST(Pool, TakesMoveOnlyWork) {
  Pool pool("test", 1, 4);
  auto work = [number = std::make_unique<int>(7)]() -> Result<int> { return *number; };
  EXPECT_EQ(*test::run(pool.run(std::move(work))), 7);
}

TEST(Pool, FullQueueIsRefusedAtOnce) {
  Pool pool("test", 1, 2);
  Hold hold;
  std::atomic<int> done{0};
  const auto count = [](Pool& workers, std::atomic<int>& counter) -> Awaitable<void> {
    auto work = [&counter]() -> Result<int> { return ++counter; };
    co_await workers.run(work);
  };
  asio::io_context context(1);
  asio::co_spawn(context, hold.in(pool), asio::detached);
  context.poll();
  hold.running.wait();
  for (int i = 0; i < 2; ++i) asio::co_spawn(context, count(pool, done), asio::detached);
  context.poll();
  EXPECT_EQ(pool.waiting(), 2u);

  std::atomic<bool> started{false};
  auto work = [&started]() -> Result<int> {
    started = true;
    return 0;
  };
  const auto refused = test::run(pool.run(work));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::overloaded);
  EXPECT_EQ(refused.error().retry_after, std::chrono::seconds{1});

  hold.released.count_down();
  context.run();
  EXPECT_EQ(done, 2) << "who was let in is served";
  EXPECT_FALSE(started);
  EXPECT_EQ(pool.waiting(), 0u);
}

TEST(Pool, DestructionFinishesWhatRunsAndDropsWhatWaits) {
  int done = 0, resumed = 0, refused = 0;
  const auto count = [](Pool& workers, int& worked, int& back, int& turned_away) -> Awaitable<void> {
    auto work = [&worked]() -> Result<int> { return ++worked; };
    const auto result = co_await workers.run(work);
    ++(result ? back : turned_away);
  };
  asio::io_context context(1);
  Hold hold;
  auto owner = std::make_unique<Pool>("test", 1, 1'000'000);
  Pool& pool = *owner;
  asio::co_spawn(context, hold.in(pool), asio::detached);
  context.poll();
  hold.running.wait();
  std::thread destroyer([&owner] { owner.reset(); });
  // The destructor cannot end while the work runs; that it has begun shows in the first refusal.
  while (refused == 0) {
    asio::co_spawn(context, count(pool, done, resumed, refused), asio::detached);
    context.poll();
  }
  hold.released.count_down();
  destroyer.join();
  context.run();
  EXPECT_EQ(done, 0);
  EXPECT_EQ(resumed, 0);
  EXPECT_EQ(refused, 1);
}

// How long the work took is measured here, too, so that a slow machine fails nothing.
TEST(Pool, RestsLongerThanItWorked) {
  constexpr int rest = 3;
  Pool pool("test", 1, 4, rest);
  const auto clock = make_system_clock();
  struct Span {
    Monotonic begun, ended;
  };
  const auto work = [&clock]() -> Result<Span> {
    const Monotonic begun = clock->monotonic();
    while (clock->monotonic() - begun < Milliseconds{5}) std::this_thread::yield();
    return Span{begun, clock->monotonic()};
  };
  const Span first = *test::run(pool.run(work));
  const Span second = *test::run(pool.run(work));
  EXPECT_GE(second.begun - first.ended, rest * (first.ended - first.begun));
}

TEST(Pool, ARestIsCutShortByTheEnd) {
  constexpr int for_ever = 1'000'000'000;
  Pool pool("test", 1, 4, for_ever);
  auto work = []() -> Result<int> {
    std::this_thread::yield();
    return 1;
  };
  EXPECT_EQ(*test::run(pool.run(work)), 1);
  pool.stop();
}

}  // namespace
}  // namespace buyme
