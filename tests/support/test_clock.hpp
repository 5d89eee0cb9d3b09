// A clock whose time a test moves by hand. Sleeping takes no real time to speak of: a sleeper yields until
// the monotonic time has been moved past its deadline, or a real timer of the same length has run.
#pragma once

#include <atomic>

#include "core/clock.hpp"

namespace buyme::test {

class TestClock final : public Clock {
 public:
  Time now() const override { return system_->now() + Milliseconds{offset_ms_.load()}; }
  Monotonic monotonic() const override { return system_->monotonic() + Milliseconds{offset_ms_.load()}; }
  Awaitable<void> sleep_until(Monotonic deadline) override {
    while (monotonic() < deadline) {
      const auto nap =
          std::min<std::chrono::nanoseconds>(deadline - monotonic(), std::chrono::milliseconds{2});
      co_await system_->sleep_for(nap);
    }
  }

  void advance(std::chrono::milliseconds by) { offset_ms_ += by.count(); }

 private:
  std::unique_ptr<Clock> system_ = make_system_clock();
  std::atomic<std::int64_t> offset_ms_{0};
};

}  // namespace buyme::test
