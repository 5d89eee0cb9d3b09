// Runs one coroutine for each of many indexes, some at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>

#include "core/event.hpp"
#include "core/executor.hpp"

namespace buyme::drop {

namespace detail {

struct Parallel {
  explicit Parallel(Executor executor) : finished(executor) {}
  std::size_t next = 0;
  std::size_t count = 0;
  std::size_t running = 0;
  std::exception_ptr error;
  Event finished;
};

template <class Work>
Awaitable<void> parallel_worker(Parallel& state, Work& work) {
  try {
    while (state.next < state.count && !state.error) {
      const std::size_t index = state.next++;
      co_await work(index);
    }
  } catch (...) {
    if (!state.error) state.error = std::current_exception();
  }
  if (--state.running == 0) state.finished.raise();
}

}  // namespace detail

// Awaits work(0) ... work(count - 1), each an Awaitable<void>, at most `workers` at once. The first exception
// stops the rest from starting and is thrown once all that had started are done.
template <class Work>
Awaitable<void> for_each_index(Executor executor, std::size_t count, std::size_t workers, Work& work) {
  detail::Parallel state(executor);
  state.count = count;
  state.running = std::min(count, workers);
  if (state.running == 0) co_return;
  for (std::size_t i = std::min(count, workers); i > 0; --i) {
    asio::co_spawn(executor, detail::parallel_worker(state, work), [](std::exception_ptr) {});
  }
  co_await state.finished.wait();
  if (state.error) std::rethrow_exception(state.error);
}

}  // namespace buyme::drop
