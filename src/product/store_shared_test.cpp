// A catalogue that two servers change at once: two stores over one database.
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

#include "core/log.hpp"
#include "product/store.hpp"
#include "support/test_database.hpp"

namespace buyme::product {
namespace {

constexpr int rounds = 12;

class TwoProductServers : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  static NewProduct product(const std::string& key = "") {
    NewProduct wanted;
    wanted.details.name = "Jeans";
    wanted.details.price = 1'000;
    wanted.total = 5;
    wanted.created_by = UserId{1};
    wanted.created_at = now;
    wanted.key = {key, 4'711};
    return wanted;
  }
  ProductId on_sale() {
    const ProductId id = one->insert(product())->product.id;
    EXPECT_TRUE(one->activate(id));
    return id;
  }
  PendingChange change(ProductId id, const std::string& name) {
    PendingChange wanted;
    wanted.product = id;
    wanted.base_version = one->find(id)->version;
    wanted.details = product().details;
    wanted.details.name = name;
    wanted.actor = UserId{1};
    return wanted;
  }

  // Both at the same moment.
  template <class First, class Second>
  static auto together(First first, Second second) {
    std::latch start(2);
    auto other = std::async(std::launch::async, [&] {
      start.arrive_and_wait();
      return second();
    });
    start.arrive_and_wait();
    auto mine = first();
    return std::pair(std::move(mine), other.get());
  }

  static constexpr Time now{Milliseconds{1'800'000'000'000}};
  test::TestDatabase place{GetParam()};
  std::unique_ptr<ProductStore> one = make_sql_product_store(place.address(), 2, make_null_log());
  std::unique_ptr<ProductStore> two = make_sql_product_store(place.address(), 2, make_null_log());
};

INSTANTIATE_TEST_SUITE_P(Databases, TwoProductServers, test::both_databases(), test::kind_name);

TEST_P(TwoProductServers, OneKeyMakesOneProduct) {
  for (int round = 0; round < rounds; ++round) {
    const NewProduct wanted = product("key " + std::to_string(round));
    const auto [a, b] = together([&] { return one->insert(wanted); }, [&] { return two->insert(wanted); });
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->product.id, b->product.id);
    EXPECT_NE(a->replayed, b->replayed);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM products"), rounds);
}

TEST_P(TwoProductServers, OfTwoEditsOfOneVersionOneBegins) {
  const ProductId id = on_sale();
  for (int round = 0; round < rounds; ++round) {
    const PendingChange red = change(id, "red"), blue = change(id, "blue");
    const auto [a, b] = together([&] { return one->begin(red); }, [&] { return two->begin(blue); });
    ASSERT_TRUE(a && b);
    ASSERT_NE(a->has_value(), b->has_value());
    const PendingChange& begun = a->has_value() ? **a : **b;
    EXPECT_EQ(one->find_editable(id)->pending->details.name, begun.details.name);
    // Both may take it to its end.
    const auto [done, done_too] =
        together([&] { return one->apply(begun); }, [&] { return two->apply(begun); });
    ASSERT_TRUE(done && done_too);
    EXPECT_EQ(one->find(id)->version, begun.version);
    EXPECT_EQ(one->find(id)->details.name, begun.details.name);
    EXPECT_FALSE(two->find_editable(id)->pending);
  }
}

// What an edit is made of is of one moment: a change that is gone has been made.
TEST_P(TwoProductServers, WhatIsEditedIsNeverHalfOfAnEdit) {
  const ProductId id = on_sale();
  for (int round = 0; round < rounds; ++round) {
    const auto begun = one->begin(change(id, "version " + std::to_string(round)));
    ASSERT_TRUE(begun && *begun);
    const auto [seen, done] =
        together([&] { return one->find_editable(id); }, [&] { return two->apply(**begun); });
    ASSERT_TRUE(seen && done);
    EXPECT_EQ(seen->pending.has_value(), seen->product.version < (*begun)->version);
  }
}

TEST_P(TwoProductServers, ImportsAtOnceHaveLinesOfTheirOwn) {
  NewImport import;
  for (std::int64_t line = 1; line <= 20; ++line) {
    import.rows.push_back({line, ImportAction::create, product(), {}});
  }
  const auto [a, b] =
      together([&] { return one->insert_import(import); }, [&] { return two->insert_import(import); });
  ASSERT_TRUE(a && *a);
  ASSERT_TRUE(b && *b);
  EXPECT_NE((*a)->lines.front().id, (*b)->lines.front().id);
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM products"), 40);
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM import_lines"), 40);
}

TEST_P(TwoProductServers, AWishlistDoesNotOutgrowItsLimit) {
  std::vector<ProductId> products;
  for (int i = 0; i < 3 + rounds; ++i) products.push_back(on_sale());
  const UserId user{7};
  const auto add = [&](ProductStore& store, ProductId product) {
    return store.add_wish(user, Wish{0, product, "", now}, 4);
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(add(*one, products[i]));
  for (int i = 3; i + 1 < static_cast<int>(products.size()); i += 2) {
    const auto [a, b] =
        together([&] { return add(*one, products[i + 1]); }, [&] { return add(*two, products[i]); });
    ASSERT_NE(a.has_value(), b.has_value());
    EXPECT_EQ((a ? b : a).error().error, Error::limit_exceeded);
    ASSERT_TRUE(one->remove_wish(user, products[a ? i + 1 : i]));
  }
}

TEST_P(TwoProductServers, OneWishIsOneEntry) {
  for (int round = 0; round < rounds; ++round) {
    const Wish wish{0, on_sale(), "", now};
    const auto [a, b] = together([&] { return one->add_wish(UserId{7}, wish, 100); },
                                 [&] { return two->add_wish(UserId{7}, wish, 100); });
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->wish.id, b->wish.id);
    EXPECT_NE(a->found, b->found);
  }
}

TEST(ProductServer, GoesOnWhenItsDatabaseWasKilledAndStartedAgain) {
  test::MariadbServer server;
  const test::TestDatabase place(server);
  const auto store = make_sql_product_store(place.address(), 2, make_null_log());
  NewProduct jeans;
  jeans.details.name = "Jeans";
  const auto made = store->insert(jeans);
  ASSERT_TRUE(made);
  server.kill();
  EXPECT_EQ(store->insert(jeans).error().error, Error::store_unavailable);
  EXPECT_EQ(store->list({}).error().error, Error::store_unavailable);
  server.start();
  EXPECT_TRUE(store->activate(made->product.id));
  EXPECT_TRUE(store->find(made->product.id));
}

}  // namespace
}  // namespace buyme::product
