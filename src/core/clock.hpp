// Time is a parameter: nothing below asks the operating system or a database what time it is.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/executor.hpp"

namespace buyme {

using Milliseconds = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Milliseconds>;  // the wall clock, UTC
using Monotonic =
    std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;  // never goes back

// Thread-safe. sleep_until suspends the calling coroutine on its own executor; one that is canceled returns
// early.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Monotonic monotonic() const = 0;
  virtual Awaitable<void> sleep_until(Monotonic deadline) = 0;

  Awaitable<void> sleep_for(std::chrono::nanoseconds duration) { return sleep_until(monotonic() + duration); }
};

#ifndef BUYME_SIMULATION
std::unique_ptr<Clock> make_system_clock();
#endif

inline std::int64_t to_unix_ms(Time time) {
  return time.time_since_epoch().count();
}
inline Time from_unix_ms(std::int64_t ms) {
  return Time{Milliseconds{ms}};
}

// "2026-03-01T03:00:00.123Z"
std::string format_time(Time time);
void append_time(std::string& out, Time time);

// RFC 3339 with a mandatory offset ("Z" or "+09:00"), years 1970 to 9999. nullopt for anything else.
std::optional<Time> parse_time(std::string_view text);

}  // namespace buyme
