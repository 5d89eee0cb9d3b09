// What the tests of this folder share: the catalogue over each kind of database, its routes, and an order
// service made here. The caller is an admin, user 1, unless a test says otherwise.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "product/endpoints.hpp"
#include "product/fake_orders.hpp"
#include "support/run.hpp"
#include "support/test_database.hpp"

namespace buyme::product {

namespace json = boost::json;

struct Answer {
  int status = 0;
  std::string body;
  std::string etag, replayed, link, location;

  json::object object() const { return json::parse(body).as_object(); }
  // By value: what a loop runs over must outlive it.
  json::array array(std::string_view name) const { return json::parse(body).at(name).as_array(); }
  std::int64_t integer(std::string_view name) const { return json::parse(body).at(name).as_int64(); }
  std::string text(std::string_view name) const { return json::parse(body).at(name).as_string().c_str(); }
  std::vector<std::string> wrong_fields() const {
    std::vector<std::string> fields;
    for (const auto& error : array("errors")) {
      fields.emplace_back(error.at("field").as_string().c_str());
    }
    return fields;
  }
};

struct SentHeaders {
  std::string_view key = {}, if_match = {};
  std::string_view content_type = "application/json";
};

class CatalogueTest : public testing::TestWithParam<test::DatabaseKind> {
 protected:
  using Method = http::Method;

  CatalogueTest() { restart(); }

  // A new process over the same file; what was under way is gone.
  void restart() {
    router.emplace();
    service.emplace(*store, orders, pool, pool, *clock, make_null_log());
    router->mount(*service, endpoints());
  }

  Answer call(Method method, std::string_view target, std::string_view body = "", SentHeaders headers = {}) {
    http::Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    request.query = target.substr(std::min(target.size(), request.path.size() + 1));
    request.body = body;
    request.content_type = headers.content_type;
    request.idempotency_key = headers.key;
    request.if_match = headers.if_match;
    request.caller = caller;
    http::Response response;
    const auto route = router->find(request);
    if (!route) {
      http::write_problem(response, route.error(), "");
    } else {
      test::run((*route)->handle(request, response));
    }
    Answer answer{response.status, std::move(response.body), {}, {}, {}, {}};
    for (const auto& [name, value] : response.headers) {
      if (name == "ETag") answer.etag = value;
      if (name == "Idempotent-Replayed") answer.replayed = value;
      if (name == "Link") answer.link = value;
      if (name == "Location") answer.location = value;
    }
    return answer;
  }
  Answer get(std::string_view target) { return call(Method::get, target); }
  Answer post(std::string_view target, std::string_view body = "", SentHeaders headers = {}) {
    return call(Method::post, target, body, headers);
  }

  static std::string simple(std::string_view name, std::string_view type = "NORMAL", Money price = 1) {
    const std::string opens = type == "RESERVED" ? R"(,"opensAt":"2026-03-01T03:00:00Z")" : "";
    return std::string(R"({"productName":")") + std::string(name) +
           R"(","productDescription":"","productPrice":)" + std::to_string(price) +
           R"(,"productStock":5,"productType":")" + std::string(type) + "\"" + opens + "}";
  }
  // A product of 5 units.
  std::int64_t make(std::string_view name = "Jeans") {
    const Answer made = post("/api/products", simple(name));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.integer("productId");
  }
  static std::vector<std::string> names(const Answer& page) {
    std::vector<std::string> found;
    for (const auto& item : page.array("items")) {
      found.emplace_back(item.at("productName").as_string().c_str());
    }
    return found;
  }
  std::int64_t count(const std::string& from) { return place.integer("SELECT COUNT(*) FROM " + from); }
  FakeOrders::Sale& sale(std::int64_t product) { return orders.sales.at(ProductId{product}); }

  test::TestDatabase place{GetParam()};
  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<ProductStore> store = make_sql_product_store(place.address(), 2, make_null_log());
  FakeOrders orders;
  Pool pool{"test", 2, 100};
  std::optional<ProductService> service;
  std::optional<http::Router> router;
  Caller caller{UserId{1}, Role::admin, true, false};
};

using Names = std::vector<std::string>;

}  // namespace buyme::product
