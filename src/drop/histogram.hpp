// Counts latencies in buckets that grow with the value, so that any of them is known to about one percent
// (the idea of HdrHistogram, Gil Tene): small, constant cost, and no percentile is an average.
#pragma once

#include <cstdint>
#include <vector>

namespace buyme::drop {

// One thread at a time. Values are microseconds; negative ones count as 0.
class Histogram {
 public:
  struct Bar {
    std::int64_t from_us = 0;
    std::int64_t to_us = 0;  // exclusive
    std::int64_t count = 0;
  };

  void add(std::int64_t value_us);

  std::int64_t count() const { return count_; }
  std::int64_t max() const { return max_; }  // exact
  std::int64_t min() const { return count_ ? min_ : 0; }
  double mean() const { return count_ ? sum_ / static_cast<double>(count_) : 0; }

  // The smallest recorded value that `share` (0 to 1) of all values do not exceed, at most 1 % too high and
  // never above max(). 0 when empty.
  std::int64_t percentile(double share) const;

  // The counts again in at most `most` bars of equal width on a logarithmic scale, from min to max.
  std::vector<Bar> bars(int most) const;

 private:
  std::vector<std::int64_t> buckets_;
  std::int64_t count_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace buyme::drop
