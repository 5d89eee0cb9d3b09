// The whole life of an account over HTTP: from sign-up to the end, with all that happens to its sessions.
#include <fmt/format.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <thread>

#include "db/sqlite.hpp"
#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

class AccountLife : public ShopTest {
 protected:
  HttpReply sign_up(const std::string& name, const std::string& password = "correct horse") {
    return nobody->post(
        "/api/auth/signup",
        fmt::format(R"({{"userName":"{0}","userEmail":"{0}@example.com","userPassword":"{1}",)"
                    R"("userPhoneNumber":"+82 10 1234 5678","address":"Seoul"}})",
                    name, password));
  }
  HttpReply log_in(const std::string& name, const std::string& password = "correct horse") {
    return nobody->post(
        "/api/auth/login",
        fmt::format(R"({{"userEmail":"{}@example.com","userPassword":"{}"}})", name, password));
  }
  HttpReply refresh(const std::string& token) {
    return nobody->post("/api/auth/refresh", fmt::format(R"({{"refreshToken":"{}"}})", token));
  }
  HttpClient client_of(const HttpReply& tokens) { return shop->client(tokens.text("accessToken")); }

  // An admin whose address is a person's: a rehearsal's does not count as the last one.
  HttpClient real_admin() {
    const CommandResult made = run_buyme({"admin", "create", "--data-dir", directory().string(), "--email",
                                          "boss@example.com", "--password-stdin"},
                                         "correct horse\n");
    EXPECT_EQ(made.status, 0) << made.errors;
    return client_of(log_in("boss"));
  }
  std::int64_t wishes_of(std::int64_t user) const {
    return db::Sqlite(directory() / "product.sqlite", db::Access::read_only)
        .query_integer(fmt::format("SELECT COUNT(*) FROM wishlist WHERE user_id = {}", user));
  }
  std::string status_of(std::int64_t order) { return admin->get(order_path(order)).text("orderStatus"); }
};

TEST_F(AccountLife, ARefreshReplacesBothTokens) {
  open_shop();
  ASSERT_EQ(sign_up("kim").status, 201);
  const HttpReply first = log_in("kim");
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.header("cache-control"), "no-store");
  EXPECT_EQ(first.integer("expiresIn"), 3'600);
  const HttpReply second = refresh(first.text("refreshToken"));
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(second.text("tokenType"), "Bearer");
  EXPECT_EQ(client_of(second).get("/api/users/me").status, 200);

  // The answer got lost: the client asks again and is not logged out.
  const HttpReply again = refresh(first.text("refreshToken"));
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.text("refreshToken"), second.text("refreshToken"));
}

TEST_F(AccountLife, AStolenRefreshTokenEndsTheSessionOnOpenConnectionsToo) {
  open_shop();
  sign_up("kim");
  const HttpReply first = log_in("kim");
  HttpClient open_connection = client_of(first), elsewhere = client_of(log_in("kim"));
  EXPECT_EQ(open_connection.get("/api/users/me").status, 200);
  const HttpReply second = refresh(first.text("refreshToken"));
  const HttpReply third = refresh(second.text("refreshToken"));
  ASSERT_EQ(third.status, 200) << third.body;

  const HttpReply stolen = refresh(first.text("refreshToken"));
  EXPECT_EQ(stolen.status, 401);
  EXPECT_EQ(stolen.code(), "UNAUTHENTICATED");
  EXPECT_EQ(refresh(third.text("refreshToken")).status, 401);
  EXPECT_EQ(open_connection.get("/api/users/me").status, 401);
  EXPECT_EQ(client_of(third).get("/api/users/me").status, 401);
  EXPECT_EQ(elsewhere.get("/api/users/me").status, 200);
}

TEST_F(AccountLife, LogOutEndsTheSessionAtOnceAndForGood) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  sign_up("kim");
  const HttpReply tokens = log_in("kim");
  HttpClient kim = client_of(tokens), elsewhere = client_of(log_in("kim"));
  EXPECT_EQ(kim.post("/api/orders", order_body(product)).status, 201);
  const HttpReply done = kim.post("/api/auth/logout");
  EXPECT_EQ(done.status, 204) << done.body;
  EXPECT_EQ(kim.post("/api/orders", order_body(product)).status, 401);
  EXPECT_EQ(client_of(tokens).get("/api/users/me").status, 401);
  EXPECT_EQ(refresh(tokens.text("refreshToken")).status, 401);
  EXPECT_EQ(elsewhere.get("/api/users/me").status, 200);

  // A rehearsal's token, which no log-in has opened, is logged out just so.
  EXPECT_EQ(buyer->post("/api/auth/logout").status, 204);
  EXPECT_EQ(buyer->get("/api/orders").status, 401);

  shop->kill();
  shop->start();
  connect();
  EXPECT_EQ(client_of(tokens).get("/api/users/me").status, 401);
  EXPECT_EQ(refresh(tokens.text("refreshToken")).status, 401);
  EXPECT_EQ(buyer->get("/api/orders").status, 401);
  EXPECT_EQ(other->get("/api/orders").status, 200);
}

TEST_F(AccountLife, ANewPasswordEndsTheOtherSessions) {
  open_shop();
  sign_up("kim");
  const HttpReply mine = log_in("kim"), elsewhere = log_in("kim");
  HttpClient kim = client_of(mine), thief = client_of(elsewhere);
  const HttpReply wrong = kim.post("/api/users/me/password",
                                   R"({"currentPassword":"wrong horse","newPassword":"battery staple"})");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.code(), "WRONG_CREDENTIALS");
  const HttpReply weak =
      kim.post("/api/users/me/password", R"({"currentPassword":"correct horse","newPassword":"short"})");
  EXPECT_EQ(weak.status, 400);
  EXPECT_TRUE(weak.names_field("newPassword"));
  EXPECT_EQ(thief.get("/api/users/me").status, 200);

  const HttpReply done = kim.post("/api/users/me/password",
                                  R"({"currentPassword":"correct horse","newPassword":"battery staple"})");
  EXPECT_EQ(done.status, 204) << done.body;
  EXPECT_EQ(thief.get("/api/users/me").status, 401);
  EXPECT_EQ(refresh(elsewhere.text("refreshToken")).status, 401);
  EXPECT_EQ(kim.get("/api/users/me").status, 200);
  EXPECT_EQ(refresh(mine.text("refreshToken")).status, 200);
  EXPECT_EQ(log_in("kim").status, 401);
  EXPECT_EQ(log_in("kim", "battery staple").status, 200);
}

TEST_F(AccountLife, AProfileIsReadAndChangedByItsOwner) {
  open_shop();
  const std::int64_t id = sign_up("kim").integer("userId");
  ASSERT_EQ(sign_up("lee").status, 201);
  HttpClient kim = client_of(log_in("kim"));
  const HttpReply changed =
      kim.request("PATCH", "/api/users/me", R"({"userName":"김철수","userEmail":"Chulsoo@example.com"})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.text("userEmail"), "chulsoo@example.com");
  EXPECT_EQ(changed.text("address"), "Seoul");
  EXPECT_EQ(kim.get("/api/users/me").body, changed.body);
  EXPECT_EQ(log_in("kim").status, 401);
  EXPECT_EQ(log_in("chulsoo").status, 200);

  EXPECT_EQ(kim.request("PATCH", "/api/users/me", R"({"userEmail":"lee@example.com"})").code(),
            "EMAIL_TAKEN");
  const HttpReply wrong = kim.request("PATCH", "/api/users/me", R"({"userPhoneNumber":"1","role":"ADMIN"})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_TRUE(wrong.names_field("userPhoneNumber")) << wrong.body;
  EXPECT_TRUE(wrong.names_field("role")) << wrong.body;
  EXPECT_EQ(kim.get(fmt::format("/api/users/{}", id)).status, 403);
}

TEST_F(AccountLife, AnAdminSeesAndChangesAccounts) {
  open_shop();
  HttpClient boss = real_admin();
  const std::int64_t id = sign_up("kim").integer("userId");
  const std::string path = fmt::format("/api/users/{}", id);
  const HttpReply found = boss.get("/api/users?query=kim%40&limit=5");
  ASSERT_EQ(found.status, 200) << found.body;
  ASSERT_EQ(found.json().at("items").as_array().size(), 1u) << found.body;
  EXPECT_EQ(found.json().at("items").at(0).at("userId").as_int64(), id);
  EXPECT_EQ(boss.get(path).text("userEmail"), "kim@example.com");
  const HttpReply page = boss.get("/api/users?limit=2");
  EXPECT_EQ(page.json().at("items").as_array().size(), 2u);
  EXPECT_EQ(boss.get("/api/users?limit=2&cursor=" + page.text("nextCursor")).status, 200);

  HttpClient kim = client_of(log_in("kim"));
  EXPECT_EQ(kim.get("/api/users").status, 403);
  EXPECT_EQ(boss.request("PATCH", path, R"({"role":"ADMIN"})").text("role"), "ADMIN");
  EXPECT_EQ(kim.get("/api/users").status, 401) << "his token says another role";
  HttpClient kim_as_admin = client_of(log_in("kim"));
  EXPECT_EQ(kim_as_admin.get("/api/users").status, 200);
  EXPECT_EQ(boss.request("PATCH", path, R"({"role":"USER"})").status, 200);
  EXPECT_EQ(kim_as_admin.get("/api/users").status, 401);

  for (const HttpReply& refused :
       {boss.request("PATCH", "/api/users/" + std::to_string(boss.get("/api/users/me").integer("userId")),
                     R"({"role":"USER"})"),
        boss.request("DELETE", "/api/users/me")}) {
    EXPECT_EQ(refused.status, 409) << "the last admin";
    EXPECT_EQ(refused.code(), "ILLEGAL_STATE");
  }
  EXPECT_EQ(boss.get("/api/users/me").status, 200);
}

TEST_F(AccountLife, ItsEndCancelsWhatIsUnpaidAndKeepsTheBooks) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t id = sign_up("kim").integer("userId");
  const HttpReply tokens = log_in("kim");
  HttpClient kim = client_of(tokens);
  const std::int64_t paid = kim.post("/api/orders", order_body(product, 2)).integer("orderId");
  ASSERT_EQ(kim.post(order_path(paid, "attempt-payment")).status, 200);
  const std::int64_t unpaid = kim.post("/api/orders", order_body(product, 3)).integer("orderId");
  const std::int64_t entered = kim.post("/api/orders", order_body(product, 1)).integer("orderId");
  ASSERT_EQ(kim.post(order_path(entered, "enter-payment")).status, 200);
  expect_stock(product, 4, 4, 2);
  const std::string wish = fmt::format(R"({{"productId":{}}})", product);
  ASSERT_EQ(kim.post("/api/wishlist", wish).status, 201);
  ASSERT_EQ(buyer->post("/api/wishlist", wish).status, 201);

  const HttpReply ended = kim.request("DELETE", "/api/users/me");
  EXPECT_EQ(ended.status, 204) << ended.body;
  EXPECT_EQ(kim.post("/api/orders", order_body(product)).status, 401);
  EXPECT_EQ(client_of(tokens).get("/api/users/me").status, 401);
  EXPECT_EQ(refresh(tokens.text("refreshToken")).status, 401);
  EXPECT_EQ(log_in("kim").status, 401);
  EXPECT_EQ(status_of(unpaid), "CANCELED");
  EXPECT_EQ(status_of(entered), "CANCELED");
  EXPECT_EQ(status_of(paid), "PAID");
  EXPECT_EQ(admin->get(order_path(paid)).integer("userId"), id);
  expect_stock(product, 8, 0, 2);
  EXPECT_EQ(wishes_of(id), 0);
  EXPECT_EQ(wishes_of(buyer_id()), 1);
  EXPECT_EQ(admin->get(fmt::format("/api/users/{}", id)).status, 404);

  const HttpReply again = sign_up("kim");
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_GT(again.integer("userId"), id);
  EXPECT_TRUE(client_of(log_in("kim")).get("/api/orders").json().at("items").as_array().empty());

  shop->kill();
  shop->start();
  connect();
  EXPECT_EQ(client_of(tokens).get("/api/users/me").status, 401);
  EXPECT_EQ(shop->errors().find("kim@"), std::string::npos) << "no personal data in the log";
}

TEST_F(AccountLife, AnAdminEndsARehearsalsAccount) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t order = place_order(product).integer("orderId");
  EXPECT_EQ(admin->request("DELETE", fmt::format("/api/users/{}", buyer_id())).status, 204);
  EXPECT_EQ(place_order(product).status, 401);
  EXPECT_EQ(status_of(order), "CANCELED");
  EXPECT_EQ(admin->request("DELETE", fmt::format("/api/users/{}", buyer_id())).status, 404);
  EXPECT_EQ(other->post("/api/orders", order_body(product)).status, 201);
  expect_stock(product, 9, 1, 0);
}

// Buyers who click on while their account ends: whatever got in is canceled in the end.
TEST_F(AccountLife, NoOrderOutlivesAnAccountThatEndsInTheMiddleOfASale) {
  open_shop();
  const std::int64_t product = make_product(*admin, 1'000);
  std::atomic<bool> ended{false};
  std::vector<std::thread> clicks;
  for (int i = 0; i < 4; ++i) {
    clicks.emplace_back([&] {
      HttpClient clicker = shop->client(accounts.buyers.at(0).token);
      while (!ended) clicker.post("/api/orders", order_body(product));
      EXPECT_EQ(clicker.post("/api/orders", order_body(product)).status, 401);
    });
  }
  while (nobody->get(fmt::format("/api/products/{}/stock", product)).integer("held") < 20) {
  }
  EXPECT_EQ(admin->request("DELETE", fmt::format("/api/users/{}", buyer_id())).status, 204);
  ended = true;
  for (auto& click : clicks) click.join();
  for (int i = 0; i < 200; ++i) {
    if (nobody->get(fmt::format("/api/products/{}/stock", product)).integer("held") == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  expect_stock(product, 1'000, 0, 0);
}

// Whatever the moment: the account lives with its order, or it is gone and so is the order.
TEST_F(AccountLife, AnEndIsWholeThoughTheShopIsKilledInIt) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  for (const int delay_ms : {0, 1, 3, 8}) {
    const std::string name = fmt::format("kim{}", delay_ms);
    ASSERT_EQ(sign_up(name).status, 201);
    const std::string token = log_in(name).text("accessToken");
    HttpClient kim = shop->client(token);
    const std::int64_t order = kim.post("/api/orders", order_body(product)).integer("orderId");
    ASSERT_EQ(kim.post("/api/wishlist", fmt::format(R"({{"productId":{}}})", product)).status, 201);
    const std::int64_t id = kim.get("/api/users/me").integer("userId");
    kim.send("DELETE /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds{delay_ms});
    shop->kill();
    shop->start();
    connect();
    if (log_in(name).status == 200) {
      EXPECT_EQ(shop->client(token).get("/api/users/me").status, 200);
      EXPECT_EQ(status_of(order), "PENDING");
      EXPECT_EQ(wishes_of(id), 1);
      continue;
    }
    EXPECT_EQ(shop->client(token).post("/api/orders", order_body(product)).status, 401);
    for (int i = 0; i < 100 && (status_of(order) != "CANCELED" || wishes_of(id) > 0); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    EXPECT_EQ(status_of(order), "CANCELED") << "after " << delay_ms << " ms";
    EXPECT_EQ(wishes_of(id), 0) << "after " << delay_ms << " ms";
  }
}

TEST_F(AccountLife, TooManyWrongPasswordsAreToldWhenToComeBack) {
  open_shop();
  sign_up("kim");
  HttpReply reply;
  for (int i = 0; i < 11; ++i) reply = log_in("kim", "wrong horse");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.code(), "RATE_LIMITED");
  EXPECT_FALSE(reply.header("retry-after").empty());
  EXPECT_EQ(log_in("kim").status, 429);
  EXPECT_EQ(sign_up("lee").status, 201);
  EXPECT_EQ(log_in("lee").status, 200);
}

TEST_F(AccountLife, WhereCallersAreTrustedAccountsWorkAllTheSame) {
  shop.emplace(directory(), Arguments{"--auth", "trusted"});
  shop->start();
  nobody.emplace(shop->client());
  const std::int64_t product = make_product(*nobody, 10);
  const std::int64_t id = sign_up("kim").integer("userId");
  for (int i = 0; i < 12; ++i) EXPECT_EQ(log_in("kim", "wrong horse").status, 401) << "nobody is limited";
  const HttpReply tokens = log_in("kim");
  HttpClient kim = client_of(tokens);
  EXPECT_EQ(kim.get("/api/users/me").integer("userId"), id);
  EXPECT_EQ(kim.get("/api/users").status, 403);
  EXPECT_EQ(nobody->get("/api/users").status, 200);
  EXPECT_EQ(nobody->get("/api/users/me").status, 404);
  EXPECT_EQ(nobody->post("/api/auth/logout").status, 204);
  EXPECT_EQ(kim.post("/api/orders", order_body(product)).status, 201);
  EXPECT_EQ(nobody->request("DELETE", fmt::format("/api/users/{}", id)).status, 204);
  EXPECT_EQ(kim.get("/api/users/me").status, 401);
  expect_stock(product, 10, 0, 0);
}

}  // namespace

}  // namespace buyme::test
