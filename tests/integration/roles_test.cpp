// The shop as four services that ask each other: what a person sees is what one process shows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <functional>
#include <thread>

#include "support/split_shop.hpp"

namespace buyme::test {

namespace {

class Services : public ::testing::Test {
 protected:
  void SetUp() override {
    shop = std::make_unique<SplitShop>(Arguments{"BUYME_PAYMENT_SUCCESS_RATE=1"});
    accounts = make_accounts(shop->server(Role::user).directory(), 2);
  }

  HttpClient admin(Role role) { return shop->client(role, accounts.admin_token); }
  HttpClient buyer(Role role) { return shop->client(role, accounts.buyers[0].token); }
  std::int64_t product(std::int64_t stock) {
    HttpClient client = admin(Role::product);
    return make_product(client, stock);
  }
  std::int64_t order(std::int64_t product) {
    const HttpReply placed = buyer(Role::order).post("/api/orders", order_body(product));
    EXPECT_EQ(placed.status, 201) << placed.body;
    return placed.integer("orderId");
  }
  std::string status_of(std::int64_t order) {
    return admin(Role::order).get(order_path(order)).text("orderStatus");
  }
  static bool eventually(const std::function<bool()>& holds) {
    for (int tries = 0; tries < 1'000; ++tries) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
  }
  void expect_balanced_books() {
    const HttpReply audit = admin(Role::order).get("/api/admin/audit");
    EXPECT_EQ(audit.status, 200);
    EXPECT_NE(audit.body.find(R"("passed":true)"), std::string::npos) << audit.body;
  }

  std::unique_ptr<SplitShop> shop;
  Accounts accounts;
};

TEST_F(Services, AnOrderGoesThroughAllOfThem) {
  const std::int64_t shoes = product(3);
  const std::int64_t kept = order(shoes), canceled = order(shoes);
  EXPECT_EQ(buyer(Role::payment).post(order_path(kept, "enter-payment")).status, 200);
  for (const std::int64_t each : {kept, canceled}) {
    const HttpReply paid = buyer(Role::payment).post(order_path(each, "attempt-payment"));
    EXPECT_EQ(paid.text("orderStatus"), "PAID") << paid.body;
  }
  EXPECT_EQ(buyer(Role::order).post(order_path(canceled, "cancel")).status, 200);
  EXPECT_EQ(status_of(kept), "PAID");

  // The refund goes from the orders' outbox to the payment service, by itself.
  EXPECT_TRUE(eventually([&] {
    const HttpReply payments = buyer(Role::payment).get(order_path(canceled, "payments"));
    return payments.body.find(R"("DONE")") != std::string::npos;
  }));
  const HttpReply stock = buyer(Role::product).get(fmt::format("/api/products/{}/stock", shoes));
  EXPECT_EQ(stock.integer("available"), 2) << stock.body;
  const HttpReply history = admin(Role::product).get(fmt::format("/api/products/{}/stock/history", shoes));
  EXPECT_EQ(history.status, 200) << history.body;
  expect_balanced_books();
}

TEST_F(Services, AnotherBuyersOrderIsNotThereForThePaymentServiceEither) {
  const std::int64_t mine = order(product(1));
  HttpClient other = shop->client(Role::payment, accounts.buyers[1].token);
  for (const auto* action : {"enter-payment", "attempt-payment"}) {
    EXPECT_EQ(other.post(order_path(mine, action)).status, 404) << action;
  }
  EXPECT_EQ(other.get(order_path(mine, "payments")).status, 404);
  EXPECT_EQ(status_of(mine), "PENDING");
}

TEST_F(Services, AnAccountThatEndsLosesItsOrdersAndItsTokensEverywhere) {
  const std::int64_t shoes = product(1), unpaid = order(shoes);
  EXPECT_EQ(buyer(Role::product).post("/api/wishlist", fmt::format(R"({{"productId":{}}})", shoes)).status,
            201);
  EXPECT_EQ(shop->number(Role::product, "SELECT COUNT(*) FROM wishlist"), 1);
  EXPECT_EQ(buyer(Role::user).request("DELETE", "/api/users/me").status, 204);
  EXPECT_TRUE(eventually([&] { return status_of(unpaid) == "CANCELED"; }));
  EXPECT_TRUE(eventually([&] { return shop->number(Role::product, "SELECT COUNT(*) FROM wishlist") == 0; }));
  const std::pair<Role, std::string> own[] = {{Role::user, "/api/users/me"},
                                              {Role::product, "/api/wishlist"},
                                              {Role::order, "/api/orders"},
                                              {Role::payment, order_path(unpaid, "payments")}};
  for (const auto& [role, path] : own) {
    EXPECT_TRUE(eventually([&] { return buyer(role).get(path).status == 401; })) << path;
  }
  expect_balanced_books();
}

TEST_F(Services, WithoutTheOrderServiceTheOthersSaySoAndFinishLater) {
  const std::int64_t shoes = product(2);
  const std::int64_t unpaid = order(shoes);
  shop->server(Role::order).kill();

  const HttpReply refused = buyer(Role::payment).post(order_path(unpaid, "attempt-payment"));
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(shop->client(Role::product).get("/healthz").status, 200);
  EXPECT_EQ(shop->client(Role::user).get("/readyz").status, 200);
  const auto raise = [&] {
    return admin(Role::product)
        .post(fmt::format("/api/products/{}/stock/adjust", shoes),
              R"({"delta":5,"reason":"found in the cellar"})", {{"Idempotency-Key", "cellar"}});
  };
  EXPECT_GE(raise().status, 500);

  shop->server(Role::order).start();
  EXPECT_TRUE(eventually(
      [&] { return buyer(Role::payment).post(order_path(unpaid, "attempt-payment")).status == 200; }));
  EXPECT_EQ(status_of(unpaid), "PAID");
  EXPECT_TRUE(eventually([&] { return raise().status == 200; }));
  const HttpReply stock = shop->client(Role::product).get(fmt::format("/api/products/{}/stock", shoes));
  EXPECT_EQ(stock.integer("total"), 7) << stock.body;
  expect_balanced_books();
}

TEST_F(Services, TheirDoorsOpenToTheCredentialAlone) {
  const std::string body = R"({"product":1})";
  for (const Role role : {Role::user, Role::product, Role::order, Role::payment}) {
    HttpClient client = admin(role);
    for (const auto* path : {"/internal/orders/stock", "/internal/payments/take-refund", "/internal/"}) {
      EXPECT_EQ(client.post(path, body).status, 404) << name_of(role) << " " << path;
      EXPECT_EQ(client.post(path, body, {{"X-Buyme-Service", "shown-by-nobody-who-knows-it-really"}}).status,
                404);
    }
  }
}

}  // namespace

}  // namespace buyme::test
