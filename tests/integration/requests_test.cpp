// What is refused before anything is done: bodies, callers, paths and methods.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "core/limits.hpp"
#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

using Requests = ShopTest;

struct BadBody {
  std::string body;
  int status;
  std::string field;  // named by the answer; empty where the body as a whole is wrong
};

TEST_F(Requests, AnOrderThatIsNotValidIsRefusedByField) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  const auto with_quantity = [&](std::string_view quantity) {
    return fmt::format(R"({{"orderItems":[{{"productId":{},"quantity":{}}}]}})", product, quantity);
  };
  const std::string quantity = "orderItems[0].quantity";
  const BadBody bad_bodies[] = {
      {with_quantity("0"), 400, quantity},
      {with_quantity("-1"), 400, quantity},
      {with_quantity("1.5"), 400, quantity},
      {with_quantity("1e-3"), 400, quantity},
      {with_quantity("\"1\""), 400, quantity},
      {with_quantity("null"), 400, quantity},
      {with_quantity("true"), 400, quantity},
      {with_quantity("9223372036854775807"), 400, quantity},
      {with_quantity("9223372036854775808"), 400, quantity},
      {with_quantity("99999999999999999999999999"), 400, quantity},
      {R"({"orderItems":[{"quantity":1}]})", 400, "orderItems[0].productId"},
      {R"({"orderItems":[{"productId":0,"quantity":1}]})", 400, "orderItems[0].productId"},
      {R"({"orderItems":[]})", 400, "orderItems"},
      {R"({"orderItems":{}})", 400, "orderItems"},
      {R"({"orderItems":[7]})", 400, "orderItems"},
      {"{}", 400, "orderItems"},
      {R"({"orderItems":[{"productId":1,"quantity":1}],"coupon":"X"})", 400, "coupon"},
      {R"({"orderItems":[{"productId":1,"quantity":1,"price":1}]})", 400, "orderItems[0].price"},
      {R"({"userId":999999,"orderItems":[{"productId":1,"quantity":1}]})", 400, "userId"},
      {R"({"orderItems":[{"productId":1,"quantity":1}],"orderItems":[]})", 400, ""},
      {"[]", 400, ""},
      {"7", 400, ""},
      {R"({"orderItems":)", 400, ""},
      {R"({"orderItems":[]} x)", 400, ""},
      {"{\"orderItems\":\"\xff\"}", 400, ""},
      {std::string(50, '['), 400, ""},
  };
  for (const auto& [body, status, field] : bad_bodies) {
    const HttpReply reply = buyer->post("/api/orders", body);
    EXPECT_EQ(reply.status, status) << body << "\n" << reply.body;
    EXPECT_EQ(reply.code(), field.empty() ? "MALFORMED" : "INVALID") << body;
    EXPECT_TRUE(field.empty() || reply.names_field(field)) << body << "\n" << reply.body;
  }
  const HttpReply own_id = buyer->post("/api/orders", order_body(product, 1, buyer_id()));
  EXPECT_EQ(own_id.status, 201) << own_id.body;
  expect_stock(product, 9, 1, 0);
}

TEST_F(Requests, ASignUpIsToldOfEveryWrongFieldAtOnce) {
  open_shop();
  const HttpReply reply =
      nobody->post("/api/auth/signup", R"({"userName":" ","userEmail":"x","userPassword":"short",)"
                                       R"("userPhoneNumber":"abc","address":"Seoul","role":"ADMIN"})");
  EXPECT_EQ(reply.status, 400);
  for (const auto* field : {"userName", "userEmail", "userPassword", "userPhoneNumber", "role"}) {
    EXPECT_TRUE(reply.names_field(field)) << field << "\n" << reply.body;
  }
  EXPECT_FALSE(reply.names_field("address")) << reply.body;
}

TEST_F(Requests, ABodyMustBeJsonAndOfBearableSize) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  const std::string body = order_body(product);
  const HttpReply form = buyer->post("/api/orders", body, {{"Content-Type", "text/plain"}});
  EXPECT_EQ(form.status, 415);
  EXPECT_EQ(form.code(), "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(buyer->post("/api/orders", body, {{"Content-Type", "application/json; charset=utf-8"}}).status,
            201);

  // Refused by its length alone, before a byte of it is read.
  buyer->send(
      fmt::format("POST /api/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                  "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                  accounts.buyers[0].token, limits::max_body_bytes + 1));
  const HttpReply large = buyer->receive();
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(large.code(), "TOO_LARGE");
  EXPECT_EQ(nobody->get("/api/products?" + std::string(limits::max_target_bytes, 'a')).status, 413);

  // An endpoint that needs no body takes an empty one, whatever its type.
  buyer->disconnect();
  const std::int64_t order = place_order(product).integer("orderId");
  EXPECT_EQ(buyer->post(order_path(order, "cancel"), "", {{"Content-Type", "text/plain"}}).status, 200);
  EXPECT_EQ(buyer->post(order_path(order, "cancel"), R"({"why":1})").status, 400);
  expect_stock(product, 9, 1, 0);
}

TEST_F(Requests, AKeyMustBeReadableText) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  EXPECT_EQ(place_order(product, 1, std::string(129, 'k')).status, 400);
  EXPECT_EQ(place_order(product, 1, "with space").status, 400);
  EXPECT_EQ(place_order(product, 1, std::string(128, 'k')).status, 201);
}

// Every endpoint: what stands in the routing tables, with who may call it.
struct Route {
  const char* method;
  const char* path;
  enum class Who { anyone, user, admin } who;
};
constexpr Route routes[] = {
    {"POST", "/api/auth/signup", Route::Who::anyone},
    {"POST", "/api/auth/login", Route::Who::anyone},
    {"POST", "/api/auth/refresh", Route::Who::anyone},
    {"POST", "/api/auth/logout", Route::Who::user},
    {"GET", "/api/users/me", Route::Who::user},
    {"PATCH", "/api/users/me", Route::Who::user},
    {"DELETE", "/api/users/me", Route::Who::user},
    {"POST", "/api/users/me/password", Route::Who::user},
    {"GET", "/api/users", Route::Who::admin},
    {"GET", "/api/users/1", Route::Who::admin},
    {"PATCH", "/api/users/1", Route::Who::admin},
    {"DELETE", "/api/users/1", Route::Who::admin},
    {"POST", "/api/products", Route::Who::admin},
    {"GET", "/api/products", Route::Who::anyone},
    {"GET", "/api/products/normal", Route::Who::anyone},
    {"GET", "/api/products/reserved", Route::Who::anyone},
    {"GET", "/api/products/1", Route::Who::anyone},
    {"GET", "/api/products/1/stock", Route::Who::anyone},
    {"GET", "/api/products/1/stock/stream", Route::Who::anyone},
    {"PUT", "/api/products/1", Route::Who::admin},
    {"PATCH", "/api/products/1", Route::Who::admin},
    {"DELETE", "/api/products/1", Route::Who::admin},
    {"POST", "/api/products/1/pause", Route::Who::admin},
    {"POST", "/api/products/1/resume", Route::Who::admin},
    {"POST", "/api/products/1/stock/adjust", Route::Who::admin},
    {"GET", "/api/products/1/stock/history", Route::Who::admin},
    {"GET", "/api/admin/products.csv", Route::Who::admin},
    {"POST", "/api/admin/products/import", Route::Who::admin},
    {"GET", "/api/wishlist", Route::Who::user},
    {"POST", "/api/wishlist", Route::Who::user},
    {"GET", "/api/wishlist/1", Route::Who::user},
    {"PUT", "/api/wishlist/1", Route::Who::user},
    {"DELETE", "/api/wishlist/1", Route::Who::user},
    {"POST", "/api/orders", Route::Who::user},
    {"GET", "/api/orders", Route::Who::user},
    {"GET", "/api/orders/1", Route::Who::user},
    {"GET", "/api/orders/1/history", Route::Who::user},
    {"GET", "/api/admin/orders.csv", Route::Who::admin},
    {"POST", "/api/orders/1/cancel", Route::Who::user},
    {"POST", "/api/orders/items/1/return", Route::Who::user},
    {"POST", "/api/orders/items/1/complete-return", Route::Who::admin},
    {"GET", "/api/orders/1/payments", Route::Who::user},
    {"GET", "/api/admin/attention", Route::Who::admin},
    {"GET", "/api/admin/rehearsals", Route::Who::admin},
    {"POST", "/api/admin/rehearsals", Route::Who::admin},
    {"POST", "/api/orders/1/enter-payment", Route::Who::user},
    {"POST", "/api/orders/1/attempt-payment", Route::Who::user},
};

TEST_F(Requests, WhoIsNotAllowedIsTurnedAway) {
  open_shop();
  HttpClient forged = shop->client(accounts.buyers[0].token + "x");
  for (const auto& [method, path, who] : routes) {
    const HttpReply reply = nobody->request(method, path, *method == 'P' ? "{}" : "");
    if (who == Route::Who::anyone) {
      EXPECT_NE(reply.status, 401) << method << " " << path;
      continue;
    }
    EXPECT_EQ(reply.status, 401) << method << " " << path;
    EXPECT_EQ(reply.code(), "UNAUTHENTICATED") << method << " " << path;
    EXPECT_EQ(reply.header("www-authenticate").substr(0, 6), "Bearer");
    EXPECT_EQ(forged.request(method, path, *method == 'P' ? "{}" : "").status, 401) << method << " " << path;
    if (who != Route::Who::admin) continue;
    const HttpReply refused = buyer->request(method, path, "{}");
    EXPECT_EQ(refused.status, 403) << method << " " << path;
    EXPECT_EQ(refused.code(), "FORBIDDEN") << method << " " << path;
  }
}

// Whatever a route does with an order, it does it to its owner's alone.
TEST_F(Requests, AnotherBuyersOrderIsNotFoundOnAnyRoute) {
  open_shop({"payment.success_rate=1"});
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t order = place_order(product).integer("orderId");
  const HttpReply before = buyer->get(order_path(order));
  int tried = 0;
  for (const auto& [method, path, who] : routes) {
    const std::string_view pattern = path;
    if (who != Route::Who::user || !pattern.starts_with("/api/orders/")) continue;
    ++tried;
    const HttpReply refused = other->request(method, path, *method == 'P' ? "{}" : "");
    EXPECT_EQ(refused.status, 404) << method << " " << path << ": " << refused.body;
    EXPECT_EQ(refused.code(), "NOT_FOUND") << method << " " << path;
  }
  EXPECT_GE(tried, 7);
  EXPECT_EQ(order, 1) << "the routes above name it";
  EXPECT_EQ(buyer->get(order_path(order)).body, before.body);
}

const char* method_not_served(std::string_view path) {
  for (const auto* method : {"POST", "DELETE", "PUT", "PATCH"}) {
    const auto serves = [&](const Route& route) {
      return route.path == path && route.method == std::string_view(method);
    };
    if (std::ranges::none_of(routes, serves)) return method;
  }
  return "BREW";
}

TEST_F(Requests, OtherMethodsAndPathsAreNotServed) {
  open_shop();
  for (const auto& [method, path, who] : routes) {
    const HttpReply wrong_method = admin->request(method_not_served(path), path);
    EXPECT_EQ(wrong_method.status, 405) << path;
    EXPECT_EQ(wrong_method.code(), "METHOD_NOT_ALLOWED") << path;
    EXPECT_NE(wrong_method.header("allow").find(method), std::string::npos) << path;
    EXPECT_EQ(admin->request("BREW", path).status, 405) << path;
    const HttpReply deeper = admin->request(method, path + std::string("/x/y"), *method == 'P' ? "{}" : "");
    EXPECT_EQ(deeper.status, 404) << path;
    EXPECT_EQ(deeper.code(), "NOT_FOUND") << path;
  }
  for (const auto* path : {"/", "/api", "/api/orders/", "/api/orders/0", "/api/orders/-1", "/api/orders/1x",
                           "/api/orders/99999999999999999999", "/api/orders/77", "/api/products/77",
                           "/api/products/77/stock", "/api/../etc/passwd", "/api/orders/%31"}) {
    EXPECT_EQ(admin->get(path).status, 404) << path;
  }
  EXPECT_EQ(admin->request("HEAD", "/api/products").status, 200);
  EXPECT_EQ(admin->request("HEAD", "/api/products").body, "");
}

// The list above must be the tables themselves: an endpoint that is added is tested, too.
TEST(Routes, EveryEndpointIsListedHere) {
  std::size_t mounted = 0;
  for (const auto* table : {"user/endpoints.cpp", "product/endpoints.cpp", "order/endpoints.cpp",
                            "payment/endpoints.cpp", "app/rehearsal_desk.cpp"}) {
    std::ifstream file(fmt::format("{}/{}", BUYME_SOURCES, table));
    ASSERT_TRUE(file) << table;
    const std::string text(std::istreambuf_iterator<char>(file), {});
    static const std::regex row(R"re(\{Method::(\w+), "([^"]+)")re");
    for (std::sregex_iterator found(text.begin(), text.end(), row), end; found != end; ++found) {
      ++mounted;
      const std::string path = std::regex_replace((*found)[2].str(), std::regex(R"(\{\w+\})"), "1");
      std::string method = (*found)[1].str();  // "delete_"
      std::erase(method, '_');
      std::ranges::transform(method, method.begin(), [](char c) { return std::toupper(c); });
      const bool listed = std::ranges::any_of(
          routes, [&](const Route& route) { return path == route.path && method == route.method; });
      EXPECT_TRUE(listed) << (*found)[1] << " " << path;
    }
  }
  EXPECT_EQ(mounted, std::size(routes));
}

TEST_F(Requests, OneProcessHasNoDoorForServices) {
  open_shop();
  for (const auto* path :
       {"/internal/orders/get", "/internal/orders/put-terms", "/internal/payments/take-refund"}) {
    EXPECT_EQ(nobody->post(path, "{}").status, 404) << path;
    EXPECT_EQ(nobody->post(path, "{}", {{"X-Buyme-Service", "0123456789abcdef0123"}}).status, 404) << path;
    EXPECT_EQ(admin->post(path, "{}", {{"X-Buyme-Service", ""}}).status, 404) << path;
    EXPECT_EQ(nobody->get(path).status, 404) << path;
  }
}

TEST_F(Requests, AnAccountThatAsksTooOftenIsSlowedDown) {
  open_shop({"rate.account_per_second=1", "rate.account_burst=2"});
  const std::int64_t product = make_product(*admin, 10);
  EXPECT_EQ(place_order(product).header("ratelimit-remaining"), "1");
  EXPECT_EQ(place_order(product).status, 201);
  const HttpReply refused = place_order(product);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "RATE_LIMITED");
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_EQ(buyer->get("/api/orders").status, 200) << "reading is not counted";
  EXPECT_EQ(other->post("/api/orders", order_body(product)).status, 201) << "nor are others";
  expect_stock(product, 7, 3, 0);
}

TEST_F(Requests, PipelinedRequestsAreAnsweredInOrder) {
  open_shop();
  const std::int64_t product = make_product(*admin, 10);
  std::string three;
  for (const auto* path : {"/stock", "", "/nothing"}) {
    three += fmt::format("GET /api/products/{}{} HTTP/1.1\r\nHost: x\r\n\r\n", product, path);
  }
  nobody->send(three);
  EXPECT_EQ(nobody->receive().integer("available"), 10);
  EXPECT_EQ(nobody->receive().text("productName"), "Figure");
  EXPECT_EQ(nobody->receive().status, 404);
}

TEST_F(Requests, WhatIsNotHttpIsRefusedAndTheShopLivesOn) {
  open_shop();
  for (const auto* bytes : {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
                            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
                            "POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                            "POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n"}) {
    HttpClient stranger = shop->client();
    stranger.send(bytes);
    EXPECT_EQ(stranger.receive().status, 400) << bytes;
  }
  EXPECT_EQ(nobody->get("/api/products").status, 200);
}

class Trusted : public ShopTest {
 protected:
  void open_trusted() {
    shop.emplace(directory(), Arguments{"--auth", "trusted"});
    shop->start();
    nobody.emplace(shop->client());
  }
};

TEST_F(Trusted, TheBodySaysWhoBuys) {
  open_trusted();
  const std::int64_t product = make_product(*nobody, 2);
  const HttpReply placed = nobody->post("/api/orders", order_body(product, 1, 4'711));
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_EQ(placed.integer("userId"), 4'711);
  const HttpReply unnamed = nobody->post("/api/orders", order_body(product));
  EXPECT_EQ(unnamed.status, 400);
  EXPECT_TRUE(unnamed.names_field("userId")) << unnamed.body;
  for (const std::int64_t user : {-1, -4'711}) {
    EXPECT_EQ(nobody->post("/api/orders", order_body(product, 1, user)).status, 400);
  }
  EXPECT_EQ(nobody->get(order_path(placed.integer("orderId"))).status, 200);
}

TEST_F(Trusted, OnlyLoopbackMayTrust) {
  for (const auto* host : {"0.0.0.0", "::"}) {
    const CommandResult refused = run_buyme(
        {"serve", "--auth", "trusted", "--host", host, "--port", "0", "--data-dir", directory().string()});
    EXPECT_NE(refused.status, 0) << host;
    EXPECT_NE(refused.errors.find("loopback"), std::string::npos) << refused.errors;
    EXPECT_EQ(refused.output.find("listening"), std::string::npos);
  }
}

}  // namespace

}  // namespace buyme::test
