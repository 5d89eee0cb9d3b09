#include "core/limits.hpp"
#include "product/test_catalogue.hpp"

namespace buyme::product {
namespace {

class WishlistTest : public CatalogueTest {
 protected:
  Answer wish(std::int64_t product, std::string_view more = "") {
    return post("/api/wishlist", R"({"productId":)" + std::to_string(product) + std::string(more) + "}");
  }
  std::vector<std::int64_t> wished(const Answer& page) {
    std::vector<std::int64_t> found;
    for (const auto& item : page.array("items")) {
      found.push_back(item.at("productId").as_int64());
    }
    return found;
  }
  std::size_t size() { return get("/api/wishlist?limit=100").array("items").size(); }
};

using Ids = std::vector<std::int64_t>;

INSTANTIATE_TEST_SUITE_P(Databases, WishlistTest, test::both_databases(), test::kind_name);

TEST_P(WishlistTest, AnEntryShowsItsProductAndLiveStock) {
  make();
  const Answer added = wish(1, R"(,"note":"for \"Kim\"")");
  EXPECT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(added.location, "/api/wishlist/1");
  EXPECT_EQ(added.text("note"), "for \"Kim\"");
  sale(1).sold = 5;
  const Answer page = get("/api/wishlist");
  const json::value entry = page.array("items").at(0);
  EXPECT_EQ(entry.at("product").at("productName").as_string(), "Jeans");
  EXPECT_TRUE(entry.at("product").at("stock").at("soldOut").as_bool());
  EXPECT_EQ(get("/api/wishlist/1").body, json::serialize(entry));
}

TEST_P(WishlistTest, ARepeatIsTheSameEntry) {
  make();
  const Answer first = wish(1, R"(,"note":"x")");
  const Answer again = wish(1, R"(,"note":"y")");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(size(), 1u);
}

TEST_P(WishlistTest, NotesAreChangedAndRemoved) {
  make();
  EXPECT_EQ(call(Method::put, "/api/wishlist/1", R"({"note":"a"})").status, 404);
  wish(1);
  EXPECT_FALSE(get("/api/wishlist/1").object().contains("note"));
  EXPECT_EQ(call(Method::put, "/api/wishlist/1", R"({"note":"a"})").text("note"), "a");
  EXPECT_FALSE(call(Method::put, "/api/wishlist/1", R"({"note":null})").object().contains("note"));
  EXPECT_EQ(call(Method::put, "/api/wishlist/1", "{}").status, 400);
  EXPECT_EQ(call(Method::put, "/api/wishlist/1", R"({"note":")" + std::string(501, 'x') + "\"}").status, 400);
  EXPECT_EQ(call(Method::put, "/api/wishlist/0", R"({"note":"a"})").status, 404);
}

TEST_P(WishlistTest, RemovingIsIdempotent) {
  make();
  wish(1);
  EXPECT_EQ(call(Method::delete_, "/api/wishlist/1").status, 204);
  EXPECT_EQ(call(Method::delete_, "/api/wishlist/1").status, 204);
  EXPECT_EQ(call(Method::delete_, "/api/wishlist/99").status, 204);
  EXPECT_EQ(call(Method::delete_, "/api/wishlist/x").status, 404);
  EXPECT_EQ(get("/api/wishlist/1").status, 404);
  EXPECT_EQ(size(), 0u);
}

TEST_P(WishlistTest, EverybodyHasHisOwn) {
  make();
  wish(1);
  caller = Caller{UserId{2}, Role::user, true, false};
  EXPECT_EQ(size(), 0u);
  EXPECT_EQ(call(Method::put, "/api/wishlist/1", R"({"note":"a"})").status, 404);
  call(Method::delete_, "/api/wishlist/1");
  EXPECT_EQ(wish(1).status, 201);
  caller.user = UserId{1};
  EXPECT_EQ(size(), 1u);
  caller = Caller{UserId{}, Role::admin, true, true};
  EXPECT_EQ(get("/api/wishlist").status, 404);
}

TEST_P(WishlistTest, AUserIsForgottenWithAllWishesAndNobodyElseIs) {
  make();
  make("b");
  wish(1);
  wish(2);
  caller = Caller{UserId{2}, Role::user, true, false};
  wish(1);
  EXPECT_TRUE(test::run(service->forget_user(UserId{1})));
  EXPECT_TRUE(test::run(service->forget_user(UserId{1})));
  EXPECT_EQ(size(), 1u);
  EXPECT_EQ(count("wishlist WHERE user_id = 1"), 0);
}

TEST_P(WishlistTest, WhatIsNotSoldCannotBeWishedForAndWhatWasStays) {
  make();
  make("b");
  wish(1);
  call(Method::delete_, "/api/products/1");
  call(Method::delete_, "/api/products/2");
  EXPECT_EQ(wish(1).status, 200);
  EXPECT_EQ(wish(2).status, 409);
  EXPECT_EQ(get("/api/wishlist/1").object().at("product").at("state").as_string(), "ARCHIVED");
  orders.put_fails = Failure(Error::overloaded, "busy");
  post("/api/products", simple("draft"));
  EXPECT_EQ(wish(3).status, 404);
  EXPECT_EQ(wish(77).status, 404);
  for (const char* body : {"{}", R"({"productId":0})", R"({"productId":"1"})", R"({"productId":1,"note":7})",
                           R"({"productId":1,"userId":2})"}) {
    EXPECT_EQ(post("/api/wishlist", body).status, 400) << body;
  }
}

TEST_P(WishlistTest, PagesAreNewestFirst) {
  for (int i = 1; i <= 5; ++i) make();
  for (const std::int64_t id : {3, 1, 5, 2, 4}) wish(id);
  Ids listed;
  std::string cursor;
  do {
    const Answer page = get("/api/wishlist?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto id : wished(page)) listed.push_back(id);
    cursor = page.object().contains("nextCursor") ? page.text("nextCursor") : "";
    if (cursor.empty()) break;
    caller.user = UserId{2};
    EXPECT_EQ(get("/api/wishlist?cursor=" + cursor).status, 400);  // somebody else's
    caller.user = UserId{1};
  } while (listed.size() < 10);
  EXPECT_EQ(listed, (Ids{4, 2, 5, 1, 3}));
}

TEST_P(WishlistTest, AFullListTakesNoMore) {
  make();
  make("b");
  for (std::size_t i = 0; i < limits::max_wishes; ++i) {
    NewProduct product;
    product.details.name = "n";
    const auto made = store->insert(product);
    ASSERT_TRUE(store->activate(made->product.id));
    ASSERT_TRUE(store->add_wish(UserId{1}, {0, made->product.id, "", Time{}}, limits::max_wishes));
  }
  const Answer full = wish(1);
  EXPECT_EQ(full.status, 409);
  EXPECT_EQ(full.text("code"), "LIMIT_EXCEEDED");
  EXPECT_EQ(full.integer("limit"), static_cast<std::int64_t>(limits::max_wishes));
  call(Method::delete_, "/api/wishlist/3");
  EXPECT_EQ(wish(1).status, 201);
  EXPECT_EQ(wish(2).status, 409);
}

}  // namespace
}  // namespace buyme::product
