#include "http/rate_limiter.hpp"

#include <algorithm>

namespace buyme::http {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// splitmix64's finisher: every bit of the key moves every bit of the hash.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
  return value ^ value >> 31;
}

std::uint32_t whole_seconds(std::int64_t ns) {
  return static_cast<std::uint32_t>((ns + second_ns - 1) / second_ns);
}

void raise_to(std::atomic<std::int64_t>& bucket, std::int64_t value) {
  std::int64_t seen = bucket.load(std::memory_order_relaxed);
  while (seen < value && !bucket.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

RateLimiter::RateLimiter(Rate rate, std::uint64_t salt) : rate_(rate), salt_(salt) {
  if (!limits()) return;
  rate_.burst = std::max<std::int64_t>(rate_.burst, 1);
  price_ns_ = std::max<std::int64_t>(second_ns / rate_.per_second, 1);
  depth_ns_ = price_ns_ * rate_.burst;
  for (Row& row : rows_) row = std::make_unique<std::atomic<std::int64_t>[]>(buckets);
}

RateLimiter::Verdict RateLimiter::take(std::uint64_t key, Monotonic now_point) {
  const std::int64_t now = now_point.time_since_epoch().count();
  const std::uint64_t hash = mixed(key ^ salt_);
  auto& one = rows_[0][hash % buckets];
  auto& two = rows_[1][(hash >> 32) % buckets];
  for (;;) {
    std::int64_t in_one = one.load(std::memory_order_relaxed);
    std::int64_t in_two = two.load(std::memory_order_relaxed);
    const bool first_is_emptier = in_one <= in_two;
    const std::int64_t full = std::max(std::min(in_one, in_two), now) + price_ns_;
    Verdict verdict;
    verdict.limit = static_cast<std::uint32_t>(rate_.burst);
    if (full - now > depth_ns_) {
      verdict.admitted = false;
      verdict.reset = whole_seconds(full - now - depth_ns_);
      return verdict;
    }
    // Of two requests at once that saw the same bucket one comes again.
    auto& judged = first_is_emptier ? one : two;
    std::int64_t& seen = first_is_emptier ? in_one : in_two;
    if (!judged.compare_exchange_weak(seen, full, std::memory_order_relaxed)) continue;
    raise_to(first_is_emptier ? two : one, full);
    verdict.remaining = static_cast<std::uint32_t>((depth_ns_ - (full - now)) / price_ns_);
    verdict.reset = whole_seconds(full - now);
    return verdict;
  }
}

}  // namespace buyme::http
