#include "http/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace buyme::http {

namespace {

using namespace std::chrono_literals;

constexpr Rate rate{10, 5};
const Monotonic start{1h};

TEST(RateLimiter, ABurstIsAdmittedAndThenOneAtATime) {
  RateLimiter limiter(rate, 1);
  for (std::uint32_t left = 5; left-- > 0;) {
    const auto verdict = limiter.take(7, start);
    ASSERT_TRUE(verdict.admitted);
    EXPECT_EQ(verdict.remaining, left);
    EXPECT_EQ(verdict.limit, 5u);
  }
  const auto refused = limiter.take(7, start);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.reset, 1u);
  EXPECT_FALSE(limiter.take(7, start + 99ms).admitted);
  EXPECT_TRUE(limiter.take(7, start + 100ms).admitted);
  EXPECT_FALSE(limiter.take(7, start + 100ms).admitted);
}

TEST(RateLimiter, ARefusalCostsNothing) {
  RateLimiter limiter(rate, 1);
  for (int i = 0; i < 100; ++i) limiter.take(7, start);
  EXPECT_TRUE(limiter.take(7, start + 100ms).admitted);
}

TEST(RateLimiter, APauseNeverSavesUpMoreThanTheBurst) {
  RateLimiter limiter(rate, 1);
  limiter.take(7, start);
  int admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += limiter.take(7, start + 1h).admitted;
  EXPECT_EQ(admitted, 5);
}

TEST(RateLimiter, OneWhoAsksTooOftenHarmsHardlyAnybody) {
  RateLimiter limiter(rate, 1);
  for (std::uint64_t flood = 0; flood < 100; ++flood) {
    for (int i = 0; i < 10; ++i) limiter.take(flood, start);
  }
  int refused = 0;
  for (std::uint64_t other = 1'000; other < 11'000; ++other) refused += !limiter.take(other, start).admitted;
  EXPECT_LE(refused, 1);
}

TEST(RateLimiter, ThreadsAtOnceGetTheBurstAndNeverTwiceAsMuch) {
  RateLimiter limiter({1, 1'000}, 1);
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n) admitted += limiter.take(7, start).admitted;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GE(admitted.load(), 1'000);
  EXPECT_LE(admitted.load(), 2'000);
  EXPECT_FALSE(limiter.take(7, start).admitted);
}

}  // namespace

}  // namespace buyme::http
