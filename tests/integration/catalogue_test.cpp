// A product's life with the real order service behind it: edited, sold, paused, imported, archived; and a
// crash in the middle of edits.
#include <fmt/format.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <functional>
#include <thread>

#include "core/random.hpp"
#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

class Catalogue : public ShopTest {
 protected:
  static std::string path(std::int64_t product, std::string_view more = "") {
    return fmt::format("/api/products/{}{}", product, more);
  }
  static HttpReply adjust(HttpClient& client, std::int64_t product, std::int64_t delta,
                          const std::string& key = {}) {
    Headers headers;
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    return client.post(path(product, "/stock/adjust"),
                       fmt::format(R"({{"delta":{},"reason":"counted"}})", delta), headers);
  }
  HttpReply patch(std::int64_t product, std::string_view body, const Headers& headers = {}) {
    return admin->request("PATCH", path(product), body, headers);
  }
};

TEST_F(Catalogue, FromRegisteringToTheArchive) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 3);
  const HttpReply seen = nobody->get(path(product));
  EXPECT_EQ(seen.header("etag"), "\"1-3\"");

  const std::string coat =
      R"({"productName":"Coat","productDescription":"Warm","productPrice":70,"productStock":4,)"
      R"("productType":"NORMAL","perUserLimit":3})";
  EXPECT_EQ(admin->request("PUT", path(product), coat).status, 428);
  const HttpReply put = admin->request("PUT", path(product), coat, {{"If-Match", seen.header("etag")}});
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.header("etag"), "\"2-4\"");
  EXPECT_EQ(admin->request("PUT", path(product), coat, {{"If-Match", seen.header("etag")}}).code(),
            "PRECONDITION_FAILED");
  EXPECT_EQ(nobody->get("/api/products?q=coat").json().at("items").as_array().size(), 1u);

  const HttpReply placed = place_order(product, 2);
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_EQ(placed.integer("orderAmount"), 140);
  EXPECT_EQ(buyer->post(order_path(placed.integer("orderId"), "attempt-payment")).status, 200);
  EXPECT_EQ(nobody->get(path(product)).header("etag"), "\"2-4\"");  // what is sold is not edited

  EXPECT_EQ(admin->post(path(product, "/pause")).text("state"), "PAUSED");
  EXPECT_EQ(place_order(product).code(), "SALE_PAUSED");
  EXPECT_EQ(patch(product, R"({"productPrice":75})").status, 200);
  EXPECT_EQ(admin->post(path(product, "/resume")).text("state"), "ACTIVE");
  EXPECT_EQ(place_order(product).integer("orderAmount"), 75);

  const HttpReply below = patch(product, R"({"productStock":2})");
  EXPECT_EQ(below.status, 409);
  EXPECT_EQ(below.code(), "ILLEGAL_STATE");
  EXPECT_EQ(below.integer("committed"), 3);
  EXPECT_EQ(patch(product, R"({"productStock":3})").status, 200);
  expect_stock(product, 0, 1, 2);
  EXPECT_EQ(other->post("/api/orders", order_body(product)).code(), "SOLD_OUT");
  EXPECT_EQ(adjust(*admin, product, 1, "box").integer("available"), 1);
  EXPECT_EQ(adjust(*admin, product, 1, "box").header("idempotent-replayed"), "true");
  EXPECT_EQ(other->post("/api/orders", order_body(product)).status, 201);

  const HttpReply history = admin->get(path(product, "/stock/history"));
  const json::object changes = history.json();
  ASSERT_EQ(changes.at("items").as_array().size(), 4u) << history.body;
  EXPECT_EQ(changes.at("items").as_array()[0].at("reason").as_string(), "counted");
  EXPECT_EQ(changes.at("items").as_array()[3].at("newTotal").as_int64(), 3);

  EXPECT_EQ(admin->request("DELETE", path(product)).text("state"), "ARCHIVED");
  EXPECT_EQ(place_order(product).code(), "SALE_CLOSED");
  EXPECT_EQ(nobody->get(path(product)).text("state"), "ARCHIVED");
  EXPECT_EQ(nobody->get("/api/products").json().at("items").as_array().size(), 0u);
  EXPECT_EQ(admin->get("/api/products?state=ARCHIVED").json().at("items").as_array().size(), 1u);
  EXPECT_EQ(nobody->get("/api/products?state=ARCHIVED").status, 403);
  EXPECT_EQ(buyer->get(order_path(placed.integer("orderId"))).text("orderStatus"), "PAID");
}

TEST_F(Catalogue, WishesShowLiveStock) {
  open_shop();
  const std::int64_t product = make_product(*admin, 1);
  EXPECT_EQ(nobody->get("/api/wishlist").status, 401);
  const std::string wish = fmt::format(R"({{"productId":{},"note":"for Kim"}})", product);
  EXPECT_EQ(buyer->post("/api/wishlist", wish).status, 201);
  EXPECT_EQ(buyer->post("/api/wishlist", wish).status, 200);
  EXPECT_EQ(other->post("/api/orders", order_body(product)).status, 201);
  const json::object page = buyer->get("/api/wishlist").json();
  const json::value& entry = page.at("items").as_array().at(0);
  EXPECT_EQ(entry.at("note").as_string(), "for Kim");
  EXPECT_TRUE(entry.at("product").at("stock").at("soldOut").as_bool());
  const std::string entry_path = fmt::format("/api/wishlist/{}", product);
  EXPECT_EQ(buyer->request("PUT", entry_path, R"({"note":"mine"})").text("note"), "mine");
  EXPECT_EQ(other->get("/api/wishlist").json().at("items").as_array().size(), 0u);
  for (int i = 0; i < 2; ++i) {
    const HttpReply gone = buyer->request("DELETE", entry_path);
    EXPECT_EQ(gone.status, 204);
    EXPECT_EQ(gone.body, "");
  }
}

TEST_F(Catalogue, AnExportedFileIsImported) {
  open_shop();
  const std::int64_t product = make_product(*admin, 5, R"(,"imageUrl":"https://shop.example/a,b.png")");
  EXPECT_EQ(buyer->get("/api/admin/products.csv").status, 403);
  const HttpReply file = admin->get("/api/admin/products.csv");
  ASSERT_EQ(file.status, 200);
  EXPECT_EQ(file.header("content-type"), "text/csv; charset=utf-8");
  EXPECT_NE(file.header("content-disposition").find("products.csv"), std::string::npos);

  const Headers as_csv{{"Content-Type", "text/csv"}, {"Idempotency-Key", "monday"}};
  EXPECT_EQ(admin->post("/api/admin/products/import", file.body, as_csv).integer("kept"), 1);
  const std::string changes = fmt::format(
      "productId,productName,productDescription,productPrice,productStock,productType\r\n"
      "{},,,,'+3,\r\n,\"New, \"\"boxed\"\"\",,500,2,NORMAL\r\n",
      product);
  EXPECT_EQ(admin->post("/api/admin/products/import", changes, as_csv).status, 422);
  const HttpReply made = admin->post("/api/admin/products/import", changes, {{"Content-Type", "text/csv"}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.integer("created"), 1);
  EXPECT_EQ(made.integer("changed"), 1);
  expect_stock(product, 8, 0, 0);
  EXPECT_EQ(nobody->get(path(product + 1)).text("productName"), "New, \"boxed\"");
}

// A disk that others use may keep an edit for longer than the next one waits: that one was certainly not
// made.
HttpReply until_admitted(const std::function<HttpReply()>& request) {
  HttpReply reply = request();
  while (reply.code() == "OVERLOADED") reply = request();
  return reply;
}

// Buyers order while one admin raises and lowers the total and another renames the product.
TEST_F(Catalogue, ATotalThatMovesWhileBuyersOrder) {
  open_shop();
  const std::int64_t product = make_product(*admin, 20);
  std::atomic<bool> over = false;
  std::atomic<std::int64_t> ordered = 0, moved = 0;
  std::vector<std::thread> crowd;
  for (std::size_t i = 0; i < 3; ++i) {
    crowd.emplace_back([&, i] {
      HttpClient client = shop->client(accounts.buyers.at(i).token);
      while (!over) {
        const HttpReply reply = client.post("/api/orders", order_body(product));
        if (reply.status == 201) ++ordered;
        EXPECT_TRUE(reply.status == 201 || reply.code() == "SOLD_OUT") << reply.body;
      }
    });
  }
  crowd.emplace_back([&] {
    HttpClient client = shop->client(accounts.admin_token);
    for (int i = 0; !over; ++i) {
      const HttpReply renamed = until_admitted([&] {
        return client.request("PATCH", path(product), fmt::format(R"({{"productName":"Name {}"}})", i));
      });
      EXPECT_EQ(renamed.status, 200) << renamed.body;
    }
  });
  Random random(5, "totals");
  for (int i = 0; i < 60; ++i) {
    const std::int64_t delta = static_cast<std::int64_t>(random.below(9)) - 3;
    if (delta == 0) continue;
    const HttpReply adjusted = until_admitted([&] { return adjust(*admin, product, delta); });
    if (adjusted.status == 200) moved += delta;
    EXPECT_TRUE(adjusted.status == 200 || adjusted.code() == "ILLEGAL_STATE") << adjusted.body;
  }
  over = true;
  for (auto& thread : crowd) thread.join();
  const HttpReply stock = nobody->get(path(product, "/stock"));
  EXPECT_EQ(stock.integer("total"), 20 + moved);
  EXPECT_EQ(stock.integer("held"), ordered);
  EXPECT_GE(stock.integer("available"), 0);
  EXPECT_EQ(nobody->get(path(product)).integer("productStock"), 20 + moved);
}

// kill -9 in the middle of edits: afterwards every edit that was answered is there, and those that were not
// are there as a whole or not at all.
TEST_F(Catalogue, EditsSurviveAKill) {
  open_shop();
  const std::int64_t product = make_product(*admin, 100);
  Random random(9, "kills");
  std::int64_t answered = 100;
  for (int round = 0; round < 8; ++round) {
    std::thread killer([this, pause = random.below(30'000)] {
      std::this_thread::sleep_for(std::chrono::microseconds{pause});
      shop->signal(SIGKILL);
    });
    std::string key;
    try {
      for (int i = 0; i < 1'000; ++i) {
        key = fmt::format("{}-{}", round, i);
        const HttpReply adjusted = adjust(*admin, product, 1, key);
        ASSERT_EQ(adjusted.status, 200) << adjusted.body;
        EXPECT_EQ(adjusted.integer("total"), ++answered);
      }
    } catch (const NoAnswer&) {
    }
    killer.join();
    shop->kill();
    shop->start();
    connect();
    const HttpReply again =
        adjust(*admin, product, 1, key);  // the one without an answer: once, however it went
    ASSERT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(again.integer("total"), ++answered);
  }
  const HttpReply last = patch(product, R"({"productPrice":77})");
  EXPECT_EQ(last.integer("productStock"), answered) << last.body;
  EXPECT_EQ(place_order(product).integer("orderAmount"), 77);
}

}  // namespace

}  // namespace buyme::test
