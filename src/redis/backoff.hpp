// How long to wait before the next attempt to connect.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme::redis {

// Doubles from limits::redis_backoff to limits::redis_backoff_max, and takes off up to half of it, so that
// servers that lost the same Redis at once do not come back at once. Not thread-safe.
class Backoff {
 public:
  Backoff() : random_(random_seed(), "redis backoff") {}

  std::chrono::nanoseconds next() {
    const auto pause = next_;
    next_ = std::min<std::chrono::nanoseconds>(next_ * 2, limits::redis_backoff_max);
    return std::chrono::nanoseconds(
        static_cast<std::int64_t>(double(pause.count()) * (0.5 + random_.uniform() / 2)));
  }
  void reset() { next_ = limits::redis_backoff; }

 private:
  static std::uint64_t random_seed() { return hash_bytes(secure_random_bytes(16)); }

  Random random_;
  std::chrono::nanoseconds next_ = limits::redis_backoff;
};

}  // namespace buyme::redis
