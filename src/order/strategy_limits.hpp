// Limits of the placement strategies that handle one order at a time. Here and not in core/limits.hpp: nobody
// else needs them.
#pragma once

#include <chrono>
#include <cstddef>

#include "core/limits.hpp"

namespace buyme::limits {

inline constexpr std::size_t strategy_sessions = 16;    // orders under way at once, each on its connection
inline constexpr auto strategy_deadline = 2'000ms;      // of one order, its repeats included; past it: 503
inline constexpr auto strategy_pause = 1ms;             // at most, before the first repeat; then doubled ...
inline constexpr auto strategy_pause_max = 64ms;        // ... up to this
inline constexpr auto strategy_busy_timeout = 1'000ms;  // for the order file, which another order writes

static_assert(strategy_pause_max * 4 < strategy_deadline, "who repeats must get more than a few chances");
static_assert(strategy_deadline < lock_lease, "a holder whose lease runs out was not slow but stood still");
static_assert(strategy_busy_timeout < strategy_deadline);

}  // namespace buyme::limits
