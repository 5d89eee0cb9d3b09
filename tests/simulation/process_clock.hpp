// The clocks of one simulated process: both follow the scheduler's virtual time, each wrong in its own way.
#pragma once

#include <boost/asio/as_tuple.hpp>

#include "core/clock.hpp"
#include "simulation/context.hpp"

namespace buyme::simulation {

inline constexpr Time epoch{
    Milliseconds{1'800'000'000'000}};  // the wall time at which every simulation begins

// What a clock without fault shows.
inline Time wall_time(const Scheduler& scheduler) {
  return epoch + std::chrono::floor<Milliseconds>(scheduler.now());
}

#ifdef BUYME_SIMULATION
// Time passes from the call on, not from when it is awaited.
inline Awaitable<void> delay(Scheduler& scheduler, std::chrono::nanoseconds duration) {
  return wait_until(scheduler, scheduler.now() + duration, use_awaitable);
}

class ProcessClock final : public Clock {
 public:
  explicit ProcessClock(Scheduler& scheduler) : scheduler_(scheduler) {}

  Time now() const override { return wall_time(scheduler_) + skew_; }
  Monotonic monotonic() const override { return Monotonic{drifted(scheduler_.now())}; }
  Awaitable<void> sleep_until(Monotonic deadline) override {
    while (monotonic() < deadline) {
      const auto left = deadline - monotonic();
      const auto at = scheduler_.now() + left + left / 1'000 + std::chrono::nanoseconds{1};
      const auto [canceled] = co_await wait_until(scheduler_, at, asio::as_tuple(use_awaitable));
      if (canceled) co_return;
    }
  }

  void jump(Milliseconds by) { skew_ += by; }  // the wall clock is set
  void drift(std::int64_t ppm) {
    drift_ppm_ = ppm;
  }  // how much faster the monotonic clock goes; |ppm| <= 1,000

 private:
  std::chrono::nanoseconds drifted(std::chrono::nanoseconds time) const {
    return time + time / 1'000'000 * drift_ppm_;
  }

  Scheduler& scheduler_;
  Milliseconds skew_{0};
  std::int64_t drift_ppm_ = 0;
};
#endif

}  // namespace buyme::simulation
