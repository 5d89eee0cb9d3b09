// Runs a coroutine to its end on an executor of its own, so that a test reads like plain code.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/executor.hpp"

namespace buyme::test {

inline constexpr std::chrono::seconds run_deadline{30};

namespace run_detail {

template <class T>
using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// Keeps the value outside asio, which would want one to be default-constructible.
template <class T>
Awaitable<void> keep_value(Awaitable<T> coroutine, std::optional<Value<T>>& value) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(coroutine);
    value.emplace();
  } else {
    value.emplace(co_await std::move(coroutine));
  }
}

}  // namespace run_detail

// Runs `coroutine` on a fresh context on this thread and returns its value; what it throws is thrown here.
// Throws std::runtime_error when it has not ended after 30 s, so that a test fails instead of hanging.
template <class T>
T run(Awaitable<T> coroutine) {
  auto context = std::make_unique<ExecutionContext>(1);
  std::optional<run_detail::Value<T>> value;
  std::exception_ptr error;
  asio::co_spawn(context->get_executor(), run_detail::keep_value<T>(std::move(coroutine), value),
                 [&error](std::exception_ptr thrown) { error = thrown; });
  context->run_for(run_deadline);
  if (error) std::rethrow_exception(error);
  if (!value) {
    (void)context.release();  // what the coroutine waits for may still come to it
    throw std::runtime_error("the coroutine has not ended within 30 s");
  }
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

}  // namespace buyme::test
