#include <gtest/gtest.h>

#include "http/endpoint.hpp"

namespace buyme::http {
namespace {

class Routes : public ::testing::Test {
 protected:
  void add(Method method, std::string_view path) {
    router.add(
        {method, path, Access::anyone, [](const Request&, Response&) -> Awaitable<void> { co_return; }, {}});
  }
  // The pattern that was found and its parameters, or the failure's code.
  std::string find(Method method, std::string_view path) {
    Request request;
    request.method = method;
    request.path = path;
    const auto route = router.find(request);
    if (route.has_error()) {
      std::string text(error_info(route.error().error).code);
      for (const auto& [name, value] : route.error().members) text += " " + std::get<std::string>(value);
      return text;
    }
    std::string text((*route)->path);
    for (const auto param : request.params) {
      if (!param.empty()) text.append(" ").append(param);
    }
    return text;
  }
  Router router;
};

TEST_F(Routes, AreFoundByMethodAndPath) {
  add(Method::get, "/");
  add(Method::get, "/api/orders");
  add(Method::post, "/api/orders");
  add(Method::get, "/api/orders/{orderId}");
  add(Method::post, "/api/orders/{orderId}/items/{item}/return/{x}");
  EXPECT_EQ(find(Method::get, "/"), "/");
  EXPECT_EQ(find(Method::post, "/api/orders"), "/api/orders");
  EXPECT_EQ(find(Method::get, "/api/orders/42"), "/api/orders/{orderId} 42");
  EXPECT_EQ(find(Method::post, "/api/orders/1/items/2/return/3"),
            "/api/orders/{orderId}/items/{item}/return/{x} 1 2 3");
  EXPECT_EQ(router.routes().size(), 5u);
}

TEST_F(Routes, NothingElseMatches) {
  add(Method::get, "/api/orders/{orderId}");
  for (const char* path :
       {"", "/", "api/orders/1", "/api/orders", "/api/orders/", "/api/orders/1/", "//api/orders/1",
        "/API/orders/1", "/api/orders/1/2", "/a/b/c/d/e/f/g/h/i/j", "/////////////////"}) {
    EXPECT_EQ(find(Method::get, path), "NOT_FOUND") << path;
  }
}

TEST_F(Routes, ALiteralPathOfOneMethodIsNoParameterOfAnother) {
  add(Method::get, "/products/normal");
  add(Method::put, "/products/{id}");
  add(Method::get, "/products/{id}");
  EXPECT_EQ(find(Method::put, "/products/normal"), "METHOD_NOT_ALLOWED GET, HEAD");
  EXPECT_EQ(find(Method::put, "/products/7"), "/products/{id} 7");
  EXPECT_EQ(router.methods_of("/products/normal"), "GET, HEAD");
  EXPECT_EQ(router.methods_of("/products/7"), "GET, HEAD, PUT");
}

TEST_F(Routes, TheLiteralPatternWins) {
  add(Method::get, "/users/{id}");
  add(Method::get, "/users/me");
  add(Method::get, "/{kind}/me");
  add(Method::get, "/{kind}/{id}");
  add(Method::get, "/users/{id}/orders");
  add(Method::get, "/users/me/{what}");
  EXPECT_EQ(find(Method::get, "/users/me"), "/users/me");
  EXPECT_EQ(find(Method::get, "/users/7"), "/users/{id} 7");
  EXPECT_EQ(find(Method::get, "/products/me"), "/{kind}/me products");
  EXPECT_EQ(find(Method::get, "/products/7"), "/{kind}/{id} products 7");
  EXPECT_EQ(find(Method::get, "/users/me/orders"), "/users/me/{what} orders");
  EXPECT_EQ(find(Method::get, "/users/7/orders"), "/users/{id}/orders 7");
}

TEST_F(Routes, AnotherMethodIsNamed) {
  add(Method::get, "/a/{x}");
  add(Method::put, "/a/{x}");
  add(Method::delete_, "/a/b");
  EXPECT_EQ(find(Method::post, "/a/c"), "METHOD_NOT_ALLOWED GET, HEAD, PUT");
  EXPECT_EQ(find(Method::other, "/a/c"), "METHOD_NOT_ALLOWED GET, HEAD, PUT");
  EXPECT_EQ(find(Method::get, "/a/b"), "METHOD_NOT_ALLOWED DELETE");
}

TEST_F(Routes, AreRefusedTwiceAndWhenTheyCannotMatch) {
  add(Method::get, "/a/{x}");
  EXPECT_THROW(add(Method::get, "/a/{y}"), std::logic_error);
  add(Method::get, "/a/x");
  EXPECT_THROW(add(Method::get, "/a/x"), std::logic_error);
  EXPECT_NO_THROW(add(Method::post, "/a/x"));
  EXPECT_THROW(add(Method::get, "no/slash"), std::logic_error);
  EXPECT_THROW(add(Method::other, "/b"), std::logic_error);
  EXPECT_THROW(add(Method::get, "/{a}/{b}/{c}/{d}"), std::logic_error);
  EXPECT_THROW(add(Method::get, "/1/2/3/4/5/6/7/8/9"), std::logic_error);
}

}  // namespace
}  // namespace buyme::http
