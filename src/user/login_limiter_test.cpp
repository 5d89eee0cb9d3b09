#include "user/login_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic start{std::chrono::hours{1}};

TEST(LoginLimiter, LetsTenFailuresThroughThenOneEveryHalfMinute) {
  LoginLimiter limiter;
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limiter.begin("a", start)) << i;
  EXPECT_EQ(limiter.begin("a", start), 30s);
  EXPECT_EQ(limiter.begin("a", start + 12'500ms), 18s) << "rounded up";
  EXPECT_EQ(limiter.begin("a", start + 29'999ms), 1s);
  EXPECT_FALSE(limiter.begin("a", start + 30s));
  EXPECT_EQ(limiter.begin("a", start + 30s), 30s);
}

TEST(LoginLimiter, ForgivesAllAfterTheWindow) {
  LoginLimiter limiter;
  for (int i = 0; i < 10; ++i) limiter.begin("a", start);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limiter.begin("a", start + 300s)) << i;
  EXPECT_TRUE(limiter.begin("a", start + 300s));
}

TEST(LoginLimiter, LongRestSavesUpNoMoreThanTheWindow) {
  LoginLimiter limiter;
  limiter.begin("a", start);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limiter.begin("a", start + 24h)) << i;
  EXPECT_TRUE(limiter.begin("a", start + 24h));
}

TEST(LoginLimiter, ForgivenAttemptsLeaveNothingBehind) {
  LoginLimiter limiter;
  limiter.begin("a", start);
  EXPECT_EQ(limiter.accounts(), 1u);
  limiter.forgive("a", start);
  EXPECT_EQ(limiter.accounts(), 0u);
  limiter.forgive("nobody", start);
  EXPECT_EQ(limiter.accounts(), 0u);
}

TEST(LoginLimiter, ForgivingOneKeepsTheOthers) {
  LoginLimiter limiter;
  for (int i = 0; i < 10; ++i) limiter.begin("a", start);
  limiter.forgive("a", start);
  EXPECT_FALSE(limiter.begin("a", start));
  EXPECT_TRUE(limiter.begin("a", start));
}

TEST(LoginLimiter, DropsTheAccountThatWasTriedLongestAgo) {
  LoginLimiter limiter(2);
  for (int i = 0; i < 10; ++i) limiter.begin("a", start);
  for (int i = 0; i < 10; ++i) limiter.begin("b", start);
  EXPECT_TRUE(limiter.begin("a", start));  // a is the younger now
  EXPECT_FALSE(limiter.begin("c", start));
  EXPECT_EQ(limiter.accounts(), 2u);
  EXPECT_TRUE(limiter.begin("a", start));
  EXPECT_FALSE(limiter.begin("b", start)) << "b was forgotten";
}

TEST(LoginLimiter, AttemptsAtOnceAreNotMoreThanTen) {
  LoginLimiter limiter;
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

}  // namespace
}  // namespace buyme::user
