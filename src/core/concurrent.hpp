// Several coroutines at once on one executor: a race between two, and all of many.
//
// Ownership runs one way: those who run own the shared state, which owns the one who waits. So a context that
// is destroyed in mid-operation takes everything with it, and nobody keeps himself alive.
//
// Not thread-safe: all of it on the executor of the coroutine that calls.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/executor.hpp"

namespace buyme {

namespace concurrent_detail {

template <class... Values>
using Resume = typename asio::async_result<asio::use_awaitable_t<Executor>, void(Values...)>::handler_type;

template <class T>
struct Race {
  Race(Executor on, Resume<std::optional<T>> handler) : executor(on), waiter(std::move(handler)) {}

  void end(std::optional<T> value) {  // the first call counts
    if (!waiter) return;
    asio::post(executor, [resume = std::move(*waiter), result = std::move(value)]() mutable {
      std::move(resume)(std::move(result));
    });
    waiter.reset();
  }

  Executor executor;
  std::optional<Resume<std::optional<T>>> waiter;
  asio::cancellation_signal stop_alarm;
};

template <class T>
Awaitable<void> run_to_end(Awaitable<T> work, std::shared_ptr<Race<T>> race) {
  std::optional<T> value;
  value.emplace(co_await std::move(work));
  race->end(std::move(value));
  race->stop_alarm.emit(asio::cancellation_type::all);  // else ten thousand alarms would wait for nothing
}

template <class T>
Awaitable<void> ring(Clock& clock, Monotonic deadline, std::shared_ptr<Race<T>> race) {
  co_await clock.sleep_until(deadline);
  race->end(std::nullopt);
}

struct Gathering {
  Gathering(Executor on, Resume<> handler, std::size_t count)
      : executor(on), waiter(std::move(handler)), left(count) {}
  Executor executor;
  Resume<> waiter;
  std::size_t left;
};

inline Awaitable<void> run_one_of(Awaitable<void> work, std::shared_ptr<Gathering> gathering) {
  co_await std::move(work);
  if (--gathering->left == 0) asio::post(gathering->executor, std::move(gathering->waiter));
}

}  // namespace concurrent_detail

// The value of `work`, or nullopt when `deadline` comes first; `work` goes on to its end all the same. It
// must not throw.
template <class T>
Awaitable<std::optional<T>> within(Awaitable<T> work, Monotonic deadline, Clock& clock) {
  const Executor executor = co_await asio::this_coro::executor;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(std::optional<T>)>(
      [&](auto handler) {
        auto race = std::make_shared<concurrent_detail::Race<T>>(executor, std::move(handler));
        asio::co_spawn(executor, concurrent_detail::ring<T>(clock, deadline, race),
                       asio::bind_cancellation_slot(race->stop_alarm.slot(), asio::detached));
        asio::co_spawn(executor, concurrent_detail::run_to_end<T>(std::move(work), race), asio::detached);
      },
      use_awaitable);
}

// Runs all of `works` at once and returns when each has ended. They must not throw.
inline Awaitable<void> all(std::vector<Awaitable<void>> works) {
  if (works.empty()) co_return;
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&](auto handler) {
        auto gathering =
            std::make_shared<concurrent_detail::Gathering>(executor, std::move(handler), works.size());
        for (auto& work : works) {
          asio::co_spawn(executor, concurrent_detail::run_one_of(std::move(work), gathering), asio::detached);
        }
      },
      use_awaitable);
}

}  // namespace buyme
