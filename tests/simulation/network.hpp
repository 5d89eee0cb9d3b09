// Simulated processes and the calls between them.
//
// A call runs on the callee's context and its answer comes back to the caller's. Either end may die in
// mid-call: a callee that dies leaves its callers without an answer, a caller that dies takes its waiting
// coroutines with it while the callee goes on working for nobody.
#pragma once

#include <boost/asio/detached.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/executor.hpp"
#include "core/result.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/trace.hpp"

namespace buyme::simulation {

// A call under way, known to both ends.
struct CallState {
  virtual ~CallState() = default;
  virtual void end() = 0;     // wakes the caller, with or without an answer
  virtual void forget() = 0;  // the caller is gone
  bool over = false;          // the caller has been woken, or is gone
};

// Told of what must not happen: a service that throws, a promise that is seen broken.
class Bugs {
 public:
  virtual ~Bugs() = default;
  virtual void report(std::string what) = 0;
};

class Process {
 public:
  Process(std::string name, Scheduler& scheduler, Bugs& bugs)
      : clock(scheduler), name_(std::move(name)), scheduler_(scheduler), bugs_(bugs) {}
  virtual ~Process() = default;

  const std::string& name() const { return name_; }
  bool runs() const { return context_ != nullptr; }
  bool serves() const { return serves_; }  // answers the door
  Executor executor() { return context_->get_executor(); }
  Context& context() { return *context_; }
  Scheduler& scheduler() { return scheduler_; }
  Bugs& bugs() { return bugs_; }

  // Takes everything with it: calls to it end without an answer, calls of it are never heard of again.
  void die();

  void track_incoming(const std::shared_ptr<CallState>& state) { track(incoming_, state); }
  void track_outgoing(const std::shared_ptr<CallState>& state) { track(outgoing_, state); }
  std::size_t unanswered_calls() const;

  // Completion of a coroutine that must not end by an exception.
  auto reporter(std::string_view what) {
    return [this, what](std::exception_ptr error) {
      if (error) report(error, what);
    };
  }
  void report(std::exception_ptr error, std::string_view what);

  ProcessClock clock;

 protected:
  virtual void destroy_services() = 0;  // before the context, which then takes what they kept waiting
  void make_context() { context_ = std::make_unique<Context>(scheduler_); }
  bool serves_ = false;

 private:
  using Calls = std::vector<std::weak_ptr<CallState>>;
  static void track(Calls& calls, const std::shared_ptr<CallState>& state);

  std::string name_;
  Scheduler& scheduler_;
  Bugs& bugs_;
  std::unique_ptr<Context> context_;
  Calls incoming_, outgoing_;
};

template <class T>
class TypedCall final : public CallState {
 public:
  using Waiter = typename asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;

  explicit TypedCall(Executor caller) : caller_(caller) {}

  void end() override {
    if (std::exchange(over, true) || !waiter) return;
    asio::post(caller_, std::move(*waiter));
    waiter.reset();
  }
  void forget() override {
    over = true;
    waiter.reset();
  }

  std::optional<T> answer;
  std::optional<Waiter> waiter;

 private:
  Executor caller_;
};

template <class T>
Awaitable<void> serve_call(Process& callee, std::function<Awaitable<T>()> request,
                           std::shared_ptr<TypedCall<T>> state) {
  std::optional<T> answer;
  try {
    answer.emplace(co_await request());
  } catch (...) {
    callee.report(std::current_exception(), "a call");
  }
  if (!state->over) state->answer = std::move(answer);
  state->end();
}

inline constexpr std::chrono::nanoseconds endless = std::chrono::hours{1'000};

// Nothing when the callee is not there, dies, or lets `patience` pass. `from` is null for a buyer, who is no
// process. `request` is called on the callee's context and must own what it uses.
template <class T>
Awaitable<std::optional<T>> call(Process* from, Process& to, std::function<Awaitable<T>()> request,
                                 std::chrono::nanoseconds patience) {
  if (!to.serves()) co_return std::nullopt;
  const Executor caller = co_await asio::this_coro::executor;
  auto state = std::make_shared<TypedCall<T>>(caller);
  to.track_incoming(state);
  if (from != nullptr) from->track_outgoing(state);
  asio::co_spawn(to.executor(), serve_call<T>(to, std::move(request), state), asio::detached);
  Scheduler& scheduler = to.scheduler();
  std::optional<Scheduler::TimerId> timer;
  if (patience < endless) {
    timer = scheduler.start_timer(scheduler.now() + patience, nullptr,
                                  make_task([weak = std::weak_ptr<CallState>(state)] {
                                    if (const auto waiting = weak.lock()) waiting->end();
                                  }));
  }
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&state](auto handler) { state->waiter.emplace(std::move(handler)); }, use_awaitable);
  if (timer) scheduler.cancel_timer(*timer);
  co_return std::move(state->answer);
}

}  // namespace buyme::simulation
