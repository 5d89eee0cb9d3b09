// Blocking work leaves the I/O threads through a pool: a fixed number of threads behind a bounded queue.
//
// Thread safety: run() may be called from any executor; the coroutine resumes on the one it came from.
// A full queue answers Error::overloaded at once: nothing was started. stop() (or the destructor)
// must come before what the work uses, and the executors that wait for results, are destroyed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/executor.hpp"
#include "core/result.hpp"

namespace buyme {

class Pool {
 public:
  // After each work its thread rests `rest` times as long as the work took, however much waits: so the pool
  // takes at most 1 / (1 + rest) of a core per thread, and less when others keep the cores busy.
  Pool(std::string name, std::size_t threads, std::size_t queue_limit, int rest = 0);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `work`, which returns Result<T>, on a pool thread. What it throws is rethrown to the awaiting
  // coroutine.
  template <class Work>
  Awaitable<std::invoke_result_t<Work>> run(Work work);

  std::size_t waiting() const;

  // Finishes what runs, drops what waits and joins. Idempotent; later work is refused as overloaded.
  void stop();

 private:
  using Job = std::function<void()>;
  // False when the queue is full. The pool counts outstanding work on the executors so that they stay alive.
  bool submit(Job job);

  struct State;
  std::unique_ptr<State> state_;
};

template <class Work>
Awaitable<std::invoke_result_t<Work>> Pool::run(Work work) {
  using Outcome = std::invoke_result_t<Work>;
  struct Shared {
    std::optional<Outcome> outcome;
    std::exception_ptr error;
  };
  // The coroutine frame outlives the job unless its executor is destroyed, hence shared ownership.
  auto shared = std::make_shared<Shared>();
  auto executor = co_await asio::this_coro::executor;
  bool accepted = true;
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&](auto handler) {
        using Handler = decltype(handler);
        // std::function wants a copyable callable; the handler is moved out exactly once.
        auto resume = std::make_shared<Handler>(std::move(handler));
        auto job = [shared, resume, executor, work = std::make_shared<Work>(std::move(work))]() mutable {
          try {
            shared->outcome.emplace((*work)());
          } catch (...) {
            shared->error = std::current_exception();
          }
          work.reset();
          asio::post(executor, std::move(*resume));
        };
        // Once the job is taken this frame may go on elsewhere: nothing of it is touched then.
        if (submit(std::move(job))) return;
        accepted = false;
        asio::post(executor, std::move(*resume));
      },
      use_awaitable);
  if (!accepted) {
    co_return Failure(Error::overloaded, "The server is busy; nothing was done. Repeat in a second.")
        .retry_in(std::chrono::seconds{1});
  }
  if (shared->error) std::rethrow_exception(shared->error);
  co_return std::move(*shared->outcome);
}

}  // namespace buyme
