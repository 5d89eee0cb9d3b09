// Two servers over one MariaDB and one Redis, in mid-sale of which something happens to one of the parts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "chaos/crowd.hpp"
#include "core/limits.hpp"
#include "db/mysql.hpp"
#include "support/mariadb_server.hpp"
#include "support/redis_server.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

namespace {

constexpr std::int64_t stock = 60;
constexpr int buyers = 50;  // at each of the two servers
constexpr std::size_t threads = 6;

class SeveralServers : public ::testing::Test {
 protected:
  void SetUp() override {
    prefix = MariadbServer::new_database_name();
    db::MysqlSettings server;
    server.host = mariadb.host();
    server.port = mariadb.port();
    server.user = mariadb.user();
    server.password = mariadb.password();
    db::Mysql connection(server);
    for (const auto* service : {"user", "product", "order", "payment", "provider"}) {
      connection.query(fmt::format("CREATE DATABASE `{}_{}`", prefix, service));
    }
    for (int i = 0; i < 2; ++i) {
      shops[i] = std::make_unique<ShopProcess>(
          place.path() / fmt::format("server{}", i),
          Arguments{"--set", "payment.latency_ms=5", "--payment-success-rate", "0.8"});
      for (const std::string& setting : settings()) shops[i]->set_environment(setting);
      start(i);
    }
    accounts = make_accounts(shops[0]->directory(), 2 * buyers);
  }

  std::vector<std::string> settings() const {
    return {"BUYME_DATABASE_HOST=" + mariadb.host(),
            fmt::format("BUYME_DATABASE_PORT={}", mariadb.port()),
            "BUYME_DATABASE_USER=" + mariadb.user(),
            "BUYME_DATABASE_PASSWORD=" + mariadb.password(),
            "BUYME_DATABASE_PREFIX=" + prefix,
            fmt::format("BUYME_REDIS_SERVERS=127.0.0.1:{}", redis.port()),
            "BUYME_USER_TOKEN_KEY=a key that only these tests sign with"};
  }

  void start(int i) {
    shops[i]->start();
    ports[i] = shops[i]->port();
  }

  // Half of the buyers at each server; `fault` strikes when a third of the units are ordered.
  void sell(const std::function<void()>& fault = [] {}) {
    HttpClient admin = shops[0]->client(accounts.admin_token);
    const std::int64_t product = make_product(admin, stock, R"(,"perUserLimit":1)");
    Random random(chaos_seed(), "several servers");
    const auto half = accounts.buyers.begin() + buyers;
    const std::vector<Account> left(accounts.buyers.begin(), half), right(half, accounts.buyers.end());
    Crowd at_first(make_purchases(left, product, "first", random));
    Crowd at_second(make_purchases(right, product, "second", random));
    at_first.start(ports[0], threads);
    at_second.start(ports[1], threads);
    const auto placed = [&] { return at_first.placements() + at_second.placements(); };
    while (placed() < stock / 3 && !(at_first.is_over() && at_second.is_over())) {
      std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    fault();
    at_first.wait();
    at_second.wait();
    EXPECT_EQ(at_first.complaints(), std::vector<std::string>{});
    EXPECT_EQ(at_second.complaints(), std::vector<std::string>{});

    std::this_thread::sleep_for(2 * limits::ledger_refresh);  // what one sold, the other's board shows then
    std::vector<Purchase> all = at_first.purchases();
    all.insert(all.end(), at_second.purchases().begin(), at_second.purchases().end());
    for (auto& shop : shops) {
      HttpClient anew = shop->client(accounts.admin_token);
      expect_as_told(anew, put_up(product, stock, 1), all);
      const HttpReply audit = anew.get("/api/admin/audit");
      EXPECT_NE(audit.body.find(R"("passed":true)"), std::string::npos) << audit.body;
    }
  }

  TempDir place;
  MariadbServer mariadb;
  RedisServer redis;
  std::string prefix;
  std::unique_ptr<ShopProcess> shops[2];
  std::atomic<std::uint16_t> ports[2] = {0, 0};
  Accounts accounts;
};

TEST_F(SeveralServers, SellEachUnitOnceAndKeepTheLimitTogether) {
  sell();
  for (auto& shop : shops) EXPECT_EQ(shop->stop(), 0) << shop->errors();
}

TEST_F(SeveralServers, OneIsKilledAndComesBack) {
  sell([&] {
    shops[0]->kill();
    start(0);
  });
}

TEST_F(SeveralServers, RedisIsKilledAndComesBackEmpty) {
  sell([&] {
    redis.kill();
    redis.start(RedisServer::Data::empty);
  });
}

TEST_F(SeveralServers, RedisGoesAndTheSaleGoesOn) {
  redis.kill();
  sell();
}

TEST_F(SeveralServers, TheDatabaseIsKilledAndComesBack) {
  sell([&] {
    mariadb.kill();
    mariadb.start();
  });
}

// Whoever has put something up for sale asks any server about it, and sends others there.
TEST_F(SeveralServers, WhatOnePutsUpForSaleTheOtherKnowsAtOnce) {
  HttpClient admin = shops[0]->client(accounts.admin_token), there = shops[1]->client();
  for (int i = 0; i < 10; ++i) {
    const std::int64_t product = make_product(admin, stock);
    EXPECT_EQ(there.get(fmt::format("/api/products/{}/stock", product)).integer("available"), stock);
  }
  EXPECT_EQ(there.get("/api/products/4711/stock").status, 404);
}

TEST_F(SeveralServers, ATokenRevokedAtOneIsRefusedAtTheOther) {
  const Account& account = accounts.buyers[0];
  HttpClient here = shops[0]->client(account.token), there = shops[1]->client(account.token);
  ASSERT_EQ(there.get("/api/users/me").status, 200);
  ASSERT_EQ(here.request("DELETE", "/api/users/me").status, 204);
  int status = 200;
  for (int tries = 0; tries < 500 && status != 401; ++tries) {
    status = there.get("/api/users/me").status;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  EXPECT_EQ(status, 401);
}

}  // namespace

}  // namespace buyme::test
