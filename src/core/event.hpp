// A flag that one coroutine waits for and others raise. Not thread-safe: all of it on one executor.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "core/executor.hpp"

namespace buyme {

class Event {
 public:
  explicit Event(Executor executor) : executor_(executor) {}

  // Returns at once when raised since the last wait; lowers the flag. At most one waiter.
  Awaitable<void> wait() {
    if (!raised_) {
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
          [this](auto handler) { waiter_.emplace(std::move(handler)); }, use_awaitable);
    }
    raised_ = false;
  }

  void raise() {
    raised_ = true;
    if (!waiter_) return;
    Waiter waiter = std::move(*waiter_);
    waiter_.reset();
    asio::post(executor_, std::move(waiter));
  }

 private:
  using Waiter = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;
  Executor executor_;
  bool raised_ = false;
  std::optional<Waiter> waiter_;
};

}  // namespace buyme
