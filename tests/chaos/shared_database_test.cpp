// Two servers over one MariaDB and one Redis, and something happens to the database, or to a connection to
// it. Whoever was told 201 has his order; what nobody can know is settled, not guessed.
#include <fmt/format.h>

#include <future>
#include <thread>

#include "chaos/shared_shop.hpp"
#include "core/limits.hpp"
#include "support/lossy_proxy.hpp"
#include "support/small_disk.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;
using Wall = std::chrono::steady_clock;

class SharedDatabase : public SharedShop {
 protected:
  // One server's connections go through it.
  void lose_connections(const std::string& name, LossyProxy::Lost what) {
    database = std::make_unique<MariadbServer>();
    LossyProxy proxy(database->port());
    database_ports[0] = proxy.port();
    sell_while(name, [&](Random& random) {
      proxy.lose(random.chance(0.7) ? "writer_batch" : "COMMIT", what);
      for (int tries = 0; tries < 5'000 && !proxy.has_lost() && !sale_is_over(); ++tries) {
        std::this_thread::sleep_for(milliseconds{1});
      }
      EXPECT_TRUE(proxy.has_lost());
      std::this_thread::sleep_for(milliseconds{random.below(500)});
      proxy.let_in();
    });
    shops = {};  // before the proxy, which they talk to
  }
};

TEST_F(SharedDatabase, IsKilledAndComesBack) {
  sell_while("the database is killed", [this](Random& random) {
    database->kill();
    std::this_thread::sleep_for(milliseconds{random.below(500)});
    database->start();
  });
}

// A disk or a network that swallows everything looks like this. Nobody hangs meanwhile.
TEST_F(SharedDatabase, StandsStill) {
  sell_while("the database stands still", [this](Random& random) {
    const std::int64_t product = put_up_for_sale(10, 0);
    std::vector<Purchase> given_up;
    database->pause();
    const auto until = Wall::now() + limits::database_answer_timeout + limits::database_connect_timeout +
                       milliseconds{1'000 + random.below(3'000)};
    for (int asked = 0; Wall::now() < until; ++asked) {
      const auto since = Wall::now();
      Purchase& purchase = given_up.emplace_back(
          make_purchase(accounts.buyers[0], fmt::format("silence-{}-{}", product, asked), product));
      purchase.begun = purchase.attempt.gave_up = purchase.attempt.answer_lost = true;
      HttpClient client(ports[asked % servers], purchase.account.token);
      const HttpReply reply =
          client.post("/api/orders", order_body(product), {{"Idempotency-Key", purchase.attempt.key}});
      EXPECT_EQ(reply.status, 503) << reply.body;
      EXPECT_LT(Wall::now() - since, back_within) << "a buyer was kept waiting";
    }
    database->resume();
    remember(product, given_up);
  });
}

TEST_F(SharedDatabase, LosesAConnectionBeforeACommitReachesIt) {
  lose_connections("a COMMIT is lost on its way", LossyProxy::Lost::question);
}

TEST_F(SharedDatabase, LosesAConnectionBehindACommit) {
  lose_connections("the answer to a COMMIT is lost", LossyProxy::Lost::answer);
}

// What InnoDB cannot undo without room it does not survive: then the database ends itself, about every second
// time, and whoever watches over it (Compose, systemd) starts it again.
TEST_F(SharedDatabase, HasAFullDisk) {
  constexpr std::int64_t megabyte = 1024 * 1024;
  SmallDisk disk(192 * megabyte);
  database = std::make_unique<MariadbServer>(std::vector<std::string>{}, disk.path() / "data");
  open();
  const std::int64_t product = put_up_for_sale(1'000'000, 0);
  std::array<std::unique_ptr<Crowd>, servers> crowds;
  for (std::size_t i = 0; i < servers; ++i) {
    std::vector<Purchase> purchases;
    for (std::size_t n = 0; n < 50'000; ++n) {
      const Account& account = accounts.buyers[n % accounts.buyers.size()];
      purchases.push_back(make_purchase(account, fmt::format("disk-{}-{}", i, n), product));
      purchases.back().plan = n % 4 == 0 ? Purchase::Plan::pay : Purchase::Plan::walk_away;
    }
    crowds[i] = std::make_unique<Crowd>(std::move(purchases));
    crowds[i]->start(ports[i], threads);
  }
  const auto placed = [&] { return crowds[0]->placements() + crowds[1]->placements(); };
  const auto unavailable = [&] { return crowds[0]->unavailable() + crowds[1]->unavailable(); };
  for (int left = rounds_of_each_fault(); left > 0 && !HasFailure(); --left) {
    const int sold_before = placed(), refused_before = unavailable();
    while (placed() < sold_before + 50) std::this_thread::sleep_for(milliseconds{1});
    disk.fill_up_to(0);
    const auto full_until = Wall::now() + milliseconds{10'000};
    while (Wall::now() < full_until && unavailable() < refused_before + 200 && !database->has_ended()) {
      std::this_thread::sleep_for(milliseconds{1});
    }
    EXPECT_GT(unavailable(), refused_before) << "the disk does not fill";
    disk.empty();
    auto served = std::async(std::launch::async, [this] { return until_served(); });
    do {
      if (database->has_ended()) database->start();
    } while (served.wait_for(milliseconds{10}) != std::future_status::ready);
    const milliseconds back = served.get();
    EXPECT_LT(back, back_within);
    count_round("the database's disk is full", !crowds[0]->is_over(), back);
  }
  for (auto& crowd : crowds) {
    crowd->send_home();
    crowd->wait();
    EXPECT_EQ(crowd->complaints(), std::vector<std::string>{});
    EXPECT_EQ(crowd->cut(), 0) << "a request had no answer";
    remember(product, crowd->purchases());
  }
  std::this_thread::sleep_for(2 * limits::ledger_refresh);
  expect_told(product);
  expect_sound_books("the database's disk is full");
  shops = {};
  database.reset();
}

}  // namespace

}  // namespace buyme::test
