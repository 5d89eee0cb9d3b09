// Several servers of one shop over one MariaDB and one Redis, in mid-sale of which something happens to one
// of the parts. Whatever it is, a sale ends in the same questions: does the shop show what the buyers were
// told, do the books of its databases add up, and how long were buyers turned away once the part was back?
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chaos/crowd.hpp"
#include "db/mysql.hpp"
#include "support/gateway.hpp"
#include "support/mariadb_server.hpp"
#include "support/redis_server.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

class SharedShop : public ::testing::Test {
 protected:
  static constexpr std::size_t servers = 2;
  static constexpr std::int64_t stock = 60;
  static constexpr int buyers = 50;                      // at each of the servers
  static constexpr std::size_t threads = 6;              // of buyers at each of them
  static constexpr std::chrono::seconds back_within{5};  // the first order after the part's return

  // What happens in mid-sale; it returns when the part that it struck is back.
  using Fault = std::function<void(Random&)>;

  // What a test changes about its shop comes before open().
  std::vector<std::string> settings;                          // NAME=value, of every server
  std::array<std::vector<std::string>, servers> environment;  // of one of them
  std::array<std::uint16_t, servers> database_ports{};        // 0: the database's own
  bool apart = false;  // servers of one role each behind the gateway, `servers` of them for orders
  std::unique_ptr<MariadbServer> database;  // none: open() starts one
  std::unique_ptr<RedisServer> redis;       // likewise, unless redis.servers is set

  // Starts what is not there yet, on databases of its own, and makes the accounts. A second call ends the
  // first shop and forgets its sales.
  void open();
  void start(std::size_t server);

  // Sales with this fault in the middle of each: one, or as many as BUYME_CHAOS_ROUNDS leaves to each fault.
  void sell_while(const std::string& name, const Fault& fault);
  void sell(const Fault& fault, const std::string& name);  // one of them
  static int rounds_of_each_fault();

  HttpClient admin(std::size_t server) { return HttpClient(ports[server], accounts.admin_token); }
  // What /readyz answers, within the second that a look is good for and some more.
  bool says_of_itself(std::size_t server, int readiness);
  // As far as the crowds of the sale under way have come; await_placed() returns at its end at the latest.
  int placed() const;
  bool sale_is_over() const;
  void await_placed(int count) const;
  // Orders at each server until each has answered with 201; the longer of the two times.
  std::chrono::milliseconds until_served();

  std::int64_t put_up_for_sale(std::int64_t units, std::int64_t limit);
  void remember(std::int64_t product, const std::vector<Purchase>& purchases);
  // What every server shows of the product, and the books of all sales so far, against what buyers were told.
  void expect_told(std::int64_t product);
  void expect_sound_books(const std::string& name);
  // For the table at the end. `struck`: in mid-sale; `back`: until the first order was taken again.
  static void count_round(const std::string& name, bool struck, std::chrono::milliseconds back);

  std::array<std::unique_ptr<ShopProcess>, servers> shops;
  std::array<std::atomic<std::uint16_t>, servers> ports{};  // where buyers ask; apart: the gateway's, twice
  std::unique_ptr<ShopProcess> users, products, payments;   // apart
  std::unique_ptr<Gateway> gateway;                         // likewise
  Accounts accounts;

 private:
  struct Wares {
    drop::ProductView product;
    std::vector<Purchase> purchases;
  };
  db::MysqlSettings database_server() const;
  void make_databases();
  std::unique_ptr<ShopProcess> make_server(const std::string& name, Arguments more,
                                           std::uint16_t database_port, const std::vector<std::string>& own);
  void start_together();
  void start_apart();
  Wares& wares_of(std::int64_t product);

  TempDir place_;
  std::string prefix_;
  std::unique_ptr<Random> random_;
  std::vector<Wares> wares_;  // ascending by product
  std::array<std::unique_ptr<Crowd>, servers> crowds_;
  std::int64_t probed_ = 0;  // the product that until_served() orders
  int probes_ = 0, rounds_ = 0;
};

}  // namespace buyme::test
