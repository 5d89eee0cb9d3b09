// Many clients do everything to one order at once.
#include <fmt/format.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <latch>
#include <thread>

#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

using Race = ShopTest;

constexpr int clients = 50;
constexpr int rounds = 200;

// Paid, canceled and expired at the same moment, 200 times: charged at most once, one final state, the unit
// given back exactly once, the money too. The books say so after each round of tests; here is what the buyer
// sees.
TEST_F(Race, PayCancelAndExpiryOfOneOrderLeaveOneEnd) {
  open_shop({"order.hold_seconds=1", "order.payment_grace_seconds=0", "payment.success_rate=0.7"});
  const std::int64_t product = make_product(*admin, 1'000);
  std::vector<HttpClient> tabs;
  for (int i = 0; i < clients; ++i) tabs.push_back(shop->client(accounts.buyers.at(0).token));

  std::vector<std::int64_t> orders;
  for (int i = 0; i < rounds; ++i) orders.push_back(place_order(product).integer("orderId"));
  std::atomic<int> unexpected{0};
  std::vector<std::jthread> crowd;
  std::latch begin(clients);
  for (int tab = 0; tab < clients; ++tab) {
    crowd.emplace_back([&, tab] {
      begin.arrive_and_wait();
      for (std::size_t i = 0; i < orders.size(); ++i) {
        // Not all in step, so that holds lapse between a payment's claim and its end.
        const char* action = (tab + static_cast<int>(i)) % 3 == 0 ? "cancel" : "attempt-payment";
        const HttpReply reply = tabs[static_cast<std::size_t>(tab)].post(order_path(orders[i], action));
        const bool known =
            reply.status == 200 || reply.status == 402 || reply.status == 409 || reply.status == 503;
        if (!known) ++unexpected;
      }
    });
  }
  crowd.clear();
  EXPECT_EQ(unexpected, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds{2'500});  // the last holds lapse, refunds are made

  std::int64_t paid = 0;
  for (const auto order : orders) {
    const std::string status = buyer->get(order_path(order)).text("orderStatus");
    EXPECT_TRUE(status == "PAID" || status == "CANCELED" || status == "EXPIRED") << status;
    paid += status == "PAID";
    std::int64_t kept = 0;
    const json::object payments = buyer->get(order_path(order, "payments")).json();
    const json::array attempts = payments.at("attempts").as_array();
    for (const auto& attempt : attempts) kept += attempt.at("state").as_string() == "SUCCEEDED" ? 1'000 : 0;
    const json::array refunds = payments.at("refunds").as_array();
    for (const auto& refund : refunds) kept -= refund.at("amount").as_int64();
    EXPECT_EQ(kept, status == "PAID" ? 1'000 : 0) << "order " << order << " is " << status;
  }
  expect_stock(product, 1'000 - paid, 0, paid);
}

}  // namespace

}  // namespace buyme::test
