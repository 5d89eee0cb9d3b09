// Registering, its saga, and what is answered of a product.
#include "product/test_catalogue.hpp"
#include "support/held_elsewhere.hpp"

namespace buyme::product {
namespace {

constexpr std::string_view full_body =
    R"({"productName":"Jeans","productDescription":"Blue","productPrice":49000,
  "productStock":10,"productType":"RESERVED","opensAt":"2026-03-01T12:00:00+09:00",
  "closesAt":"2026-03-02T12:00:00+09:00","perUserLimit":2,"imageUrl":"https://shop.example/a.png"})";

using ProductServiceTest = CatalogueTest;

INSTANTIATE_TEST_SUITE_P(Databases, ProductServiceTest, test::both_databases(), test::kind_name);

TEST_P(ProductServiceTest, RegisteringAnswersWithTheProductAndItsStock) {
  const auto response = post("/api/products", full_body);
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.location, "/api/products/1");
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
  EXPECT_EQ(product.at("stock").at("available").as_int64(), 10);
  EXPECT_FALSE(product.at("stock").at("soldOut").as_bool());
  EXPECT_TRUE(product.at("createdAt").is_string());

  EXPECT_EQ(sale(1).total, 10);
  EXPECT_EQ(sale(1).history.at(0).reason, "registered");
  EXPECT_EQ(sale(1).history.at(0).actor, UserId{1});
  const auto& terms = sale(1).terms;
  EXPECT_EQ(terms.version, 1);
  EXPECT_EQ(terms.price, 49000);
  EXPECT_EQ(terms.per_user_limit, 2);
  EXPECT_EQ(format_time(*terms.closes_at), "2026-03-02T03:00:00.000Z");
  EXPECT_EQ(get("/api/products/1").body, response.body);
}

TEST_P(ProductServiceTest, EveryWrongFieldIsNamedAtOnce) {
  const auto response =
      post("/api/products", R"({"productName":"","productPrice":-1,"productStock":1.5,"productType":"ODD",
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
      post("/api/products", R"({"productName":"a","productDescription":"","productPrice":1,"productStock":1,)"
                            R"("productType":"RESERVED"})");
  EXPECT_NE(reserved.body.find("\"opensAt\""), std::string::npos);
}

TEST_P(ProductServiceTest, ARepeatWithTheSameKeyIsTheSameProduct) {
  const auto first = post("/api/products", full_body, {.key = "key-1"});
  const auto again = post("/api/products", full_body, {.key = "key-1"});
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.replayed, "true");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(orders.puts, 1);
  EXPECT_EQ(post("/api/products", simple("other"), {.key = "key-1"}).status, 422);
  EXPECT_EQ(post("/api/products", full_body, {.key = "key-2"}).status, 201);
  EXPECT_EQ(post("/api/products", full_body).status, 201);  // without a key nothing is a repeat
  EXPECT_EQ(post("/api/products", full_body).status, 201);
  EXPECT_EQ(count("products"), 4);
}

TEST_P(ProductServiceTest, ADraftIsHiddenUntilTheSweeperHasPublishedIt) {
  orders.put_fails = Failure(Error::overloaded, "busy");
  const auto refused = post("/api/products", full_body, {.key = "key"});
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("OUTCOME_UNKNOWN"), std::string::npos);
  EXPECT_NE(refused.body.find("Idempotency-Key"), std::string::npos);
  EXPECT_EQ(get("/api/products/1").status, 404);
  EXPECT_EQ(names(get("/api/products")), Names{});
  test::run(service->sweep());
  EXPECT_EQ(count("products WHERE state = 1"), 1);  // still refused

  orders.put_fails.reset();
  test::HeldElsewhere lease;
  test::run(service->sweep(lease));
  EXPECT_EQ(count("products WHERE state = 1"), 1) << "another server does it";
  test::run(service->sweep());
  EXPECT_EQ(count("products WHERE state = 2"), 1);
  EXPECT_EQ(get("/api/products/1").status, 200);
  const auto again = post("/api/products", full_body, {.key = "key"});
  EXPECT_EQ(again.status, 201);
  const int puts = orders.puts;
  test::run(service->sweep());
  EXPECT_EQ(orders.puts, puts);  // nothing is left to do
}

TEST_P(ProductServiceTest, ARepeatFinishesWhatItsFirstRequestCouldNot) {
  orders.put_fails = Failure(Error::outcome_unknown, "who knows");
  EXPECT_EQ(post("/api/products", full_body, {.key = "key"}).status, 503);
  orders.put_fails.reset();
  EXPECT_EQ(post("/api/products", full_body, {.key = "key"}).status, 201);
  EXPECT_EQ(get("/api/products/1").status, 200);
}

TEST_P(ProductServiceTest, ListsAreNewestFirstAndPaged) {
  for (const char* name : {"a", "b", "c"}) make(name);
  post("/api/products", simple("r", "RESERVED"));
  const auto first = get("/api/products?limit=2");
  EXPECT_EQ(names(first), (Names{"r", "c"}));
  const std::string cursor = json::parse(first.body).at("nextCursor").as_string().c_str();
  const auto second = get("/api/products?limit=2&cursor=" + cursor);
  EXPECT_EQ(names(second), (Names{"b", "a"}));
  EXPECT_FALSE(json::parse(second.body).as_object().contains("nextCursor"));
  EXPECT_EQ(names(get("/api/products/normal")), (Names{"c", "b", "a"}));
  EXPECT_EQ(names(get("/api/products/reserved")), Names{"r"});
  EXPECT_EQ(names(get("/api/products?type=RESERVED")), Names{"r"});
  EXPECT_EQ(get("/api/products?type=ODD").status, 400);
  EXPECT_EQ(get("/api/products?limit=0").status, 400);
  EXPECT_EQ(get("/api/products/normal?type=NORMAL").status, 400);
}

TEST_P(ProductServiceTest, StockIsAnsweredByTheOrderServiceAlone) {
  orders.sales[ProductId{9}] = {{}, 3, 2, 1, {}};
  EXPECT_EQ(get("/api/products/9/stock").body,
            R"({"productId":9,"total":3,"available":0,"held":2,"sold":1,"soldOut":true})");
  EXPECT_EQ(get("/api/products/8/stock").status, 404);
  EXPECT_EQ(get("/api/products/x/stock").status, 404);
}

}  // namespace
}  // namespace buyme::product
