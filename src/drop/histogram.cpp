// Buckets: 0..127 one each; above, every power of two is cut into 64 equal buckets, so a bucket is at most
// 1/64 of its value wide and its middle within 0.8 % of every value in it.
#include "drop/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace buyme::drop {

namespace {

constexpr int sub_bits = 6;  // 64 buckets for each power of two

std::size_t bucket_of(std::int64_t value) {
  if (value < (2 << sub_bits)) return static_cast<std::size_t>(value);
  const int shift = std::bit_width(static_cast<std::uint64_t>(value)) - 1 - sub_bits;
  return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
}

// The first value of a bucket: the inverse of bucket_of.
std::int64_t start_of(std::size_t bucket) {
  if (bucket < (2 << sub_bits)) return static_cast<std::int64_t>(bucket);
  const std::size_t shift = (bucket >> sub_bits) - 1;
  return static_cast<std::int64_t>((bucket - (shift << sub_bits)) << shift);
}

std::int64_t middle_of(std::size_t bucket) {
  return start_of(bucket) + (start_of(bucket + 1) - start_of(bucket)) / 2;
}

}  // namespace

void Histogram::add(std::int64_t value_us) {
  value_us = std::max<std::int64_t>(value_us, 0);
  const std::size_t bucket = bucket_of(value_us);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  min_ = count_ == 0 ? value_us : std::min(min_, value_us);
  max_ = std::max(max_, value_us);
  sum_ += static_cast<double>(value_us);
  ++count_;
}

std::int64_t Histogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const auto rank = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  if (rank == count_) return max_;
  std::int64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::clamp(middle_of(bucket), min_, max_);
  }
  return max_;
}

std::vector<Histogram::Bar> Histogram::bars(int most) const {
  std::vector<Bar> bars;
  if (count_ == 0 || most < 1) return bars;
  const double low = std::log(static_cast<double>(std::max<std::int64_t>(min_, 1)));
  const double high = std::log(static_cast<double>(max_ + 1));
  const double width = (high - low) / most;
  std::int64_t from = min_;
  for (int i = 1; i <= most; ++i) {
    const auto to = i == most ? max_ + 1 : static_cast<std::int64_t>(std::exp(low + width * i));
    if (to <= from) continue;  // narrower than a microsecond
    bars.push_back({from, to, 0});
    from = to;
  }
  std::size_t bar = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (buckets_[bucket] == 0) continue;
    while (bar + 1 < bars.size() && middle_of(bucket) >= bars[bar].to_us) ++bar;
    bars[bar].count += buckets_[bucket];
  }
  return bars;
}

}  // namespace buyme::drop
