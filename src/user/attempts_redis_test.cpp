#include "user/attempts_redis.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/redis_loop.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

// Its sleeps are real ones: the client ends some of them early.
class ShiftedClock final : public Clock {
 public:
  Time now() const override { return system_->now() + Milliseconds{ahead_ms_.load()}; }
  Monotonic monotonic() const override { return system_->monotonic(); }
  Awaitable<void> sleep_until(Monotonic deadline) override { return system_->sleep_until(deadline); }
  void advance(Milliseconds by) { ahead_ms_ += by.count(); }

 private:
  std::unique_ptr<Clock> system_ = make_system_clock();
  std::atomic<std::int64_t> ahead_ms_{0};
};

class AttemptsRedis : public ::testing::Test {
 protected:
  std::unique_ptr<RedisAttempts> open() {
    auto attempts = std::make_unique<RedisAttempts>(test::settings_for(server_), clock_, loop_.executor(),
                                                    make_null_log());
    attempts->start();
    return attempts;
  }
  void close(std::unique_ptr<RedisAttempts>& attempts) {
    loop_.call([&] { attempts.reset(); });
  }
  std::optional<RedisAttempts::Refusal> begin(RedisAttempts& attempts,
                                              std::vector<RedisAttempts::Count> counts) {
    return loop_.run(attempts.begin(std::move(counts)));
  }
  void forgive(RedisAttempts& attempts, std::vector<RedisAttempts::Count> counts) {
    loop_.run(attempts.forgive(std::move(counts)));
  }
  // Until it is connected nothing is counted.
  void count_one(RedisAttempts& attempts, const RedisAttempts::Count& count) {
    const std::string before = server_.ask({"DBSIZE"});
    for (int tries = 0; tries < 5'000 && server_.ask({"DBSIZE"}) == before; ++tries) {
      begin(attempts, {count});
      std::this_thread::sleep_for(2ms);
    }
    ASSERT_NE(server_.ask({"DBSIZE"}), before);
  }
  static RedisAttempts::Count kim() { return {"login:kim@example.com", 30s, 300s}; }
  static RedisAttempts::Count campus() { return {"network:203.0.113.7", 10s, 30s}; }

  test::RedisServer server_{{.password = "hush"}};
  ShiftedClock clock_;
  test::Loop loop_;
};

TEST_F(AttemptsRedis, AreCountedTogether) {
  auto here = open(), there = open();
  count_one(*here, kim());
  count_one(*there, campus());
  std::optional<RedisAttempts::Refusal> refused;
  for (int i = 0; i < 20 && !refused; ++i) refused = begin(i % 2 == 0 ? *here : *there, {kim()});
  ASSERT_TRUE(refused);
  EXPECT_GT(refused->wait, 0s);
  EXPECT_LE(refused->wait, 30s);
  EXPECT_TRUE(begin(*here, {kim()}));
  EXPECT_TRUE(begin(*there, {kim()}));
  clock_.advance(31s);
  EXPECT_FALSE(begin(*there, {kim()})) << "one is forgotten by now";
  EXPECT_TRUE(begin(*here, {kim()}));
  close(here), close(there);
}

TEST_F(AttemptsRedis, ARefusalCountsNoneAndNamesWhoMustWait) {
  auto attempts = open();
  count_one(*attempts, campus());
  forgive(*attempts, {campus()});
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(begin(*attempts, {kim(), campus()})) << i;
  for (int i = 0; i < 20; ++i) {
    const auto refused = begin(*attempts, {kim(), campus()});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->at, 1U);
  }
  EXPECT_FALSE(begin(*attempts, {kim()})) << "kim has tried three times, not twenty-three";
  close(attempts);
}

TEST_F(AttemptsRedis, WhatIsForgivenLeavesNothingBehind) {
  auto attempts = open();
  count_one(*attempts, kim());
  EXPECT_EQ(server_.ask({"KEYS", "*kim*"}), "*0\r\n") << "an address is kept in the clear";
  for (int i = 0; i < 20; ++i) forgive(*attempts, {kim()});
  EXPECT_EQ(server_.ask({"DBSIZE"}), ":0\r\n");
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(begin(*attempts, {kim()})) << i;
  EXPECT_TRUE(begin(*attempts, {kim()}));
  close(attempts);
}

TEST_F(AttemptsRedis, NobodyWaitsForARedisThatIsAway) {
  auto attempts = open();
  count_one(*attempts, kim());
  server_.kill();
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(begin(*attempts, {kim()}));
  forgive(*attempts, {kim()});
  close(attempts);
}

}  // namespace
}  // namespace buyme::user
