// Token buckets for any number of keys in a fixed amount of memory, without a lock.
//
// A bucket is one number, the time at which it will be full again (the generic cell rate algorithm): a
// request moves it on by the price of one. Keys are hashed into two rows of buckets, as in a count-min
// sketch, and are judged by the emptier of their two: somebody is refused for what others did only if he
// shares both buckets with somebody who asks too often, and the hash is salted anew in each process.
//
// Thread safety: any thread. The two rows are not moved in one step, so of requests of one key at the same
// instant on several threads a few more than the burst may pass; never twice as many, as each row lets a
// request through once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/clock.hpp"

namespace buyme::http {

struct Rate {
  std::int64_t per_second = 0;  // 0: no limit
  std::int64_t burst = 0;       // at once, after a pause
};

class RateLimiter {
 public:
  struct Verdict {
    bool admitted = true;
    std::uint32_t limit = 0;      // the burst
    std::uint32_t remaining = 0;  // requests that would be admitted at once
    std::uint32_t reset = 0;  // seconds: until the bucket is full; when refused, until the next is admitted
  };

  RateLimiter(Rate rate, std::uint64_t salt);

  bool limits() const { return rate_.per_second > 0; }
  // Takes one token of `key`; a refusal takes none. Only when limits().
  Verdict take(std::uint64_t key, Monotonic now);

 private:
  static constexpr std::size_t buckets = 1 << 16;
  using Row = std::unique_ptr<std::atomic<std::int64_t>[]>;

  Rate rate_;
  std::uint64_t salt_;
  std::int64_t price_ns_ = 0;  // of one request
  std::int64_t depth_ns_ = 0;  // of a bucket
  Row rows_[2];
};

}  // namespace buyme::http
