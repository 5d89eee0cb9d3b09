// Two servers over one MariaDB and one Redis, and something happens to Redis: it goes, stands still, forgets,
// or is replaced by a replica that knows less. It decides nothing, so nobody is sold a unit twice; and it is
// not waited for.
#include <fmt/format.h>

#include <thread>

#include "chaos/shared_shop.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;

class SharedRedis : public SharedShop {
 protected:
  void pause_a_little(Random& random) const {
    std::this_thread::sleep_for(milliseconds{random.below(1'500)});
  }
};

TEST_F(SharedRedis, IsKilledAndComesBackEmpty) {
  sell_while("Redis is killed, comes back empty", [this](Random& random) {
    redis->kill();
    pause_a_little(random);
    redis->start(RedisServer::Data::empty);
  });
}

// As with appendfsync everysec: what it says was true a moment ago.
TEST_F(SharedRedis, IsKilledAndComesBackWithAnOldFile) {
  redis = std::make_unique<RedisServer>(RedisServer::Settings{.append_only = true});
  sell_while("Redis is killed, comes back with an old AOF", [this](Random&) {
    redis->remember();
    await_placed(placed() + 8);
    redis->kill();
    redis->start(RedisServer::Data::remembered);
  });
}

TEST_F(SharedRedis, StandsStill) {
  sell_while("Redis stands still", [this](Random& random) {
    redis->pause();
    std::this_thread::sleep_for(milliseconds{1'000 + random.below(2'000)});
    redis->resume();
  });
}

TEST_F(SharedRedis, IsGoneAndTheSaleGoesOn) {
  sell_while("Redis is gone, the sale goes on", [this](Random&) {
    redis->kill();
    await_placed(placed() + 20);
    EXPECT_LT(until_served(), back_within) << "without Redis";
    EXPECT_TRUE(says_of_itself(0, 200)) << "it sells";
    redis->start(RedisServer::Data::empty);
  });
}

TEST_F(SharedRedis, IsGoneAndOrdersAreRefusedAtOnce) {
  settings = {"BUYME_REDIS_WHEN_AWAY=refuse"};
  sell_while("Redis is gone, orders are refused", [this](Random&) {
    redis->kill();
    std::this_thread::sleep_for(milliseconds{300});  // answers that were under way
    const int placed_before = placed();
    for (std::size_t i = 0; i < servers; ++i) {
      // A wait for the queue's deadline would let a crowd of the refused fill the queue.
      HttpClient client(ports[i], accounts.buyers[0].token, limits::placement_deadline / 2);
      const std::int64_t product = put_up_for_sale(1, 0);
      const HttpReply reply = client.post("/api/orders", order_body(product));
      EXPECT_EQ(reply.status, 503) << reply.body;
      EXPECT_EQ(reply.code(), "OVERLOADED");
      EXPECT_TRUE(says_of_itself(i, 503)) << "it sells nothing";
    }
    EXPECT_EQ(placed(), placed_before) << "an order was taken without the gate";
    EXPECT_FALSE(sale_is_over());
    redis->start(RedisServer::Data::empty);
    EXPECT_TRUE(says_of_itself(0, 200));
  });
}

double value_of(const std::string& metrics, const std::string& sample) {
  const std::size_t at = metrics.find("\n" + sample + " ");
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + sample.size() + 2));
}

TEST_F(SharedRedis, WhatItHoldsAndThatItIsGoneIsSeenInTheMetrics) {
  open();
  const std::int64_t product = put_up_for_sale(10, 0);
  HttpClient buyer(ports[0], accounts.buyers[0].token);
  ASSERT_EQ(buyer.post("/api/orders", order_body(product, 3)).status, 201);
  const std::string gate = fmt::format("buyme_gate_units{{product=\"{}\"}}", product);
  std::string metrics;
  for (std::size_t i = 0; i < servers; ++i) {
    metrics.clear();
    for (int tries = 0; tries < 400 && value_of(metrics, gate) != 7; ++tries) {
      metrics = admin(i).get("/metrics").body;
    }
    EXPECT_EQ(value_of(metrics, gate), 7) << "at server " << i;
    EXPECT_EQ(value_of(metrics, "buyme_gate_unanswered_total"), 0);
    EXPECT_EQ(value_of(metrics, "buyme_holds{expires=\"later\"}"), 1);
    EXPECT_EQ(value_of(metrics, "buyme_payment_attempts_open"), 0);
  }
  // What another server has in flight is granted to nobody.
  const auto lease = std::chrono::system_clock::now().time_since_epoch() + std::chrono::seconds{60};
  const auto deadline = std::chrono::duration_cast<milliseconds>(lease).count();
  redis->ask(
      {"HSET", fmt::format("{{product:{}}}", product), "server:other", fmt::format("1 4 {} 0", deadline)});
  EXPECT_EQ(value_of(admin(1).get("/metrics").body, gate), 3);

  const auto audit_names = [this](std::string_view check) {
    const std::string report = admin(0).get("/api/admin/audit").body;
    EXPECT_NE(report.find(R"("passed":true)"), std::string::npos) << report;
    return report.find(check) != std::string::npos;
  };
  EXPECT_TRUE(audit_names("gate-against-ledger"));
  redis->ask({"HDEL", fmt::format("{{product:{}}}", product), "server:other"});
  EXPECT_FALSE(audit_names("gate-"));

  redis->kill();
  ASSERT_EQ(buyer.post("/api/orders", order_body(product, 1)).status, 201);
  metrics = admin(0).get("/metrics").body;
  EXPECT_EQ(value_of(metrics, gate), -1) << "nobody knows it";
  EXPECT_GE(value_of(metrics, "buyme_gate_unanswered_total"), 1);
  EXPECT_TRUE(audit_names("gate-away"));
}

// A master, a replica that misses its last writes, and a sentinel that makes it the master.
class SharedReplica : public SharedRedis {
 protected:
  static void await(const RedisServer& server, const std::string& command, const std::string& word) {
    for (int tries = 0; tries < 2'000; ++tries) {
      if (server.ask({command}).find(word) != std::string::npos) return;
      std::this_thread::sleep_for(milliseconds{5});
    }
    ADD_FAILURE() << "no " << word << " from " << command;
  }
  static void await_replica(const RedisServer& replica, const RedisServer& sentinel) {
    await(replica, "INFO", "master_link_status:up");
    for (int tries = 0; tries < 3'000; ++tries) {
      if (sentinel.ask({"SENTINEL", "REPLICAS", "shop"}).find("master-link-status\r\n$2\r\nok") !=
          std::string::npos) {
        return;
      }
      std::this_thread::sleep_for(milliseconds{5});
    }
    ADD_FAILURE() << "the sentinel knows no replica";
  }
};

TEST_F(SharedReplica, ThatMissedWritesIsPromoted) {
  for (int left = rounds_of_each_fault(); left > 0 && !HasFailure(); --left) {
    auto master = std::make_unique<RedisServer>();
    auto replica = std::make_unique<RedisServer>(RedisServer::Settings{.replica_of = master->port()});
    const RedisServer sentinel(RedisServer::Settings{.sentinel_of = master->port()});
    settings = {fmt::format("BUYME_REDIS_SERVERS=127.0.0.1:{}", sentinel.port()), "BUYME_REDIS_MASTER=shop"};
    await_replica(*replica, sentinel);
    open();
    sell(
        [&](Random&) {
          replica->pause();
          await_placed(placed() + 8);
          master->kill();
          replica->resume();
          await(*replica, "ROLE", "master");
        },
        "a replica that missed writes is promoted");
    shops = {};  // before the Redis that they talk to
  }
}

}  // namespace

}  // namespace buyme::test
