#include "drop/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.hpp"

namespace buyme::drop {
namespace {

TEST(Histogram, IsZeroWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.percentile(0.99), 0);
  EXPECT_TRUE(histogram.bars(10).empty());
}

TEST(Histogram, IsExactForSmallValuesAndTheMaximum) {
  Histogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.add(value);
  EXPECT_EQ(histogram.percentile(0.5), 50);
  EXPECT_EQ(histogram.percentile(0.99), 99);
  EXPECT_EQ(histogram.percentile(1), 100);
  EXPECT_EQ(histogram.percentile(0), 1);
  histogram.add(123'456'789);
  EXPECT_EQ(histogram.max(), 123'456'789);
  EXPECT_EQ(histogram.percentile(1), 123'456'789);
}

TEST(Histogram, CountsNegativeValuesAsZero) {
  Histogram histogram;
  histogram.add(-5);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.count(), 1);
}

TEST(Histogram, PercentilesAreWithinOnePercentOfTheSortedValues) {
  Random random(3, "histogram");
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(static_cast<std::int64_t>(std::exp(random.uniform() * 18)));  // 1 us to a minute
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = values[static_cast<std::size_t>(share * 50'000) - 1];
    const auto got = histogram.percentile(share);
    EXPECT_NEAR(static_cast<double>(got), static_cast<double>(exact), static_cast<double>(exact) * 0.01 + 1)
        << share;
  }
}

TEST(Histogram, BarsHoldEveryValueOnceAndTouch) {
  Random random(4, "histogram");
  Histogram histogram;
  for (int i = 0; i < 1'000; ++i) histogram.add(static_cast<std::int64_t>(random.below(1'000'000)));
  const auto bars = histogram.bars(12);
  ASSERT_LE(bars.size(), 12u);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    sum += bars[i].count;
    EXPECT_EQ(bars[i].from_us, i > 0 ? bars[i - 1].to_us : histogram.min());
  }
  EXPECT_EQ(sum, 1'000);
  EXPECT_EQ(bars.back().to_us, histogram.max() + 1);
}

TEST(Histogram, OneValueMakesOneBar) {
  Histogram histogram;
  histogram.add(42);
  const auto bars = histogram.bars(20);
  ASSERT_EQ(bars.size(), 1u);
  EXPECT_EQ(bars[0].count, 1);
}

}  // namespace
}  // namespace buyme::drop
