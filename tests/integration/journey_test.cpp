// A buyer's whole way through the shop, and every answer he can get on it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <thread>

#include "core/clock.hpp"
#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

using Journey = ShopTest;

constexpr std::string_view sign_up_body =
    R"({"userName":"Kim","userEmail":"kim@example.com","userPassword":"correct horse",)"
    R"("userPhoneNumber":"010-1234-5678","address":"Seoul"})";

TEST_F(Journey, FromSignUpToAPaidOrder) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 10);

  const HttpReply account = nobody->post("/api/auth/signup", sign_up_body);
  ASSERT_EQ(account.status, 201) << account.body;
  EXPECT_EQ(account.body.find("correct horse"), std::string::npos);
  const HttpReply taken = nobody->post("/api/auth/signup", sign_up_body);
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.code(), "EMAIL_TAKEN");

  const HttpReply refused =
      nobody->post("/api/auth/login", R"({"userEmail":"kim@example.com","userPassword":"wrong horse"})");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.code(), "WRONG_CREDENTIALS");
  const HttpReply login =
      nobody->post("/api/auth/login", R"({"userEmail":"kim@example.com","userPassword":"correct horse"})");
  ASSERT_EQ(login.status, 200) << login.body;
  EXPECT_EQ(login.text("tokenType"), "Bearer");

  HttpClient kim = shop->client(login.text("accessToken"));
  EXPECT_EQ(kim.get("/api/users/me").integer("userId"), account.integer("userId"));
  const HttpReply placed = kim.post("/api/orders", order_body(product, 2));
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_EQ(placed.integer("userId"), account.integer("userId"));
  EXPECT_EQ(placed.integer("orderAmount"), 2'000);
  EXPECT_EQ(placed.text("orderStatus"), "PENDING");
  const std::int64_t order = placed.integer("orderId");
  EXPECT_EQ(placed.header("location"), order_path(order));
  expect_stock(product, 8, 2, 0);

  const HttpReply entered = kim.post(order_path(order, "enter-payment"));
  ASSERT_EQ(entered.status, 200) << entered.body;
  EXPECT_EQ(kim.get(order_path(order)).text("orderStatus"), "PAYMENT_ENTERED");
  const HttpReply paid = kim.post(order_path(order, "attempt-payment"));
  ASSERT_EQ(paid.status, 200) << paid.body;
  EXPECT_EQ(paid.text("orderStatus"), "PAID");
  EXPECT_EQ(kim.get(order_path(order)).text("orderStatus"), "PAID");
  expect_stock(product, 8, 0, 2);

  const HttpReply again = kim.post(order_path(order, "attempt-payment"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), "ILLEGAL_STATE");
  EXPECT_EQ(again.text("state"), "PAID");
}

TEST_F(Journey, AttemptOnAPendingOrderEntersPaymentByItself) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 1);
  const std::int64_t order = place_order(product).integer("orderId");
  EXPECT_EQ(buyer->post(order_path(order, "attempt-payment"), "{}").status, 200);
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "PAID");
}

TEST_F(Journey, TheSameKeyGivesTheSameOrder) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  const HttpReply first = place_order(product, 2, "click-1");
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(first.header("idempotent-replayed"), "");

  const HttpReply repeat = place_order(product, 2, "click-1");
  EXPECT_EQ(repeat.status, 201);
  EXPECT_EQ(repeat.header("idempotent-replayed"), "true");
  EXPECT_EQ(repeat.body, first.body);

  const HttpReply mismatch = place_order(product, 3, "click-1");
  EXPECT_EQ(mismatch.status, 422);
  EXPECT_EQ(mismatch.code(), "IDEMPOTENCY_MISMATCH");

  // A key belongs to its buyer.
  const HttpReply others = other->post("/api/orders", order_body(product), {{"Idempotency-Key", "click-1"}});
  EXPECT_EQ(others.status, 201);
  EXPECT_NE(others.integer("orderId"), first.integer("orderId"));
  expect_stock(product, 7, 3, 0);
}

TEST_F(Journey, ARepeatShowsTheOrderAsItIsNowAndOutlivesSoldOut) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 1);
  const HttpReply first = place_order(product, 1, "mine");
  ASSERT_EQ(first.status, 201);
  ASSERT_EQ(buyer->post(order_path(first.integer("orderId"), "attempt-payment")).status, 200);
  EXPECT_EQ(other->post("/api/orders", order_body(product)).code(), "SOLD_OUT");

  const HttpReply repeat = place_order(product, 1, "mine");
  EXPECT_EQ(repeat.status, 201) << repeat.body;
  EXPECT_EQ(repeat.integer("orderId"), first.integer("orderId"));
  EXPECT_EQ(repeat.text("orderStatus"), "PAID");
}

TEST_F(Journey, OrdersAreListedNewestFirstInPages) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  std::vector<std::int64_t> placed;
  for (int i = 0; i < 5; ++i) placed.push_back(place_order(product).integer("orderId"));
  ASSERT_EQ(other->post("/api/orders", order_body(product)).status, 201);

  std::vector<std::int64_t> listed;
  std::string cursor;
  int pages = 0;
  do {
    const HttpReply page = buyer->get("/api/orders?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(page.status, 200) << page.body;
    const json::object object = page.json();
    for (const auto& order : object.at("items").as_array()) listed.push_back(order.at("orderId").as_int64());
    cursor = object.contains("nextCursor") ? page.text("nextCursor") : "";
    ASSERT_LE(++pages, 3);
  } while (!cursor.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(listed, std::vector(placed.rbegin(), placed.rend()));

  EXPECT_EQ(admin->get("/api/orders").json().at("items").as_array().size(), 6u);
  const auto count = [](const HttpReply& page) { return page.json().at("items").as_array().size(); };
  EXPECT_EQ(count(admin->get(fmt::format("/api/orders?userId={}", buyer_id()))), 5u);
  ASSERT_EQ(buyer->post(order_path(placed[1], "cancel")).status, 200);
  EXPECT_EQ(count(buyer->get("/api/orders?status=PENDING")), 4u);
  EXPECT_EQ(count(buyer->get("/api/orders?status=CANCELED")), 1u);
  EXPECT_EQ(count(admin->get("/api/orders?status=CANCELED&limit=100")), 1u);
  EXPECT_EQ(buyer->get("/api/orders?status=LOST").status, 400);
  EXPECT_EQ(count(buyer->get(fmt::format("/api/orders?userId={}&status=PENDING", buyer_id()))), 4u);
  EXPECT_EQ(other->get(fmt::format("/api/orders?userId={}", buyer_id())).status, 403)
      << "only an admin asks for others";
  EXPECT_EQ(buyer->get("/api/orders?limit=0").status, 400);
  EXPECT_EQ(buyer->get("/api/orders?page=2").status, 400);
}

TEST_F(Journey, SomebodyElsesOrderIsNotThere) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t order = place_order(product).integer("orderId");
  EXPECT_EQ(other->get(order_path(order)).status, 404);
  for (const auto* action : {"cancel", "enter-payment", "attempt-payment"}) {
    const HttpReply refused = other->post(order_path(order, action));
    EXPECT_EQ(refused.status, 404) << action;
    EXPECT_EQ(refused.code(), "NOT_FOUND") << action;
  }
  EXPECT_EQ(admin->get(order_path(order)).status, 200);
  EXPECT_EQ(admin->post(order_path(order, "attempt-payment")).status, 404);  // only the owner pays
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "PENDING");
}

TEST_F(Journey, ACanceledOrderGivesItsUnitsBack) {
  open_shop();
  const std::int64_t product = make_product(*admin, 3);
  const std::int64_t order = place_order(product, 3).integer("orderId");
  EXPECT_EQ(other->post("/api/orders", order_body(product)).code(), "SOLD_OUT");
  const HttpReply canceled = buyer->post(order_path(order, "cancel"));
  ASSERT_EQ(canceled.status, 200) << canceled.body;
  EXPECT_EQ(canceled.text("orderStatus"), "CANCELED");
  expect_stock(product, 3, 0, 0);
  EXPECT_EQ(buyer->post(order_path(order, "cancel")).status, 200);  // the same cause again is success
  expect_stock(product, 3, 0, 0);
  EXPECT_EQ(other->post("/api/orders", order_body(product)).status, 201);
  EXPECT_EQ(buyer->post(order_path(order, "enter-payment")).code(), "ILLEGAL_STATE");
}

TEST_F(Journey, CancelingAPaidOrderRefundsIt) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 1);
  const std::int64_t order = place_order(product).integer("orderId");
  ASSERT_EQ(buyer->post(order_path(order, "attempt-payment")).status, 200);
  ASSERT_EQ(buyer->post(order_path(order, "cancel")).status, 200);
  expect_stock(product, 1, 0, 0);
  // The audit lists what is still to be given back as a note; within seconds nothing is.
  for (int tries = 0; tries < 200; ++tries) {
    const AuditResult audit = audit_shop(directory());
    ASSERT_EQ(audit.status, 0) << audit.text;
    if (audit.report.at("findings").as_array().empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  FAIL() << "the refund is never made: " << audit_shop(directory()).text;
}

TEST_F(Journey, APaidOrderIsShippedDeliveredAndGoesBackInParts) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 10);
  const HttpReply placed = place_order(product, 3);
  const std::int64_t order = placed.integer("orderId");
  const std::int64_t item = placed.json().at("orderItems").at(0).at("orderItemId").as_int64();
  const std::string path = fmt::format("/api/orders/items/{}", item);
  ASSERT_EQ(buyer->post(order_path(order, "attempt-payment")).status, 200);
  const HttpReply early = buyer->post(path + "/return");
  EXPECT_EQ(early.status, 409) << early.body;
  EXPECT_EQ(early.text("state"), "PAID");
  EXPECT_EQ(early.text("wantedState"), "RETURN_REQUESTED");

  const auto ship = [&](std::chrono::hours later) {
    const Time when = make_system_clock()->now() + later;
    return run_buyme({"admin", "ship", "--data-dir", directory().string(), "--as-of", format_time(when)});
  };
  const CommandResult shipped = ship(std::chrono::hours{24});
  EXPECT_EQ(shipped.status, 0) << shipped.errors;
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "SHIPPED");
  EXPECT_EQ(buyer->post(order_path(order, "cancel")).code(), "ILLEGAL_STATE");
  EXPECT_EQ(ship(std::chrono::hours{48}).status, 0);
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "DELIVERED");

  EXPECT_EQ(buyer->post(path + "/return", R"({"quantity":4})").code(), "INVALID");
  EXPECT_EQ(other->post(path + "/return").status, 404);
  const Headers key{{"Idempotency-Key", "back-1"}};
  const HttpReply wanted = buyer->post(path + "/return", R"({"quantity":1,"reason":"too small"})", key);
  ASSERT_EQ(wanted.status, 200) << wanted.body;
  EXPECT_EQ(wanted.text("status"), "RETURN_REQUESTED");
  EXPECT_EQ(wanted.integer("quantity"), 1);
  const HttpReply repeat = buyer->post(path + "/return", R"({"quantity":1,"reason":"too small"})", key);
  EXPECT_EQ(repeat.body, wanted.body);
  EXPECT_EQ(repeat.header("idempotent-replayed"), "true");
  EXPECT_EQ(buyer->post(path + "/return", R"({"quantity":2,"reason":"too small"})", key).status, 422);

  const std::string part = fmt::format("/api/orders/items/{}/complete-return", wanted.integer("orderItemId"));
  EXPECT_EQ(buyer->post(part).status, 403);
  EXPECT_EQ(admin->post(path + "/complete-return").code(), "ILLEGAL_STATE");
  const HttpReply done = admin->post(part, R"({"restock":true})");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.text("status"), "RETURNED");
  expect_stock(product, 8, 0, 2);
  EXPECT_EQ(admin->post(part).status, 200) << "twice is once";
  expect_stock(product, 8, 0, 2);

  const HttpReply history = buyer->get(order_path(order, "history"));
  const json::array steps = history.json().at("items").as_array();
  EXPECT_EQ(steps.size(), 6u) << history.body;
  EXPECT_EQ(steps.back().at("to").as_string(), "RETURNED");
  EXPECT_EQ(other->get(order_path(order, "history")).status, 404);
  EXPECT_EQ(admin->get(order_path(order, "history")).status, 200);
}

TEST_F(Journey, ThePaymentsOfAnOrderCanBeLookedAt) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t order = place_order(product).integer("orderId");
  EXPECT_EQ(buyer->get(order_path(order, "payments")).body, R"({"attempts":[],"refunds":[]})");
  ASSERT_EQ(buyer->post(order_path(order, "attempt-payment")).status, 200);
  ASSERT_EQ(buyer->post(order_path(order, "cancel")).status, 200);
  json::object payments;
  for (int tries = 0; tries < 100; ++tries) {  // the refund is made by itself
    payments = buyer->get(order_path(order, "payments")).json();
    const json::array refunds = payments.at("refunds").as_array();
    if (!refunds.empty() && refunds[0].at("state").as_string() == "DONE") break;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  const json::object attempt = payments.at("attempts").at(0).as_object();
  EXPECT_EQ(attempt.at("state").as_string(), "SUCCEEDED");
  EXPECT_EQ(attempt.at("settlement").as_string(), "PAID");
  EXPECT_EQ(attempt.at("amount").as_int64(), 1'000);
  const json::object refund = payments.at("refunds").at(0).as_object();
  EXPECT_EQ(refund.at("state").as_string(), "DONE");
  EXPECT_EQ(refund.at("amount").as_int64(), 1'000);
  EXPECT_EQ(other->get(order_path(order, "payments")).status, 404);
  EXPECT_EQ(admin->get(order_path(order, "payments")).status, 200);
  EXPECT_EQ(admin->get("/api/admin/attention").body,
            R"({"unknownPayments":[],"chargedButNotPaid":[],"refundsToRetry":[]})");
}

TEST_F(Journey, OrdersAreExportedForASpreadsheet) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t first = place_order(product, 2).integer("orderId");
  const std::int64_t second = place_order(product).integer("orderId");
  ASSERT_EQ(buyer->post(order_path(second, "cancel")).status, 200);
  const HttpReply file = admin->get("/api/admin/orders.csv");
  ASSERT_EQ(file.status, 200);
  EXPECT_EQ(file.header("content-type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(file.body.starts_with("\xEF\xBB\xBForderId,userId,")) << file.body;
  EXPECT_EQ(std::ranges::count(file.body, '\n'), 3);
  EXPECT_NE(file.body.find(fmt::format("\n{},{},", first, buyer_id())), std::string::npos) << file.body;
  EXPECT_NE(file.body.find(fmt::format(",{},2,1000,ORDERED\r\n", product)), std::string::npos) << file.body;
  const HttpReply canceled = admin->get("/api/admin/orders.csv?status=CANCELED");
  EXPECT_EQ(std::ranges::count(canceled.body, '\n'), 2);
  EXPECT_NE(canceled.body.find("CANCELED\r\n"), std::string::npos);
  EXPECT_EQ(admin->get("/api/admin/orders.csv?status=LOST").code(), "INVALID");
}

TEST_F(Journey, AnOrderShipsWhileTheShopIsClosed) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t order = place_order(product).integer("orderId");
  ASSERT_EQ(buyer->post(order_path(order, "attempt-payment")).status, 200);
  EXPECT_EQ(shop->stop(), 0);
  const CommandResult moved =
      run_buyme({"admin", "ship", "--data-dir", directory().string(), "--as-of", "2099-01-01T00:00:00Z"});
  EXPECT_EQ(moved.status, 0) << moved.errors;
  EXPECT_NE(moved.output.find("2 orders moved on"), std::string::npos) << moved.output;
  const CommandResult wrong =
      run_buyme({"admin", "ship", "--data-dir", directory().string(), "--as-of", "tomorrow"});
  EXPECT_NE(wrong.status, 0);
  EXPECT_NE(wrong.errors.find("tomorrow"), std::string::npos) << wrong.errors;
  shop->start();
  connect();
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "DELIVERED");
}

TEST_F(Journey, ADeclinedPaymentMayBeTriedAgain) {
  open_shop({"payment.success_rate=0"});
  const std::int64_t product = make_product(*admin, 1);
  const std::int64_t order = place_order(product).integer("orderId");
  for (int tries = 0; tries < 2; ++tries) {
    const HttpReply declined = buyer->post(order_path(order, "attempt-payment"));
    EXPECT_EQ(declined.status, 402) << declined.body;
    EXPECT_EQ(declined.code(), "PAYMENT_FAILED");
    EXPECT_GT(declined.integer("holdRemainingSeconds"), 0);
    EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "PAYMENT_FAILED");
  }
  expect_stock(product, 0, 1, 0);

  ASSERT_EQ(shop->stop(), 0);
  shop.emplace(directory(), Arguments{"--payment-success-rate", "1"});
  shop->start();
  connect();
  EXPECT_EQ(buyer->post(order_path(order, "attempt-payment")).status, 200);
  expect_stock(product, 0, 0, 1);
}

TEST_F(Journey, SoldOutSaysWhatIsLeft) {
  open_shop();
  const std::int64_t product = make_product(*admin, 3);
  ASSERT_EQ(place_order(product, 2).status, 201);
  const HttpReply too_many = place_order(product, 2);
  EXPECT_EQ(too_many.status, 409);
  EXPECT_EQ(too_many.code(), "SOLD_OUT");
  EXPECT_EQ(too_many.integer("available"), 1);
  ASSERT_EQ(place_order(product, 1).status, 201);
  const HttpReply none = place_order(product);
  EXPECT_EQ(none.code(), "SOLD_OUT");
  EXPECT_EQ(none.integer("available"), 0);
  EXPECT_TRUE(nobody->get(fmt::format("/api/products/{}/stock", product)).json().at("soldOut").as_bool());
}

TEST_F(Journey, AnOrderOfTwoProductsIsAllOrNothing) {
  open_shop();
  const std::int64_t plenty = make_product(*admin, 10), one = make_product(*admin, 1);
  const std::string both =
      fmt::format(R"({{"orderItems":[{{"productId":{0},"quantity":1}},{{"productId":{1},"quantity":1}},)"
                  R"({{"productId":{0},"quantity":2}}]}})",
                  plenty, one);
  const HttpReply placed = buyer->post("/api/orders", both);
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_EQ(placed.json().at("orderItems").as_array().size(), 2u);  // lines of one product are merged
  EXPECT_EQ(placed.integer("orderAmount"), 4'000);
  const HttpReply refused = other->post("/api/orders", both);
  EXPECT_EQ(refused.code(), "SOLD_OUT");
  EXPECT_EQ(refused.integer("productId"), one);
  expect_stock(plenty, 7, 3, 0);
}

TEST_F(Journey, TheLimitPerBuyerNamesTheOrderToResume) {
  open_shop();
  const std::int64_t product = make_product(*admin, 2, R"(,"perUserLimit":1)");
  const std::int64_t order = place_order(product).integer("orderId");
  const HttpReply second = place_order(product);
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.code(), "LIMIT_EXCEEDED");
  EXPECT_EQ(second.integer("orderId"), order);
  EXPECT_EQ(second.integer("limit"), 1);

  // Also when every unit is gone: who holds one is led to his order, everybody else to the exit.
  ASSERT_EQ(other->post("/api/orders", order_body(product)).status, 201);
  HttpClient third = shop->client(accounts.buyers.at(2).token);
  EXPECT_EQ(third.post("/api/orders", order_body(product)).code(), "SOLD_OUT");
  EXPECT_EQ(place_order(product).code(), "LIMIT_EXCEEDED");

  ASSERT_EQ(buyer->post(order_path(order, "cancel")).status, 200);
  EXPECT_EQ(place_order(product).status, 201);
}

TEST_F(Journey, ASaleOpensAndClosesOnTime) {
  open_shop();
  const std::int64_t early = make_product(*admin, 1, R"(,"opensAt":"2099-01-01T00:00:00+09:00")");
  const HttpReply refused = place_order(early);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "SALE_NOT_OPEN");
  EXPECT_EQ(refused.text("opensAt").substr(0, 19), "2098-12-31T15:00:00");
  const std::int64_t late =
      make_product(*admin, 1, R"(,"opensAt":"2020-01-01T00:00:00Z","closesAt":"2020-01-02T00:00:00Z")");
  EXPECT_EQ(place_order(late).code(), "SALE_CLOSED");
  const HttpReply unknown = place_order(9'999);
  EXPECT_EQ(unknown.status, 400);
}

TEST_F(Journey, AnUnpaidHoldLapsesByItself) {
  accounts = make_accounts(directory(), 3);
  shop.emplace(directory());
  shop->set_environment("BUYME_ORDER_HOLD_SECONDS=1");
  shop->start();
  connect();
  const std::int64_t product = make_product(*admin, 1, R"(,"perUserLimit":1)");
  const std::int64_t order = place_order(product).integer("orderId");
  EXPECT_EQ(other->post("/api/orders", order_body(product)).code(), "SOLD_OUT");
  // Nobody asks for the order meanwhile: expiry needs no traffic.
  std::this_thread::sleep_for(std::chrono::milliseconds{2'500});
  expect_stock(product, 1, 0, 0);
  EXPECT_EQ(buyer->get(order_path(order)).text("orderStatus"), "EXPIRED");
  const HttpReply late = buyer->post(order_path(order, "attempt-payment"));
  EXPECT_EQ(late.code(), "ILLEGAL_STATE");
  EXPECT_EQ(late.text("state"), "EXPIRED");
  EXPECT_EQ(place_order(product).status, 201);
}

TEST_F(Journey, TheCatalogueShowsLiveStock) {
  open_shop();
  const std::int64_t normal = make_product(*admin, 5);
  const HttpReply reserved = admin->post(
      "/api/products", R"({"productName":"R","productDescription":"","productPrice":1,"productStock":2,)"
                       R"("productType":"RESERVED","opensAt":"2099-01-01T00:00:00Z"})");
  ASSERT_EQ(reserved.status, 201) << reserved.body;
  place_order(normal, 2);
  const HttpReply detail = nobody->get(fmt::format("/api/products/{}", normal));
  ASSERT_EQ(detail.status, 200) << detail.body;
  EXPECT_EQ(detail.json().at("stock").at("available").as_int64(), 3);
  EXPECT_EQ(nobody->get("/api/products").json().at("items").as_array().size(), 2u);
  EXPECT_EQ(nobody->get("/api/products/reserved").json().at("items").as_array().size(), 1u);
  EXPECT_EQ(nobody->get("/api/products/normal").json().at("items").as_array().size(), 1u);
}

}  // namespace

}  // namespace buyme::test
