// The catalogue over a real file, its saga with an order service made here, and its JSON.
#include "product/service.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "core/limits.hpp"
#include "db/sqlite.hpp"
#include "product/codec.hpp"
#include "product/endpoints.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace buyme::product {
namespace {

namespace json = boost::json;

class FakeOrders final : public order::OrderApi {
 public:
  std::map<ProductId, order::TermsUpdate> wanted;  // the last one taken
  std::optional<Failure> put_fails;
  int puts = 0;

  Awaitable<Result<void>> put_terms(order::TermsUpdate update) override {
    ++puts;
    if (put_fails) co_return *put_fails;
    wanted[update.terms.product] = update;
    co_return Result<void>();
  }
  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId, std::optional<std::int64_t>,
                                                                   std::size_t) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<void>> cancel_unpaid(UserId) override { co_return Failure(Error::internal, ""); }
  Awaitable<Result<order::StockLevel>> stock(ProductId product) override {
    const auto found = wanted.find(product);
    if (found == wanted.end()) co_return Failure(Error::not_found, "There is no such product.");
    co_return order::StockLevel{product, *found->second.total, 2, 1};
  }
  Awaitable<Result<std::vector<order::StockLevel>>> stock(std::vector<ProductId> products) override {
    std::vector<order::StockLevel> levels;
    for (const ProductId product : products) {
      if (wanted.contains(product)) levels.push_back({product, *wanted[product].total, 2, 1});
    }
    co_return levels;
  }
  Awaitable<Result<order::PaymentTicket>> enter_payment(OrderId, Caller, bool) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<order::PaymentSettlement>> settle_payment(OrderId, order::AttemptRef, bool) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<order::Order>> get(OrderId, Caller) override { co_return Failure(Error::internal, ""); }
};

constexpr std::string_view full_body =
    R"({"productName":"Jeans","productDescription":"Blue","productPrice":49000,
  "productStock":10,"productType":"RESERVED","opensAt":"2026-03-01T12:00:00+09:00",
  "closesAt":"2026-03-02T12:00:00+09:00","perUserLimit":2,"imageUrl":"https://shop.example/a.png"})";

class ProductServiceTest : public testing::Test {
 protected:
  ProductServiceTest() { router.mount(service, endpoints()); }

  http::Response call(http::Method method, std::string_view path, std::string_view query = "",
                      std::string_view body = "", std::string_view key = "") {
    http::Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    request.content_type = "application/json";
    request.idempotency_key = key;
    request.caller = Caller{UserId{1}, Role::admin, true, false};
    http::Response response;
    const auto route = router.find(request);
    if (!route) {
      http::write_problem(response, route.error(), "");
    } else {
      test::run((*route)->handle(request, response));
    }
    return response;
  }
  http::Response post(std::string_view body, std::string_view key = "") {
    return call(http::Method::post, "/api/products", "", body, key);
  }
  http::Response get(std::string_view path, std::string_view query = "") {
    return call(http::Method::get, path, query);
  }
  static std::string simple(std::string_view name, std::string_view type = "NORMAL") {
    const std::string opens = type == "RESERVED" ? R"(,"opensAt":"2026-03-01T03:00:00Z")" : "";
    return std::string(R"({"productName":")") + std::string(name) +
           R"(","productDescription":"","productPrice":1,"productStock":5,"productType":")" +
           std::string(type) + "\"" + opens + "}";
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  static std::vector<std::string> names(const http::Response& response) {
    std::vector<std::string> found;
    const json::value page = json::parse(response.body);
    for (const auto& item : page.at("items").as_array()) {
      found.emplace_back(item.at("productName").as_string().c_str());
    }
    return found;
  }
  std::int64_t rows(std::string_view where) {
    return db::Sqlite(dir.file("product.sqlite"), db::Access::read_only)
        .query_integer("SELECT COUNT(*) FROM products WHERE " + std::string(where));
  }

  test::TempDir dir;
  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<ProductStore> store =
      make_sql_product_store(dir.file("product.sqlite"), 2, make_null_log());
  FakeOrders orders;
  Pool pool{"test", 2, 100};
  ProductService service{*store, orders, pool, *clock, make_null_log()};
  http::Router router;
};

using Names = std::vector<std::string>;

TEST_F(ProductServiceTest, RegisteringAnswersWithTheProductAndItsStock) {
  const auto response = post(full_body);
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(header(response, "Location"), "/api/products/1");
  const json::value product = json::parse(response.body);
  EXPECT_EQ(product.at("productId").as_int64(), 1);
  EXPECT_EQ(product.at("productName").as_string(), "Jeans");
  EXPECT_EQ(product.at("productPrice").as_int64(), 49000);
  EXPECT_EQ(product.at("productStock").as_int64(), 10);
  EXPECT_EQ(product.at("productType").as_string(), "RESERVED");
  EXPECT_EQ(product.at("opensAt").as_string(), "2026-03-01T03:00:00.000Z");
  EXPECT_EQ(product.at("perUserLimit").as_int64(), 2);
  EXPECT_EQ(product.at("imageUrl").as_string(), "https://shop.example/a.png");
  EXPECT_EQ(product.at("state").as_string(), "ACTIVE");
  EXPECT_EQ(product.at("stock").at("available").as_int64(), 7);
  EXPECT_FALSE(product.at("stock").at("soldOut").as_bool());
  EXPECT_TRUE(product.at("createdAt").is_string());

  EXPECT_EQ(orders.wanted.at(ProductId{1}).total, 10);
  const auto& terms = orders.wanted.at(ProductId{1}).terms;
  EXPECT_EQ(terms.version, 1);
  EXPECT_EQ(terms.price, 49000);
  EXPECT_EQ(terms.per_user_limit, 2);
  EXPECT_EQ(format_time(*terms.closes_at), "2026-03-02T03:00:00.000Z");
  EXPECT_EQ(get("/api/products/1").body, response.body);
}

TEST_F(ProductServiceTest, EveryWrongFieldIsNamedAtOnce) {
  const auto response = post(R"({"productName":"","productPrice":-1,"productStock":1.5,"productType":"ODD",
    "opensAt":"2026-03-02T00:00:00Z","closesAt":"2026-03-01T00:00:00Z","perUserLimit":0,
    "imageUrl":"javascript:alert","colour":"red"})");
  ASSERT_EQ(response.status, 400);
  std::map<std::string, int> named;
  const json::value problem = json::parse(response.body);
  for (const auto& error : problem.at("errors").as_array()) {
    ++named[error.at("field").as_string().c_str()];
  }
  for (const char* field : {"productName", "productDescription", "productPrice", "productStock",
                            "productType", "closesAt", "perUserLimit", "imageUrl", "colour"}) {
    EXPECT_EQ(named[field], 1) << field;
  }
  EXPECT_EQ(orders.puts, 0);
  const auto reserved =
      post(R"({"productName":"a","productDescription":"","productPrice":1,"productStock":1,)"
           R"("productType":"RESERVED"})");
  EXPECT_NE(reserved.body.find("\"opensAt\""), std::string::npos);
}

TEST_F(ProductServiceTest, ARepeatWithTheSameKeyIsTheSameProduct) {
  const auto first = post(full_body, "key-1");
  const auto again = post(full_body, "key-1");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(orders.puts, 1);
  EXPECT_EQ(post(simple("other"), "key-1").status, 422);
  EXPECT_EQ(post(full_body, "key-2").status, 201);
  EXPECT_EQ(post(full_body).status, 201);  // without a key nothing is a repeat
  EXPECT_EQ(post(full_body).status, 201);
  EXPECT_EQ(rows("1"), 4);
}

TEST_F(ProductServiceTest, ADraftIsHiddenUntilTheSweeperHasPublishedIt) {
  orders.put_fails = Failure(Error::overloaded, "busy");
  const auto refused = post(full_body, "key");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("OUTCOME_UNKNOWN"), std::string::npos);
  EXPECT_NE(refused.body.find("Idempotency-Key"), std::string::npos);
  EXPECT_EQ(get("/api/products/1").status, 404);
  EXPECT_EQ(names(get("/api/products")), Names{});
  test::run(service.sweep());
  EXPECT_EQ(rows("state = 1"), 1);  // still refused

  orders.put_fails.reset();
  test::run(service.sweep());
  EXPECT_EQ(rows("state = 2"), 1);
  EXPECT_EQ(get("/api/products/1").status, 200);
  const auto again = post(full_body, "key");
  EXPECT_EQ(again.status, 201);
  const int puts = orders.puts;
  test::run(service.sweep());
  EXPECT_EQ(orders.puts, puts);  // nothing is left to do
}

TEST_F(ProductServiceTest, ARepeatFinishesWhatItsFirstRequestCouldNot) {
  orders.put_fails = Failure(Error::outcome_unknown, "who knows");
  EXPECT_EQ(post(full_body, "key").status, 503);
  orders.put_fails.reset();
  EXPECT_EQ(post(full_body, "key").status, 201);
  EXPECT_EQ(get("/api/products/1").status, 200);
}

TEST_F(ProductServiceTest, ListsAreNewestFirstAndPaged) {
  for (const char* name : {"a", "b", "c"}) post(simple(name));
  post(simple("r", "RESERVED"));
  const auto first = get("/api/products", "limit=2");
  EXPECT_EQ(names(first), (Names{"r", "c"}));
  const std::string cursor = json::parse(first.body).at("nextCursor").as_string().c_str();
  const auto second = get("/api/products", "limit=2&cursor=" + cursor);
  EXPECT_EQ(names(second), (Names{"b", "a"}));
  EXPECT_FALSE(json::parse(second.body).as_object().contains("nextCursor"));
  EXPECT_EQ(names(get("/api/products/normal")), (Names{"c", "b", "a"}));
  EXPECT_EQ(names(get("/api/products/reserved")), Names{"r"});
  EXPECT_EQ(names(get("/api/products", "type=RESERVED")), Names{"r"});
  EXPECT_EQ(get("/api/products", "type=ODD").status, 400);
  EXPECT_EQ(get("/api/products", "limit=0").status, 400);
  EXPECT_EQ(get("/api/products/normal", "type=NORMAL").status, 400);
}

TEST_F(ProductServiceTest, StockIsAnsweredByTheOrderServiceAlone) {
  orders.wanted[ProductId{9}].total = 3;
  EXPECT_EQ(get("/api/products/9/stock").body,
            R"({"productId":9,"total":3,"available":0,"held":2,"sold":1,"soldOut":true})");
  EXPECT_EQ(get("/api/products/8/stock").status, 404);
  EXPECT_EQ(get("/api/products/x/stock").status, 404);
}

}  // namespace
}  // namespace buyme::product
