#include "redis/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "redis/subscriber.hpp"
#include "support/redis_loop.hpp"

namespace buyme::redis {
namespace {

using test::Loop;
using test::RedisServer;

// Clients of a test, which live on the loop's thread.
class RedisClient : public ::testing::Test {
 protected:
  Client& open(Settings settings) {
    client_ = std::make_unique<Client>(std::move(settings), *clock_, loop_.executor(), make_null_log());
    client_->start();
    return *client_;
  }
  Client& open(const RedisServer& server) {
    Client& client = open(test::settings_for(server));
    EXPECT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
    return client;
  }
  Result<Reply> ask(Client& client, Words words) { return loop_.run(client.command(std::move(words))); }
  std::string text(Client& client, Words words) {
    const auto reply = ask(client, std::move(words));
    return reply ? reply->text : "failed: " + reply.error().detail;
  }
  void TearDown() override { loop_.stop(); }

  std::unique_ptr<Clock> clock_ = make_system_clock();
  Loop loop_;
  std::unique_ptr<Client> client_;
};

TEST_F(RedisClient, SaysWhoItIsAndUsesItsDatabase) {
  const RedisServer server({.password = "hush"});
  Settings settings = test::settings_for(server);
  settings.database = 3;
  Client& client = open(settings);
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(text(client, {"SET", "key", "value"}), "OK");
  EXPECT_EQ(server.ask({"GET", "key"}), "$-1\r\n") << "which is database 0";
  EXPECT_EQ(text(client, {"GET", "key"}), "value");
}

TEST_F(RedisClient, AWrongPasswordIsNoConnection) {
  const RedisServer server({.password = "hush"});
  Settings settings = test::settings_for(server);
  settings.credentials.password = "wrong";
  Client& client = open(settings);
  EXPECT_FALSE(loop_.run(client.connected_within(Milliseconds{200})));
  EXPECT_EQ(ask(client, {"PING"}).error().error, Error::store_unavailable);
}

TEST_F(RedisClient, LogsInAsAUser) {
  const RedisServer server;
  server.ask({"ACL", "SETUSER", "gate", "on", ">hush", "~*", "+@all"});
  Settings settings = test::settings_for(server);
  settings.credentials = {"gate", "hush"};
  Client& client = open(settings);
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(text(client, {"ACL", "WHOAMI"}), "gate");
}

TEST_F(RedisClient, AnErrorReplyFailsOneCommandAndNoOther) {
  const RedisServer server;
  Client& client = open(server);
  EXPECT_EQ(text(client, {"SET", "key", "text"}), "OK");
  const auto refused = ask(client, {"INCR", "key"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::store_unavailable);
  EXPECT_TRUE(refused.error().detail.starts_with("ERR")) << refused.error().detail;
  EXPECT_EQ(text(client, {"GET", "key"}), "text");
}

Awaitable<void> echo(Client& client, int number, int& right, int& left) {
  const std::string text = std::to_string(number);
  Words words{"ECHO", text};
  const auto reply = co_await client.command(std::move(words));
  if (reply && reply->text == text) ++right;
  --left;
}

TEST_F(RedisClient, CommandsOfManyShareAConnectionAndGetTheirOwnReplies) {
  const RedisServer server;
  Client& client = open(server);
  int right = 0, left = 1'000;
  loop_.call([&] {
    for (int i = 0; i < 1'000; ++i) {
      asio::co_spawn(loop_.executor(), echo(client, i, right, left), asio::detached);
    }
  });
  ASSERT_TRUE(loop_.eventually([&] { return left == 0; }));
  EXPECT_EQ(right, 1'000);
}

TEST_F(RedisClient, MoreInFlightThanAllowedIsOverloaded) {
  RedisServer server;
  Settings settings = test::settings_for(server);
  settings.in_flight = 10;
  settings.timeout = Milliseconds{2'000};
  Client& client = open(settings);
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  server.pause();
  int right = 0, left = 10;
  loop_.call([&] {
    for (int i = 0; i < 10; ++i) {
      asio::co_spawn(loop_.executor(), echo(client, i, right, left), asio::detached);
    }
  });
  const auto refused = ask(client, {"PING"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::overloaded);
  server.resume();
  ASSERT_TRUE(loop_.eventually([&] { return left == 0; }));
  EXPECT_EQ(right, 10);
  EXPECT_EQ(text(client, {"PING"}), "PONG");
}

TEST_F(RedisClient, ACommandWithoutAReplyFailsInTimeAndTheNextOnesAtOnce) {
  RedisServer server;
  Client& client = open(server);
  server.pause();
  const Monotonic before = clock_->monotonic();
  EXPECT_EQ(ask(client, {"PING"}).error().error, Error::store_unavailable);
  const auto waited = clock_->monotonic() - before;
  EXPECT_GE(waited, limits::redis_timeout);
  EXPECT_LT(waited, limits::redis_timeout + Milliseconds{500});
  EXPECT_EQ(ask(client, {"PING"}).error().error, Error::store_unavailable);
  EXPECT_LT(clock_->monotonic() - before - waited, limits::redis_timeout) << "nobody waits for it again";
  server.resume();
  EXPECT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(text(client, {"PING"}), "PONG");
}

TEST_F(RedisClient, ComesBackToAServerThatWasKilled) {
  RedisServer server;
  Client& client = open(server);
  server.kill();
  ASSERT_TRUE(loop_.eventually([&] { return !client.connected(); }));
  EXPECT_EQ(ask(client, {"PING"}).error().error, Error::store_unavailable);
  server.start();
  EXPECT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(text(client, {"PING"}), "PONG");
}

TEST_F(RedisClient, KeepsItsDataWhereTheServerDoes) {
  RedisServer server({.append_only = true});
  Client& client = open(server);
  EXPECT_EQ(text(client, {"SET", "key", "value"}), "OK");
  server.kill();
  ASSERT_TRUE(loop_.eventually([&] { return !client.connected(); }));
  server.start();
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(text(client, {"GET", "key"}), "value");
  server.stop();
  ASSERT_TRUE(loop_.eventually([&] { return !client.connected(); }));
  server.start(RedisServer::Data::empty);
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(ask(client, {"GET", "key"})->kind, Reply::Kind::nil);
}

TEST_F(RedisClient, AScriptThatTheServerForgotIsLoadedAgain) {
  const RedisServer server;
  Client& client = open(server);
  const Script script("return {KEYS[1], ARGV[1]}");
  const auto both = [&] {
    const auto reply = loop_.run(client.eval(script, {"key"}, {"argument"}));
    return reply ? reply->elements.at(0).text + " " + reply->elements.at(1).text : reply.error().detail;
  };
  EXPECT_EQ(both(), "key argument");
  EXPECT_EQ(server.ask({"SCRIPT", "EXISTS", script.sha1()}), "*1\r\n:1\r\n");
  server.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(both(), "key argument");
  EXPECT_EQ(server.ask({"SCRIPT", "EXISTS", script.sha1()}), "*1\r\n:1\r\n");
}

TEST_F(RedisClient, WhatWaitsWhenItEndsIsAnswered) {
  RedisServer server;
  Client& client = open(server);
  server.pause();
  int right = 0, left = 1;
  loop_.call([&] { asio::co_spawn(loop_.executor(), echo(client, 1, right, left), asio::detached); });
  loop_.call([&] { client_.reset(); });
  EXPECT_TRUE(loop_.eventually([&] { return left == 0; }));
  EXPECT_EQ(right, 0);
}

TEST_F(RedisClient, FindsTheMasterThroughSentinelsAndFollowsAFailover) {
  RedisServer master({.password = "hush"});
  RedisServer replica({.password = "hush", .replica_of = master.port()});
  const RedisServer sentinel({.password = "hush", .sentinel_of = master.port()});
  Settings settings = test::settings_for(sentinel);
  settings.servers.insert(settings.servers.begin(), {"127.0.0.1", 1});  // a sentinel that is away
  settings.master = "shop";
  settings.credentials.password = "hush";
  Client& client = open(settings);
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{5'000})));
  EXPECT_EQ(text(client, {"SET", "key", "value"}), "OK");
  ASSERT_TRUE(loop_.eventually([&] {
    return sentinel.ask({"SENTINEL", "replicas", "shop"}).find("master-link-status\r\n$2\r\nok") !=
           std::string::npos;
  })) << sentinel.ask({"SENTINEL", "replicas", "shop"});
  ASSERT_TRUE(loop_.eventually([&] { return replica.ask({"GET", "key"}) == "$5\r\nvalue\r\n"; }));
  master.kill();
  ASSERT_TRUE(loop_.eventually([&] { return !client.connected(); }));
  ASSERT_TRUE(loop_.run(client.connected_within(Milliseconds{20'000})));
  EXPECT_EQ(text(client, {"GET", "key"}), "value");
  EXPECT_EQ(text(client, {"SET", "key", "newer"}), "OK");
  EXPECT_EQ(replica.ask({"GET", "key"}), "$5\r\nnewer\r\n") << "the replica is the master now";
}

TEST_F(RedisClient, ASubscriberHearsWhatIsPublishedAndSaysWhenItListensAgain) {
  RedisServer server({.password = "hush"});
  std::vector<std::string> heard;
  int listening = 0;
  auto subscriber = std::make_unique<Subscriber>(
      test::settings_for(server), std::vector<std::string>{"one", "two"},
      Subscriber::Handlers{[&](std::string_view channel, std::string_view message) {
                             heard.push_back(std::string(channel) + ":" + std::string(message));
                           },
                           [&] { ++listening; }},
      *clock_, loop_.executor(), make_null_log());
  subscriber->start();
  ASSERT_TRUE(loop_.eventually([&] { return listening == 1; }));
  server.ask({"PUBLISH", "one", "a"});
  server.ask({"PUBLISH", "two", "b"});
  server.ask({"PUBLISH", "three", "c"});
  ASSERT_TRUE(loop_.eventually([&] { return heard.size() == 2; }));
  server.kill();
  ASSERT_TRUE(loop_.eventually([&] { return !subscriber->listening(); }));
  server.start();
  ASSERT_TRUE(loop_.eventually([&] { return listening == 2; }));
  server.ask({"PUBLISH", "one", "d"});
  ASSERT_TRUE(loop_.eventually([&] { return heard.size() == 3; }));
  EXPECT_EQ(heard, (std::vector<std::string>{"one:a", "two:b", "one:d"}));
  loop_.stop();
  subscriber.reset();
}

TEST_F(RedisClient, ASubscriberNoticesAServerThatIsGoneWithoutAWord) {
  RedisServer server;
  int listening = 0;
  auto subscriber =
      std::make_unique<Subscriber>(test::settings_for(server), std::vector<std::string>{"one"},
                                   Subscriber::Handlers{[](auto, auto) {}, [&] { ++listening; }}, *clock_,
                                   loop_.executor(), make_null_log());
  subscriber->start();
  ASSERT_TRUE(loop_.eventually([&] { return listening == 1; }));
  server.pause();
  EXPECT_TRUE(loop_.eventually([&] { return !subscriber->listening(); }));
  server.resume();
  EXPECT_TRUE(loop_.eventually([&] { return listening == 2; }));
  loop_.stop();
  subscriber.reset();
}

}  // namespace
}  // namespace buyme::redis
