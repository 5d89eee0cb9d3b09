#include "stock/fanout_redis.hpp"

#include <gtest/gtest.h>

#include "support/redis_loop.hpp"

namespace buyme::stock {
namespace {

using test::RedisServer;

StockNews news(std::int64_t product, std::int64_t version, Units committed, Units sold = 0) {
  return {{ProductId{product}, version, 100, committed}, sold};
}

class FanoutRedis : public ::testing::Test {
 protected:
  struct Server {
    std::vector<StockNews> heard;
    std::optional<RedisFanout> fanout;
  };
  std::unique_ptr<Server> open() {
    auto server = std::make_unique<Server>();
    const auto listening = subscribers();
    Server* const raw = server.get();
    server->fanout.emplace(
        test::settings_for(redis_), [raw](const StockNews& heard) { raw->heard.push_back(heard); }, *clock_,
        loop_.executor(), make_null_log());
    server->fanout->start();
    EXPECT_TRUE(loop_.eventually([&] { return subscribers() == listening + 1; }));
    return server;
  }
  void publish(Server& server, const StockNews& what) {
    loop_.call([&] { server.fanout->publish(what); });
  }
  int subscribers() const {
    const std::string reply = redis_.ask({"PUBSUB", "NUMSUB", "buyme:stock"});
    return std::stoi(reply.substr(reply.rfind(':') + 1));
  }
  bool hears(const Server& server, std::size_t count) {
    return loop_.eventually([&] { return server.heard.size() >= count; });
  }
  bool hears_version(const Server& server, std::int64_t version) {
    return loop_.eventually(
        [&] { return !server.heard.empty() && server.heard.back().ledger.version >= version; });
  }
  void close(std::unique_ptr<Server>& server) {
    loop_.call([&] { server.reset(); });
  }

  RedisServer redis_;
  std::unique_ptr<Clock> clock_ = make_system_clock();
  test::Loop loop_;
};

TEST_F(FanoutRedis, WhatOneServerCommittedTheOthersHear) {
  auto a = open(), b = open();
  publish(*a, news(1, 5, 40, 30));
  ASSERT_TRUE(hears(*b, 1));
  EXPECT_EQ(b->heard[0].ledger.product, ProductId{1});
  EXPECT_EQ(b->heard[0].ledger.version, 5);
  EXPECT_EQ(b->heard[0].ledger.total, 100);
  EXPECT_EQ(b->heard[0].ledger.committed, 40);
  EXPECT_EQ(b->heard[0].sold, 30);
  EXPECT_TRUE(a->heard.empty()) << "nobody hears himself";
  close(a), close(b);
}

TEST_F(FanoutRedis, OlderVersionsAreIgnored) {
  auto a = open(), b = open(), c = open();
  publish(*a, news(1, 5, 40));
  ASSERT_TRUE(hears(*b, 1));
  ASSERT_TRUE(hears(*c, 1));
  publish(*b, news(1, 4, 39));  // b knows better by now, and says nothing
  redis_.ask({"PUBLISH", "buyme:stock", "somebody\n1 4 100 39 0\n1 5 100 39 0\n1 x\n2 1 100 7 0"});
  ASSERT_TRUE(hears(*c, 2));
  EXPECT_EQ(c->heard.size(), 2u);
  EXPECT_EQ(c->heard[1].ledger.product, ProductId{2});
  close(a), close(b), close(c);
}

TEST_F(FanoutRedis, AtMostTenMessagesASecondAndTheLastIsAlwaysHeard) {
  auto a = open(), b = open();
  const Monotonic begin = clock_->monotonic();
  for (std::int64_t version = 1; version <= 500; ++version) publish(*a, news(1, version, version / 5));
  ASSERT_TRUE(hears_version(*b, 500));
  const auto pauses = (clock_->monotonic() - begin) / std::chrono::nanoseconds(limits::fanout_pause);
  EXPECT_LE(std::ssize(b->heard), pauses + 1);
  EXPECT_LT(b->heard.front().ledger.version, 500) << "the first one at once";
  close(a), close(b);
}

TEST_F(FanoutRedis, AfterRedisWasAwayTheNewestIsTold) {
  auto a = open(), b = open();
  publish(*a, news(1, 1, 1));
  ASSERT_TRUE(hears(*b, 1));
  redis_.kill();
  for (std::int64_t version = 2; version <= 9; ++version) publish(*a, news(1, version, version));
  redis_.start(RedisServer::Data::empty);
  // It is told when a has come back, whether or not b has by then; so once more when b listens.
  ASSERT_TRUE(loop_.eventually([&] { return subscribers() == 2; }));
  publish(*a, news(1, 10, 10));
  ASSERT_TRUE(hears_version(*b, 10));
  close(a), close(b);
}

}  // namespace
}  // namespace buyme::stock
