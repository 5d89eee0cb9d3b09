// Lists: filters, orders, and pages that neither skip nor repeat.
#include <algorithm>

#include "core/random.hpp"
#include "product/cursor.hpp"
#include "product/test_catalogue.hpp"

namespace buyme::product {
namespace {

class ListTest : public CatalogueTest {
 protected:
  void register_many(std::initializer_list<std::pair<const char*, Money>> products) {
    for (const auto& [name, price] : products) {
      ASSERT_EQ(post("/api/products", simple(name, "NORMAL", price)).status, 201);
    }
  }

  struct Listed {
    std::int64_t id;
    Money price;
    std::string name;
    bool operator==(const Listed&) const = default;
  };
  std::vector<Listed> all_pages(const std::string& query, std::size_t limit) {
    std::vector<Listed> listed;
    std::string cursor;
    do {
      const Answer page = get("/api/products?limit=" + std::to_string(limit) + query +
                              (cursor.empty() ? "" : "&cursor=" + cursor));
      EXPECT_EQ(page.status, 200) << page.body;
      if (page.status != 200) break;
      const json::object object = page.object();
      EXPECT_LE(object.at("items").as_array().size(), limit);
      for (const auto& item : object.at("items").as_array()) {
        listed.push_back({item.at("productId").as_int64(), item.at("productPrice").as_int64(),
                          item.at("productName").as_string().c_str()});
      }
      cursor = object.contains("nextCursor") ? page.text("nextCursor") : "";
    } while (!cursor.empty() && listed.size() < 1'000);
    return listed;
  }
};

INSTANTIATE_TEST_SUITE_P(Databases, ListTest, test::both_databases(), test::kind_name);

TEST_P(ListTest, EveryOrderOfRandomProductsIsPagedWithoutGapsAndRepeats) {
  Random random(11, "list");
  const char* const pool_of_names[] = {"a", "B", "b", "신발", "ab", "a%", "Z"};
  std::vector<Listed> expected;
  for (int i = 0; i < 60; ++i) {
    NewProduct product;
    product.details.name = pool_of_names[random.below(std::size(pool_of_names))];
    product.details.price = static_cast<Money>(random.below(5));
    const auto made = store->insert(product);
    ASSERT_TRUE(made);
    ASSERT_TRUE(store->activate(made->product.id));
    orders.sales[made->product.id].total = 1;
    expected.push_back({made->product.id.value, product.details.price, product.details.name});
  }
  using Less = bool (*)(const Listed&, const Listed&);
  const std::pair<const char*, Less> sort_orders[] = {
      {"", [](const Listed& a, const Listed& b) { return a.id > b.id; }},
      {"&sort=newest", [](const Listed& a, const Listed& b) { return a.id > b.id; }},
      {"&sort=priceAscending",
       [](const Listed& a, const Listed& b) { return std::pair(a.price, a.id) < std::pair(b.price, b.id); }},
      {"&sort=priceDescending",
       [](const Listed& a, const Listed& b) { return std::pair(a.price, a.id) > std::pair(b.price, b.id); }},
      {"&sort=name",
       [](const Listed& a, const Listed& b) { return std::pair(a.name, a.id) < std::pair(b.name, b.id); }},
  };
  for (const auto& [query, less] : sort_orders) {
    std::ranges::sort(expected, less);
    for (const std::size_t limit : {1u, 7u, 60u, 100u}) EXPECT_EQ(all_pages(query, limit), expected) << query;
  }
  std::erase_if(expected, [](const Listed& product) { return product.price != 3; });
  EXPECT_EQ(all_pages("&sort=name&minPrice=3&maxPrice=3", 2), expected);
}

TEST_P(ListTest, WhatIsEditedMeanwhileHidesNothingThatStandsStill) {
  register_many({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}});
  const Answer first = get("/api/products?sort=priceAscending&limit=2");
  EXPECT_EQ(names(first), (Names{"a", "b"}));
  call(Method::delete_, "/api/products/2");  // where the cursor stands
  EXPECT_EQ(names(get("/api/products?sort=priceAscending&limit=2&cursor=" + first.text("nextCursor"))),
            (Names{"c", "d"}));
}

TEST_P(ListTest, FiltersNarrowTheList) {
  register_many({{"Red shoe", 10}, {"blue SHOE", 20}, {"100% wool", 30}, {"under_score", 40}});
  post("/api/products", simple("Later shoe", "RESERVED", 50));
  EXPECT_EQ(names(get("/api/products?q=shoe&sort=name")), (Names{"Later shoe", "Red shoe", "blue SHOE"}));
  EXPECT_EQ(names(get("/api/products/normal?q=shoe&sort=name")), (Names{"Red shoe", "blue SHOE"}));
  EXPECT_EQ(names(get("/api/products?q=%25")), Names{"100% wool"});
  EXPECT_EQ(names(get("/api/products?q=_")), Names{"under_score"});
  EXPECT_EQ(names(get("/api/products?q=!")), Names{});
  EXPECT_EQ(names(get("/api/products?q=%27%20OR%201=1--")), Names{});
  EXPECT_EQ(names(get("/api/products?minPrice=20&maxPrice=30")), (Names{"100% wool", "blue SHOE"}));
  EXPECT_EQ(names(get("/api/products?q=")).size(), 5u);

  for (const char* query : {"sort=random", "state=DRAFT", "minPrice=-1", "minPrice=2&maxPrice=1", "q=%00",
                            "maxPrice=x", "colour=red", "type=ODD"}) {
    EXPECT_EQ(get(std::string("/api/products?") + query).status, 400) << query;
  }
  EXPECT_EQ(get("/api/products?q=" + std::string(201, 'a')).status, 400);
}

TEST_P(ListTest, OnlyAnAdminSeesWhatIsArchived) {
  register_many({{"active", 1}, {"paused", 1}, {"archived", 1}});
  post("/api/products/2/pause");
  call(Method::delete_, "/api/products/3");
  orders.put_fails = Failure(Error::overloaded, "busy");
  post("/api/products", simple("draft"));
  for (const bool admin : {true, false}) {
    if (!admin) caller = Caller{};
    EXPECT_EQ(names(get("/api/products")), (Names{"paused", "active"}));
    EXPECT_EQ(names(get("/api/products?state=ACTIVE")), Names{"active"});
    EXPECT_EQ(names(get("/api/products?state=PAUSED")), Names{"paused"});
    const Answer archived = get("/api/products?state=ARCHIVED");
    EXPECT_EQ(archived.status, admin ? 200 : 403);
    EXPECT_EQ(admin ? names(archived) : Names{"archived"}, Names{"archived"});
  }
}

TEST_P(ListTest, ACursorThatWasNotGivenIsRefused) {
  register_many({{"a", 1}, {"b", 2}, {"c", 3}});
  const std::string cursor = get("/api/products?limit=1&sort=name").text("nextCursor");
  const auto with = [&](const std::string& query, const std::string& text) {
    return get("/api/products?" + query + "&cursor=" + text).status;
  };
  EXPECT_EQ(with("sort=name&limit=2", cursor), 200);
  EXPECT_EQ(with("sort=newest", cursor), 400);  // of another order
  EXPECT_EQ(with("sort=name&q=a", cursor), 400);
  EXPECT_EQ(get("/api/products/normal?sort=name&cursor=" + cursor).status, 400);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string forged = cursor;
    forged[i] = forged[i] == '0' ? '1' : '0';
    EXPECT_EQ(with("sort=name", forged), 400) << forged;
  }
  for (const std::string& text : {std::string("1"), std::string("zz"), std::string(48, '0'), cursor + "00",
                                  cursor.substr(2), std::string(1'900, 'a'), std::string()}) {
    EXPECT_EQ(with("sort=name", text), 400) << text;
  }
  // Right in its check sum, and still no place in a list.
  const std::uint64_t scope = scope_of("x");
  for (const Position& odd :
       {Position{0, 0, ""}, Position{-1, 0, ""}, Position{1, -1, ""}, Position{1, 0, "\xff"}}) {
    EXPECT_FALSE(decode_cursor(encode_cursor(odd, scope), scope));
  }
  const auto back = decode_cursor(encode_cursor({7, 5, "신"}, scope), scope);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->name, "신");
  EXPECT_EQ(back->price, 5);
}

}  // namespace
}  // namespace buyme::product
