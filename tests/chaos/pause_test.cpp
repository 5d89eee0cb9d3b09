// A shop that is stopped for three seconds in mid-sale, as a machine under a debugger, a snapshot or a page
// storm is. Buyers who waited longer than the queue's deadline are told 503 or have their order; nobody
// hangs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "chaos/crowd.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

namespace {

TEST(Pause, TheSaleGoesOnAndAddsUp) {
  constexpr std::int64_t stock = 60;
  constexpr int buyers = 120;
  constexpr std::size_t threads = 30;
  const TempDir place;
  const std::filesystem::path directory = place.path() / "data";
  const Accounts accounts = make_accounts(directory, buyers);
  ShopProcess shop(directory, {"--set", "payment.latency_ms=10"});
  shop.start();
  const std::atomic<std::uint16_t> port = shop.port();
  HttpClient admin = shop.client(accounts.admin_token);
  const std::int64_t product = make_product(admin, stock, R"(,"perUserLimit":1)");

  Random random(chaos_seed(), "pause");
  const auto moment = static_cast<int>(random.below(40)) + 1;
  Crowd crowd(make_purchases(accounts.buyers, product, "pause", random));
  crowd.start(port, threads);
  while (!crowd.is_over() && crowd.placements() < moment) {
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  ASSERT_FALSE(crowd.is_over()) << "the sale was over before the pause";
  shop.signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds{3});
  shop.signal(SIGCONT);
  crowd.wait();

  ASSERT_EQ(crowd.complaints(), std::vector<std::string>{});
  EXPECT_EQ(crowd.cut(), 0) << "a connection was dropped";
  std::cout << fmt::format("{} answers were 503\n", crowd.unavailable());
  expect_as_told(admin, put_up(product, stock, 1), crowd.purchases());
  EXPECT_EQ(shop.stop(), 0);
  expect_books(directory, {put_up(product, stock, 1)}, crowd.purchases());
}

}  // namespace

}  // namespace buyme::test
