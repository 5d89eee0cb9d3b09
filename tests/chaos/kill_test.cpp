// kill -9 in mid-sale and in mid-payment, at moments drawn from a seed and tied to what the buyers have seen,
// so that they fall into a sale on a fast machine and on a slow one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "chaos/crowd.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

namespace {

constexpr std::int64_t stock = 24;
constexpr int buyers = 40;
constexpr std::size_t threads = 10;
constexpr int normal_rounds = 40;

class Kill : public ::testing::Test {
 protected:
  void SetUp() override {
    accounts = make_accounts(directory(), buyers);
    shop.emplace(directory(), Arguments{"--set", "payment.latency_ms=15", "--payment-success-rate", "0.8"});
    start();
  }

  void start() {
    shop->start();
    port = shop->port();
  }

  // Whatever is under way; then the buyers find nobody until the shop is there again.
  void kill_and_restart(Random& random) {
    std::this_thread::sleep_for(std::chrono::microseconds{random.below(4'000)});
    shop->kill();
    start();
    while (random.chance(0.25)) {  // once more, while it takes up what the first one left
      std::this_thread::sleep_for(std::chrono::microseconds{random.below(30'000)});
      shop->kill();
      start();
    }
  }

  std::filesystem::path directory() const { return place.path() / "data"; }

  TempDir place;
  Accounts accounts;
  std::optional<ShopProcess> shop;
  std::atomic<std::uint16_t> port = 0;
};

TEST_F(Kill, NothingIsLostSoldTwiceOrChargedTwice) {
  Random random(chaos_seed(), "kill");
  const int rounds = chaos_rounds(normal_rounds);
  std::vector<drop::ProductView> products;
  std::vector<Purchase> all;
  int cut = 0, kills_in_sale = 0;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    const bool in_payment = round % 2 == 1;
    const auto moment = static_cast<int>(random.below(in_payment ? 12 : stock - 4)) + 1;
    SCOPED_TRACE(
        fmt::format("round {}, killed after {} {}", round, moment, in_payment ? "payments" : "orders"));

    HttpClient admin = shop->client(accounts.admin_token);
    const std::int64_t limit = random.chance(0.5) ? 1 : 0;
    const std::int64_t product = make_product(admin, stock, limit > 0 ? R"(,"perUserLimit":1)" : "");
    products.push_back(put_up(product, stock, limit));
    Crowd crowd(make_purchases(accounts.buyers, product, fmt::format("round{}", round), random));
    crowd.start(port, threads);
    while (!crowd.is_over() && (in_payment ? crowd.payments() : crowd.placements()) < moment) {
      std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    if (!crowd.is_over()) ++kills_in_sale;
    kill_and_restart(random);
    crowd.wait();
    ASSERT_EQ(crowd.complaints(), std::vector<std::string>{});
    cut += crowd.cut();

    HttpClient anew = shop->client(accounts.admin_token);
    expect_as_told(anew, products.back(), crowd.purchases());
    all.insert(all.end(), crowd.purchases().begin(), crowd.purchases().end());
    if (round % 6 == 5) expect_books(directory(), products, all);
  }
  EXPECT_EQ(shop->stop(), 0);
  expect_books(directory(), products, all);
  std::cout << fmt::format("{} kills in mid-sale, {} requests cut\n", kills_in_sale, cut);
  EXPECT_GE(kills_in_sale, rounds * 5 / 6) << "the kills missed the sales";
  EXPECT_GT(cut, 0) << "no kill hit a request";
}

}  // namespace

}  // namespace buyme::test
