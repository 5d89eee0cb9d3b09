// A shop of the real program with three buyers, an admin and one client for each.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "support/shop_process.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

class ShopTest : public ::testing::Test {
 protected:
  // `settings` as PATH=VALUE.
  void open_shop(const std::vector<std::string>& settings = {}) {
    accounts = make_accounts(directory(), 3);
    Arguments arguments;
    for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    shop.emplace(directory(), arguments);
    shop->start();
    connect();
  }

  // Anew after a restart, which takes another port.
  void connect() {
    admin.emplace(shop->client(accounts.admin_token));
    buyer.emplace(shop->client(accounts.buyers.at(0).token));
    other.emplace(shop->client(accounts.buyers.at(1).token));
    nobody.emplace(shop->client());
  }

  // The books of a stopped or running shop must add up at the end of every test.
  void TearDown() override {
    if (!shop) return;
    const AuditResult audit = audit_shop(directory());
    EXPECT_EQ(audit.status, 0) << audit.text;
  }

  std::filesystem::path directory() const { return place.path() / "data"; }
  std::int64_t buyer_id() const { return accounts.buyers.at(0).user; }

  HttpReply place_order(std::int64_t product, std::int64_t quantity = 1, const std::string& key = {}) {
    Headers headers;
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    return buyer->post("/api/orders", order_body(product, quantity), headers);
  }

  void expect_stock(std::int64_t product, std::int64_t available, std::int64_t held, std::int64_t sold) {
    const HttpReply stock = nobody->get("/api/products/" + std::to_string(product) + "/stock");
    ASSERT_EQ(stock.status, 200) << stock.body;
    EXPECT_EQ(stock.integer("available"), available) << stock.body;
    EXPECT_EQ(stock.integer("held"), held) << stock.body;
    EXPECT_EQ(stock.integer("sold"), sold) << stock.body;
    EXPECT_EQ(stock.integer("total"), available + held + sold) << stock.body;
  }

  TempDir place;
  Accounts accounts;
  std::optional<ShopProcess> shop;
  std::optional<HttpClient> admin, buyer, other, nobody;
};

}  // namespace buyme::test
