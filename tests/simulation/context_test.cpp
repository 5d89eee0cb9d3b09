// The simulated executor and the network over it.
#include "simulation/context.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "simulation/network.hpp"
#include "simulation/verdict.hpp"

namespace buyme::simulation {
namespace {

using namespace std::chrono_literals;

struct Counted {  // alive as long as the coroutine that holds it
  explicit Counted(int& count) : count_(&count) { ++*count_; }
  ~Counted() { --*count_; }
  Counted(const Counted&) = delete;
  int* count_;
};

Awaitable<void> note_at(Scheduler& scheduler, Scheduler::Nanoseconds at, int name, std::vector<int>& order) {
  co_await wait_until(scheduler, at, use_awaitable);
  order.push_back(name);
}

void run_all(Scheduler& scheduler) {
  while (scheduler.step()) {
  }
}

TEST(Scheduler, TimeJumpsToTheNextTimerAndKeepsTheirOrder) {
  Scheduler scheduler(1, false);
  Context context(scheduler);
  std::vector<int> order;
  for (const auto& [at, name] : {std::pair{3h, 3}, {1h, 1}, {2h, 2}, {1h, 10}}) {
    asio::co_spawn(context.get_executor(), note_at(scheduler, at, name, order), asio::detached);
  }
  run_all(scheduler);
  EXPECT_EQ(order, (std::vector<int>{1, 10, 2, 3}));
  EXPECT_EQ(scheduler.now(), 3h);
}

std::vector<int> shuffled(std::uint64_t seed) {
  Scheduler scheduler(seed, true);
  Context context(scheduler);
  std::vector<int> order;
  for (int i = 0; i < 30; ++i) asio::post(context.get_executor(), [&order, i] { order.push_back(i); });
  run_all(scheduler);
  return order;
}

TEST(Scheduler, ShufflesBySeedAlone) {
  EXPECT_EQ(shuffled(1), shuffled(1));
  EXPECT_NE(shuffled(1), shuffled(2));
  EXPECT_EQ(shuffled(1).size(), 30u);
}

TEST(Scheduler, ACanceledTimerCompletesAtOnceAndTimeDoesNotJumpToIt) {
  Scheduler scheduler(1, false);
  Context context(scheduler);
  asio::cancellation_signal stop;
  bool canceled = false;
  const auto sleep = [](Scheduler& on) -> Awaitable<void> { co_await wait_until(on, 5h, use_awaitable); };
  const auto ended = [&canceled](std::exception_ptr error) { canceled = error != nullptr; };
  asio::co_spawn(context.get_executor(), sleep(scheduler), asio::bind_cancellation_slot(stop.slot(), ended));
  asio::post(context.get_executor(), [&stop] { stop.emit(asio::cancellation_type::all); });
  run_all(scheduler);
  EXPECT_TRUE(canceled);
  EXPECT_EQ(scheduler.now(), 0h);
}

TEST(Context, TakesItsCoroutinesWithItAndLeavesThoseOfOthers) {
  Scheduler scheduler(1, false);
  int alive = 0;
  std::vector<int> order;
  const auto hold = [](Scheduler& on, int& count) -> Awaitable<void> {
    const Counted counted(count);
    co_await delay(on, 1h);
  };
  auto dying = std::make_unique<Context>(scheduler);
  Context other(scheduler);
  asio::co_spawn(dying->get_executor(), hold(scheduler, alive), asio::detached);
  asio::co_spawn(other.get_executor(), note_at(scheduler, 2h, 1, order), asio::detached);
  while (alive == 0) ASSERT_TRUE(scheduler.step());
  dying.reset();
  EXPECT_EQ(alive, 0);
  run_all(scheduler);
  EXPECT_EQ(order, std::vector<int>{1});
}

TEST(Context, WhatBecomesReadyInAPauseWaitsInItsOrder) {
  Scheduler scheduler(1, false);
  Context paused(scheduler), other(scheduler);
  std::vector<int> order;
  paused.pause(10s);
  paused.pause(5s);  // ends no earlier for that
  asio::co_spawn(paused.get_executor(), note_at(scheduler, 1s, 1, order), asio::detached);
  asio::co_spawn(paused.get_executor(), note_at(scheduler, 2s, 2, order), asio::detached);
  asio::co_spawn(other.get_executor(), note_at(scheduler, 9s, 9, order), asio::detached);
  run_all(scheduler);
  EXPECT_EQ(order, (std::vector<int>{9, 1, 2}));
  EXPECT_EQ(scheduler.now(), 10s);
}

struct NoBugs final : Bugs {
  void report(std::string what) override { reports.push_back(std::move(what)); }
  std::vector<std::string> reports;
};

class Echo final : public Process {
 public:
  Echo(Scheduler& scheduler, Bugs& bugs) : Process("echo", scheduler, bugs) {
    make_context();
    serves_ = true;
  }
  ~Echo() override { die(); }

 private:
  void destroy_services() override {}
};

class Calls : public ::testing::Test {
 protected:
  // What a call comes to that the callee answers after a second.
  void ask(std::chrono::nanoseconds patience, std::function<Awaitable<int>()> request) {
    const auto keep = [](Process& to, std::function<Awaitable<int>()> what, std::chrono::nanoseconds how_long,
                         std::optional<std::optional<int>>& into) -> Awaitable<void> {
      into.emplace(co_await call<int>(nullptr, to, std::move(what), how_long));
    };
    asio::co_spawn(buyers.get_executor(), keep(echo, std::move(request), patience, answer), asio::detached);
  }
  std::function<Awaitable<int>()> seven_in_a_second() {
    return [this]() -> Awaitable<int> { return seven(scheduler); };
  }
  static Awaitable<int> seven(Scheduler& scheduler) {
    co_await delay(scheduler, 1s);
    co_return 7;
  }

  Scheduler scheduler{1, false};
  NoBugs bugs;
  Context buyers{scheduler};
  Echo echo{scheduler, bugs};
  std::optional<std::optional<int>> answer;  // nothing yet; no answer; an answer
};

TEST_F(Calls, AreAnswered) {
  ask(endless, seven_in_a_second());
  run_all(scheduler);
  EXPECT_EQ(answer, std::optional(std::optional(7)));
  EXPECT_EQ(echo.unanswered_calls(), 0u);
}

TEST_F(Calls, EndWithoutAnAnswerWhenTheCalleeDies) {
  ask(endless, seven_in_a_second());
  scheduler.start_timer(500ms, nullptr, make_task([this] { echo.die(); }));
  run_all(scheduler);
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(scheduler.now(), 500ms);
}

TEST_F(Calls, EndWithoutAnAnswerWhenPatienceDoes) {
  ask(300ms, seven_in_a_second());
  while (!answer && scheduler.step()) {
  }
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(scheduler.now(), 300ms);
}

TEST_F(Calls, ThatThrowAreReported) {
  ask(endless, [this]() -> Awaitable<int> {
    const auto fail = [](Scheduler& on) -> Awaitable<int> {
      co_await delay(on, 1s);
      throw std::runtime_error("broken");
    };
    return fail(scheduler);
  });
  run_all(scheduler);
  ASSERT_EQ(bugs.reports.size(), 1u);
  EXPECT_NE(bugs.reports[0].find("broken"), std::string::npos);
  EXPECT_TRUE(answer.has_value());
}

TEST(Sales, TheSameSeedIsTheSameRunAndAnotherIsNot) {
  const Wish wish{.store = StoreKind::memory};
  EXPECT_EQ(simulate(3, wish).hash, simulate(3, wish, true).hash);
  EXPECT_NE(simulate(3, wish).hash, simulate(4, wish).hash);
}

TEST(Sales, EveryKindOfFaultStrikes) {
  Coverage coverage;
  for (std::uint64_t seed = 1; seed <= 150; ++seed)
    coverage.add(simulate(seed, {.store = StoreKind::memory}).coverage);
  for (std::size_t fault = 0; fault < fault_kinds; ++fault) {
    EXPECT_GT(coverage.of(static_cast<Fault>(fault)), 0u) << name_of(static_cast<Fault>(fault));
  }
}

}  // namespace
}  // namespace buyme::simulation
