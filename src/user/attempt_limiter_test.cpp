#include "user/attempt_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic start{std::chrono::hours{1}};

TEST(AttemptLimiter, LetsTenFailuresThroughThenOneEveryHalfMinute) {
  AttemptLimiter limiter(10, 300s, 10);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limiter.begin("a", start)) << i;
  EXPECT_EQ(limiter.begin("a", start), 30s);
  EXPECT_EQ(limiter.begin("a", start + 12'500ms), 18s) << "rounded up";
  EXPECT_EQ(limiter.begin("a", start + 29'999ms), 1s);
  EXPECT_FALSE(limiter.begin("a", start + 30s));
  EXPECT_EQ(limiter.begin("a", start + 30s), 30s);
}

TEST(AttemptLimiter, ForgivesAllAfterTheWindow) {
  AttemptLimiter limiter(10, 300s, 10);
  for (int i = 0; i < 10; ++i) limiter.begin("a", start);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limiter.begin("a", start + 300s)) << i;
  EXPECT_TRUE(limiter.begin("a", start + 300s));
}

TEST(AttemptLimiter, LongRestSavesUpNoMoreThanTheWindow) {
  AttemptLimiter limiter(10, 300s, 10);
  limiter.begin("a", start);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limiter.begin("a", start + 24h)) << i;
  EXPECT_TRUE(limiter.begin("a", start + 24h));
}

TEST(AttemptLimiter, ForgivenAttemptsLeaveNothingBehind) {
  AttemptLimiter limiter(10, 300s, 10);
  limiter.begin("a", start);
  EXPECT_EQ(limiter.names(), 1u);
  limiter.forgive("a", start);
  EXPECT_EQ(limiter.names(), 0u);
  limiter.forgive("nobody", start);
  EXPECT_EQ(limiter.names(), 0u);
}

TEST(AttemptLimiter, ForgivingOneKeepsTheOthers) {
  AttemptLimiter limiter(10, 300s, 10);
  for (int i = 0; i < 10; ++i) limiter.begin("a", start);
  limiter.forgive("a", start);
  EXPECT_FALSE(limiter.begin("a", start));
  EXPECT_TRUE(limiter.begin("a", start));
}

TEST(AttemptLimiter, DropsTheAccountThatWasTriedLongestAgo) {
  AttemptLimiter limiter(10, 300s, 2);
  for (int i = 0; i < 10; ++i) limiter.begin("a", start);
  for (int i = 0; i < 10; ++i) limiter.begin("b", start);
  EXPECT_TRUE(limiter.begin("a", start));  // a is the younger now
  EXPECT_FALSE(limiter.begin("c", start));
  EXPECT_EQ(limiter.names(), 2u);
  EXPECT_TRUE(limiter.begin("a", start));
  EXPECT_FALSE(limiter.begin("b", start)) << "b was forgotten";
}

TEST(AttemptLimiter, AttemptsAtOnceAreNotMoreThanTen) {
  AttemptLimiter limiter(10, 300s, 10);
  std::atomic<int> let_in{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) let_in += limiter.begin("a", start) ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(let_in, 10);
}

TEST(NetworkOf, CountsACustomerNotHisAddresses) {
  EXPECT_EQ(network_of("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(network_of("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2::1"));
  EXPECT_NE(network_of("2001:db8:1:3::1"), network_of("2001:db8:1:2::1"));
}

TEST(NetworkOf, LeavesThisMachineAndWhatIsNoAddressAlone) {
  for (const auto* name : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "", "campus"}) {
    EXPECT_EQ(network_of(name), "") << name;
  }
}

}  // namespace
}  // namespace buyme::user
