// Where coroutines run in a simulation: one thread, a list of what is ready, and virtual time.
//
// A Scheduler owns the time. When nothing is ready, time jumps to the next timer; nothing ever waits for a
// real clock. A Context is what one simulated process runs on: destroying it destroys whatever its coroutines
// were in the middle of, as kill -9 does, and pausing it leaves its work lying until the pause is over.
//
// Everything is decided by the order of posts and, with shuffling, by a seed: the same program and seed give
// the same run. Not thread-safe: one Scheduler and all of its Contexts belong to one thread.
//
// core/executor.hpp includes this header in place of io_context, so it may include nothing of core/ that
// needs an executor.
#pragma once

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace buyme::simulation {

class Context;

// Something to run once. Destroying it instead is how a process dies.
class Task {
 public:
  virtual ~Task() = default;
  virtual void run() = 0;
};
using TaskPtr = std::unique_ptr<Task>;

template <class Function>
class TaskOf final : public Task {
 public:
  explicit TaskOf(Function function) : function_(std::move(function)) {}
  void run() override { std::move(function_)(); }

 private:
  Function function_;
};

template <class Function>
TaskPtr make_task(Function function) {
  return std::make_unique<TaskOf<Function>>(std::move(function));
}

class Scheduler {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // `shuffle`: run what is ready in an order drawn from `seed` instead of first come first served.
  Scheduler(std::uint64_t seed, bool shuffle) : random_(seed, "scheduler"), shuffle_(shuffle) {}
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  Nanoseconds now() const { return now_; }  // since the simulation began
  std::uint64_t steps() const { return steps_; }
  const Context* running() const { return running_; }  // whose task this is

  // Runs one task, after letting time jump if nothing is ready. False when there is nothing left to run.
  bool step();

  void post(Context* context, TaskPtr task) { ready_.push_back({context, std::move(task)}); }

  using TimerId = std::uint64_t;
  TimerId start_timer(Nanoseconds at, Context* context, TaskPtr task);
  // The timer's task, or null when it has fired already.
  TaskPtr cancel_timer(TimerId timer);

 private:
  friend class Context;
  struct Ready {
    Context* context;
    TaskPtr task;
  };
  struct Timer {
    Context* context = nullptr;
    TaskPtr task;
    std::uint32_t generation = 0;  // of the slot: tells a reused one from the timer that was meant
  };
  struct Due {  // heap entry; stale when the slot's generation has moved on
    Nanoseconds at;
    std::uint64_t sequence;
    TimerId id;
    bool operator>(const Due& other) const {
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };

  Timer* find(TimerId id);
  TaskPtr release(std::uint32_t slot);
  bool advance();
  Ready take_ready();
  std::vector<TaskPtr> take_all_of(const Context* context);

  Random random_;
  bool shuffle_;
  Nanoseconds now_{0};
  std::uint64_t steps_ = 0, sequence_ = 0;
  const Context* running_ = nullptr;
  std::vector<Ready> ready_;
  std::size_t first_ = 0;  // of ready_, without shuffling
  std::vector<Due> due_;
  std::vector<Timer> timers_;
  std::vector<std::uint32_t> free_slots_;
};

class Context : public boost::asio::execution_context {
 public:
  class executor_type;

  explicit Context(Scheduler& scheduler) : scheduler_(&scheduler) {}
  ~Context();

  executor_type get_executor() noexcept;
  Scheduler& scheduler() const { return *scheduler_; }

  // What becomes ready before `until` lies and waits, in its order.
  void pause(Scheduler::Nanoseconds until) { paused_until_ = std::max(paused_until_, until); }
  Scheduler::Nanoseconds paused_until() const { return paused_until_; }

 private:
  Scheduler* scheduler_;
  Scheduler::Nanoseconds paused_until_{0};
};

class Context::executor_type {
 public:
  using blocking_t = boost::asio::execution::blocking_t;

  explicit executor_type(Context& context) : context_(&context) {}

  Context& context() const noexcept { return *context_; }

  // As io_context: what is dispatched from within the context runs at once, what is posted never does.
  executor_type require(blocking_t::never_t) const noexcept { return executor_type(*context_, true); }
  executor_type require(blocking_t::possibly_t) const noexcept { return executor_type(*context_, false); }
  blocking_t query(blocking_t) const noexcept {
    return never_blocks_ ? blocking_t(boost::asio::execution::blocking.never)
                         : blocking_t(boost::asio::execution::blocking.possibly);
  }
  Context& query(boost::asio::execution::context_t) const noexcept { return *context_; }

  template <class Function>
  void execute(Function function) const {
    Scheduler& scheduler = context_->scheduler();
    if (!never_blocks_ && scheduler.running() == context_) return std::move(function)();
    scheduler.post(context_, make_task(std::move(function)));
  }

  friend bool operator==(const executor_type& a, const executor_type& b) noexcept {
    return a.context_ == b.context_ && a.never_blocks_ == b.never_blocks_;
  }
  friend bool operator!=(const executor_type& a, const executor_type& b) noexcept { return !(a == b); }

 private:
  executor_type(Context& context, bool never_blocks) : context_(&context), never_blocks_(never_blocks) {}
  Context* context_;
  bool never_blocks_ = false;
};

inline Context::executor_type Context::get_executor() noexcept {
  return executor_type(*this);
}

// Completes with no error at virtual time `at`, or with operation_aborted when canceled through the handler's
// cancellation slot. As a waitable timer does.
template <class CompletionToken>
auto wait_until(Scheduler& scheduler, Scheduler::Nanoseconds at, CompletionToken&& token) {
  return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code)>(
      [&scheduler, at](auto handler) {
        using Handler = decltype(handler);
        Context& context = boost::asio::get_associated_executor(handler).context();
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (!slot.is_connected()) {
          scheduler.start_timer(at, &context, make_task([handler = std::move(handler)]() mutable {
                                  std::move(handler)(boost::system::error_code{});
                                }));
          return;
        }
        // The task owns the handler; the slot knows where it is.
        auto kept = std::make_unique<Handler>(std::move(handler));
        Handler* const raw = kept.get();
        auto fire = [kept = std::move(kept), slot]() mutable {
          slot.clear();
          Handler last = std::move(*kept);
          kept.reset();
          std::move(last)(boost::system::error_code{});
        };
        const auto timer = scheduler.start_timer(at, &context, make_task(std::move(fire)));
        slot.assign([&context, timer, raw](boost::asio::cancellation_type) {
          const TaskPtr task = context.scheduler().cancel_timer(timer);
          if (!task) return;
          Handler last = std::move(*raw);
          boost::asio::post(context.get_executor(), [last = std::move(last)]() mutable {
            std::move(last)(boost::system::error_code{boost::asio::error::operation_aborted});
          });
        });
      },
      token);
}

}  // namespace buyme::simulation
