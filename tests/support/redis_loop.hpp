// For tests: an execution context that runs on a thread of its own, so that what lives on it goes on between
// two calls of a test.
#pragma once

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "redis/client.hpp"
#include "support/redis_server.hpp"
#include "support/run.hpp"

namespace buyme::test {

// Whatever lives on it is destroyed before it (declared behind it), by this thread, after stop() or through
// call().
class Loop {
 public:
  Loop() : thread_([this] { context_.run(); }) {}
  ~Loop() { stop(); }
  Executor executor() { return context_.get_executor(); }
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  // Runs a coroutine on the loop and waits for its value.
  template <class T>
  T run(Awaitable<T> coroutine) {
    auto value = std::make_shared<std::optional<run_detail::Value<T>>>();
    auto ended = std::make_shared<std::promise<void>>();
    asio::co_spawn(context_, keep(std::move(coroutine), value), [ended](std::exception_ptr error) {
      if (error) return ended->set_exception(error);
      ended->set_value();
    });
    await(*ended);
    if constexpr (!std::is_void_v<T>) return std::move(**value);
  }

  // Runs `work` on the loop's thread and waits for it.
  template <class Work>
  void call(Work work) {
    auto ended = std::make_shared<std::promise<void>>();
    asio::post(context_, [ended, &work] {
      work();
      ended->set_value();
    });
    await(*ended);
  }

  // Until `holds`, asked on the loop's thread, is true; false when it still is not after 10 s.
  template <class Condition>
  bool eventually(Condition holds) {
    const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (bool held = false; std::chrono::steady_clock::now() < latest;) {
      call([&] { held = holds(); });
      if (held) return true;
      std::this_thread::sleep_for(Milliseconds{2});
    }
    return false;
  }

 private:
  template <class T>
  static Awaitable<void> keep(Awaitable<T> coroutine,
                              std::shared_ptr<std::optional<run_detail::Value<T>>> value) {
    co_await run_detail::keep_value<T>(std::move(coroutine), *value);
  }
  static void await(std::promise<void>& ended) {
    auto future = ended.get_future();
    if (future.wait_for(run_deadline) != std::future_status::ready) {
      throw std::runtime_error("the coroutine has not ended within 30 s");
    }
    future.get();
  }

  ExecutionContext context_{1};
  asio::executor_work_guard<Executor> work_ = asio::make_work_guard(context_);
  std::thread thread_;
};

inline redis::Settings settings_for(const RedisServer& server) {
  redis::Settings settings;
  settings.servers = {{"127.0.0.1", server.port()}};
  settings.credentials.password = server.password();
  return settings;
}

}  // namespace buyme::test
