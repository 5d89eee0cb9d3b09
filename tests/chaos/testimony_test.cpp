// The witness itself: a small shop's books that agree with what its buyer was told, and then ones that do
// not.
#include "support/testimony.hpp"

#include <gtest/gtest.h>

#include "order/api.hpp"

namespace buyme::test {

namespace {

using testing::PrintToString;

// One of three units of product 7 is sold to user 4 as order 21 and held for ten minutes.
struct Case {
  audit::Books books;
  drop::Observed clients;
  std::vector<drop::ProductView> before{{.product_id = 7, .before = {.total = 3, .available = 3}}};

  Case() {
    books.read_at = from_unix_ms(1'800'000'000'000);
    books.ledgers = {{ProductId{7}, 3, 1, 0}};
    books.orders = {{.order = OrderId{21},
                     .user = UserId{4},
                     .status = static_cast<int>(order::OrderStatus::pending),
                     .amount = 100,
                     .placed_at = books.read_at,
                     .hold_expires_at = books.read_at + std::chrono::minutes(10)}};
    books.items = {{.order = OrderId{21},
                    .item = OrderItemId{31},
                    .product = ProductId{7},
                    .quantity = 1,
                    .price = 100,
                    .status = static_cast<int>(order::ItemStatus::ordered)}};
    drop::SeenOrder told{.order_id = 21, .user_id = 4, .amount = 100, .status = "PENDING"};
    told.placed_at = format_time(books.read_at);
    told.items = {{7, 1, 100}};
    clients.attempts = {{.key = "k", .user_id = 4, .lines = {{7, 1}}, .outcome = drop::Outcome::ordered}};
    clients.attempts[0].orders = {told};
  }
  std::vector<std::string> broken() const { return broken_promises(clients, view_of(books, before), books); }
};

TEST(Testimony, FindsNothingInHonestBooks) {
  const Case honest;
  EXPECT_TRUE(honest.broken().empty()) << PrintToString(honest.broken());
  const drop::ShopView view = view_of(honest.books, honest.before);
  ASSERT_EQ(view.products.size(), 1u);
  const drop::StockLevel expected{.total = 3, .available = 2, .held = 1};
  EXPECT_EQ(view.products[0].stock, expected);
  ASSERT_EQ(view.read_back.size(), 1u);
  EXPECT_EQ(view.read_back[0].order->placed_at, "2027-01-15T08:00:00.000Z");
}

TEST(Testimony, TellsOfBothSides) {
  Case lost;  // the order is gone, its unit is not
  lost.books.orders.clear();
  lost.books.items.clear();
  const auto broken = lost.broken();
  const auto says = [&](std::string_view start) {
    return std::ranges::any_of(broken, [&](const std::string& line) { return line.starts_with(start); });
  };
  EXPECT_TRUE(says("every 201 readable again, unchanged: ")) << PrintToString(broken);
  EXPECT_TRUE(says("audit, ledger-against-items: ")) << PrintToString(broken);
}

TEST(Testimony, SeesAProductWhoseLedgerIsGone) {
  Case lost;
  lost.books.ledgers.clear();
  EXPECT_FALSE(lost.broken().empty());
}

}  // namespace

}  // namespace buyme::test
