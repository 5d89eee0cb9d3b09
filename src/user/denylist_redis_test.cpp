#include "user/denylist_redis.hpp"

#include <gtest/gtest.h>

#include "support/redis_loop.hpp"

namespace buyme::user {
namespace {

using test::RedisServer;

class DenylistRedis : public ::testing::Test {
 protected:
  std::unique_ptr<RedisDenylist> open() {
    auto list = std::make_unique<RedisDenylist>(test::settings_for(server_), *clock_, loop_.executor(),
                                                make_null_log());
    list->start();
    return list;
  }
  std::unique_ptr<RedisDenylist> open_and_wait() {
    auto list = open();
    EXPECT_TRUE(loop_.eventually([&] { return list->current(); }));
    return list;
  }
  void close(std::unique_ptr<RedisDenylist>& list) {
    loop_.call([&] { list.reset(); });
  }
  Denial session(std::string id) const {
    return {std::move(id), UserId{1}, clock_->now() + std::chrono::hours{1}};
  }
  Denial account(std::int64_t user) const { return denial_of_account(UserId{user}, clock_->now()); }
  static void deny(RedisDenylist& list, Denial denial) { list.deny({&denial, 1}); }
  bool comes_to_deny(const RedisDenylist& list, std::int64_t user, std::string_view id) {
    return loop_.eventually([&] { return list.denies(UserId{user}, id); });
  }

  RedisServer server_{{.password = "hush"}};
  std::unique_ptr<Clock> clock_ = make_system_clock();
  test::Loop loop_;
};

TEST_F(DenylistRedis, ADenialIsInForceHereAtOnceAndSoonEverywhere) {
  auto a = open_and_wait(), b = open_and_wait();
  const std::uint64_t epoch = b->epoch();
  deny(*a, session("s-1"));
  EXPECT_TRUE(a->denies(UserId{1}, "s-1"));
  EXPECT_TRUE(comes_to_deny(*b, 1, "s-1"));
  EXPECT_FALSE(b->denies(UserId{1}, "s-2"));
  EXPECT_NE(b->epoch(), epoch) << "who has verified the token before must ask again";
  deny(*b, account(7));
  EXPECT_TRUE(comes_to_deny(*a, 7, "any"));
  close(a), close(b);
}

TEST_F(DenylistRedis, AServerThatStartsReadsWhatWasDeniedBefore) {
  auto a = open_and_wait();
  std::vector<Denial> many;  // more than are read at once
  for (std::size_t i = 0; i < 2 * limits::denylist_chunk + 10; ++i) {
    many.push_back({"s-" + std::to_string(i), UserId{1}, clock_->now() + std::chrono::seconds{3'600 + i}});
  }
  a->deny(many);
  const std::string all = ":" + std::to_string(many.size()) + "\r\n";
  EXPECT_TRUE(loop_.eventually([&] { return server_.ask({"ZCARD", "{denylist}"}) == all; }));
  auto b = open_and_wait();
  for (const auto& denial : many) ASSERT_TRUE(b->denies(UserId{1}, denial.session)) << denial.session;
  close(a), close(b);
}

TEST_F(DenylistRedis, WhatExpiredLeavesRedis) {
  auto a = open_and_wait();
  deny(*a, {"old", UserId{1}, clock_->now() - limits::denylist_pause - Milliseconds{1}});
  deny(*a, session("new"));
  EXPECT_TRUE(loop_.eventually([&] {
    return server_.ask({"ZRANGE", "{denylist}", "0", "-1"}) == "*1\r\n$5\r\ns:new\r\n";
  }));
  close(a);
}

TEST_F(DenylistRedis, TheLaterOfTwoTimesStays) {
  auto a = open_and_wait();
  const Time later = clock_->now() + std::chrono::hours{2}, sooner = clock_->now() + std::chrono::hours{1};
  deny(*a, {"s", UserId{1}, later});
  deny(*a, {"s", UserId{1}, sooner});
  deny(*a, session("end"));
  EXPECT_TRUE(loop_.eventually([&] { return server_.ask({"ZCARD", "{denylist}"}) == ":2\r\n"; }));
  const std::string score = std::to_string(to_unix_ms(later));
  EXPECT_NE(server_.ask({"ZSCORE", "{denylist}", "s:s"}).find(score), std::string::npos);
  close(a);
}

// A check goes on without Redis; what was denied meanwhile reaches the others when it is back, though it has
// lost its data.
TEST_F(DenylistRedis, WhatIsDeniedWhileRedisIsAwayReachesTheOthersWhenItIsBack) {
  auto a = open_and_wait(), b = open_and_wait();
  deny(*a, session("before"));
  EXPECT_TRUE(comes_to_deny(*b, 1, "before"));
  server_.kill();
  EXPECT_TRUE(loop_.eventually([&] { return !a->current() && !b->current(); }));
  deny(*a, session("meanwhile"));
  EXPECT_TRUE(a->denies(UserId{1}, "meanwhile"));
  EXPECT_TRUE(b->denies(UserId{1}, "before"));
  EXPECT_FALSE(b->denies(UserId{1}, "meanwhile"));
  server_.start(RedisServer::Data::empty);
  EXPECT_TRUE(comes_to_deny(*b, 1, "meanwhile"));
  EXPECT_TRUE(loop_.eventually([&] { return a->current() && b->current(); }));
  auto c = open_and_wait();
  EXPECT_TRUE(comes_to_deny(*c, 1, "before")) << "told again by a, to a Redis that had forgotten it";
  close(a), close(b), close(c);
}

TEST_F(DenylistRedis, AServerThatDidNotListenReadsWhatItMissed) {
  auto a = open_and_wait(), b = open_and_wait();
  server_.ask({"CLIENT", "KILL", "TYPE", "pubsub"});
  deny(*a, session("missed"));  // may be told while nobody listens
  EXPECT_TRUE(comes_to_deny(*b, 1, "missed"));
  close(a), close(b);
}

TEST_F(DenylistRedis, WithoutAnyRedisItStillDeniesHere) {
  server_.kill();
  auto a = open();
  deny(*a, session("s"));
  EXPECT_TRUE(a->denies(UserId{1}, "s"));
  EXPECT_FALSE(a->current());
  close(a);
}

}  // namespace
}  // namespace buyme::user
