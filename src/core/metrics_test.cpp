#include "core/metrics.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace buyme {

namespace {

TEST(Metrics, ACounterLosesNothingThatManyThreadsAdd) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 10'000; ++n) counter.add();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 120'000u);
}

TEST(Metrics, AHistogramsBucketsAreCumulativeAndEndInAllOfThem) {
  static constexpr double bounds[] = {1, 10};
  Histogram histogram(bounds);
  for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0}) histogram.observe(value);
  std::string out;
  MetricsText text(out);
  text.histogram("size", "How large.");
  text.sample(histogram);
  EXPECT_EQ(out,
            "# HELP size How large.\n# TYPE size histogram\n"
            "size_bucket{le=\"1\"} 2\nsize_bucket{le=\"10\"} 4\nsize_bucket{le=\"+Inf\"} 5\n"
            "size_sum 24\nsize_count 5\n");
}

TEST(Metrics, HistogramsOfSeveralThreadsMakeOne) {
  Histogram one(size_bounds()), other(size_bounds());
  one.observe(2.0);
  other.observe(2.0);
  other.observe(5'000.0);
  Histogram::Reading reading;
  one.read_into(reading);
  other.read_into(reading);
  EXPECT_EQ(reading.count(), 3u);
  EXPECT_EQ(reading.sum, 5'004.0);
  EXPECT_EQ(reading.buckets[1], 2u);
  EXPECT_EQ(reading.buckets[size_bounds().size()], 1u);
}

TEST(Metrics, LabelsAreQuoted) {
  std::string out;
  MetricsText text(out);
  text.counter("n_total", "Some.");
  text.sample({{"path", "/a\"\\\n"}, {"code", "2xx"}}, 3);
  EXPECT_NE(out.find("n_total{path=\"/a\\\"\\\\\\n\",code=\"2xx\"} 3\n"), std::string::npos) << out;
}

}  // namespace

}  // namespace buyme
