// A sale that adds up, and then one lie at a time: each must be caught, by the check that is there for it.
#include "drop/checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

namespace buyme::drop {
namespace {

constexpr std::int64_t product = 9;
const Time sale_end = from_unix_ms(1'800'000'000'000);

SeenOrder make_order(std::int64_t id, std::int64_t user, std::string status) {
  SeenOrder order;
  order.order_id = id;
  order.user_id = user;
  order.amount = 500;
  order.status = std::move(status);
  order.placed_at = "2026-01-01T00:00:00Z";
  order.hold_expires_at = sale_end + std::chrono::minutes(10);
  order.items = {{product, 1, 500}};
  return order;
}

// Stock 3, limit 1, users 1 to 5: 1 paid, 2 was declined, 3 abandoned (and sent his order twice), 4 came too
// late, 5 too; 1 tried for a second unit.
struct Sale {
  Observed clients;
  ShopView shop;

  Sale() {
    shop.products = {{.product_id = product,
                      .per_user_limit = 1,
                      .before = {.total = 3, .available = 3},
                      .stock = {.total = 3, .available = 0, .held = 2, .sold = 1, .sold_out = true}}};
    shop.read_at = sale_end;
    won(1, 101, "PAID", PaymentSeen::paid);
    won(2, 102, "PAYMENT_FAILED", PaymentSeen::declined);
    won(3, 103, "PENDING", PaymentSeen::not_tried);
    clients.attempts[2].orders.push_back(clients.attempts[2].orders[0]);
    for (const std::int64_t user : {4, 5}) {
      clients.attempts.push_back({.key = "k" + std::to_string(user),
                                  .user_id = user,
                                  .lines = {{product}},
                                  .outcome = Outcome::sold_out,
                                  .sold_out_answers = 1});
    }
    clients.attempts.push_back(
        {.key = "k1b", .user_id = 1, .lines = {{product}}, .outcome = Outcome::limit_exceeded});
  }

  void won(std::int64_t user, std::int64_t order, const std::string& status, PaymentSeen payment) {
    Attempt attempt{.key = "k" + std::to_string(user),
                    .user_id = user,
                    .lines = {{product}},
                    .outcome = Outcome::ordered};
    attempt.orders.push_back(make_order(order, user, "PENDING"));
    attempt.payment = payment;
    clients.attempts.push_back(attempt);
    shop.orders.push_back(make_order(order, user, status));
    shop.read_back.push_back({order, make_order(order, user, status), ""});
  }

  ProductView& view() { return shop.products[0]; }
  StockLevel& stock() { return view().stock; }

  std::set<std::string> failed() const {
    std::set<std::string> names;
    for (const auto& result : check(clients, shop)) {
      if (!result.passed) names.insert(result.name);
    }
    return names;
  }
};

TEST(Checker, PassesASaleThatAddsUp) {
  EXPECT_EQ(Sale().failed(), std::set<std::string>{});
  EXPECT_EQ(check(Observed{}, ShopView{}).size(), 13u);
}

TEST(Checker, PassesASaleWithFewerBuyersThanUnits) {
  Sale sale;
  sale.clients.attempts.erase(sale.clients.attempts.begin() + 3, sale.clients.attempts.begin() + 5);
  sale.view().before = {.total = 50, .available = 50};
  sale.stock() = {.total = 50, .available = 47, .held = 2, .sold = 1};
  EXPECT_EQ(sale.failed(), std::set<std::string>{});
}

struct Lie {
  const char* label;
  const char* caught_by;
  std::function<void(Sale&)> tell;
};

class CheckerLies : public testing::TestWithParam<Lie> {};

TEST_P(CheckerLies, IsCaughtByItsCheck) {
  Sale sale;
  GetParam().tell(sale);
  const auto failed = sale.failed();
  EXPECT_TRUE(failed.contains(GetParam().caught_by)) << testing::PrintToString(failed);
}

constexpr const char* exactly = "exactly min(stock, demand) units committed";
constexpr const char* oversold = "nothing oversold";
constexpr const char* sum = "stock = free + held + sold";
constexpr const char* books = "held and sold match the orders";
constexpr const char* twice = "no order given to two buyers";
constexpr const char* per_key = "one order per idempotency key";
constexpr const char* turned_away = "no winner was told SOLD_OUT";
constexpr const char* readable = "every 201 readable again, unchanged";
constexpr const char* unasked = "no order that nobody was told of";
constexpr const char* sold_out = "SOLD_OUT was said only of an empty shelf";
constexpr const char* limit = "per-user limit held";
constexpr const char* payments = "payments and order states agree";
constexpr const char* answered = "everyone got a final answer";

const Lie lies[] = {
    {"unsold_unit", exactly, [](Sale& s) { s.stock().available = 1, s.stock().held = 1; }},
    {"one_too_many", exactly, [](Sale& s) { s.stock().held = 3; }},
    {"order_beyond_stock", oversold, [](Sale& s) { s.won(6, 106, "PENDING", PaymentSeen::not_tried); }},
    {"negative_available", oversold, [](Sale& s) { s.stock().available = -1; }},
    {"leaked_unit", sum, [](Sale& s) { s.stock().held = 1; }},
    {"total_changed", sum, [](Sale& s) { s.stock().total = 4, s.stock().available = 1; }},
    {"sold_without_payment", books, [](Sale& s) { s.stock().sold = 2, s.stock().held = 1; }},
    {"order_of_another", twice, [](Sale& s) { s.clients.attempts[1].orders[0].order_id = 101; }},
    {"foreign_user_in_answer", twice, [](Sale& s) { s.clients.attempts[0].orders[0].user_id = 2; }},
    {"listed_twice", twice, [](Sale& s) { s.shop.orders.push_back(s.shop.orders[0]); }},
    {"double_click_two_orders", per_key, [](Sale& s) { s.clients.attempts[2].orders[1].order_id = 999; }},
    {"replay_of_other_content", per_key, [](Sale& s) { s.clients.attempts[2].orders[1].amount = 1; }},
    {"second_order_in_books", per_key,
     [](Sale& s) { s.shop.orders.push_back(make_order(104, 3, "PENDING")); }},
    {"winner_told_sold_out", turned_away, [](Sale& s) { s.clients.attempts[2].sold_out_answers = 1; }},
    {"lost_order", readable,
     [](Sale& s) { s.shop.read_back[1].order.reset(), s.shop.read_back[1].problem = "404"; }},
    {"never_read", readable, [](Sale& s) { s.shop.read_back.pop_back(); }},
    {"reads_differently", readable, [](Sale& s) { s.shop.read_back[0].order->amount = 7; }},
    {"not_in_books", readable, [](Sale& s) { s.shop.orders.pop_back(); }},
    {"other_quantity", readable,
     [](Sale& s) {
       s.clients.attempts[0].orders[0].items[0].quantity = 2;
       s.shop.read_back[0].order->items[0].quantity = 2;
     }},
    {"ghost_order", unasked, [](Sale& s) { s.shop.orders.push_back(make_order(777, 4, "PENDING")); }},
    {"sold_out_with_units_left", sold_out,
     [](Sale& s) { s.stock().available = 1, s.stock().held = 1, s.stock().sold_out = false; }},
    {"flag_with_units_left", sold_out, [](Sale& s) { s.stock().available = 2, s.stock().total = 5; }},
    {"over_the_limit", limit, [](Sale& s) { s.shop.orders[1].user_id = 1; }},
    {"limit_without_reason", limit, [](Sale& s) { s.clients.attempts[3].outcome = Outcome::limit_exceeded; }},
    {"limit_where_there_is_none", limit, [](Sale& s) { s.view().per_user_limit = 0; }},
    {"paid_but_pending", payments, [](Sale& s) { s.shop.orders[0].status = "PENDING"; }},
    {"declined_but_paid", payments, [](Sale& s) { s.shop.orders[1].status = "PAID"; }},
    {"unpaid_but_paid", payments, [](Sale& s) { s.shop.orders[2].status = "PAID"; }},
    {"expired_before_its_hold", payments, [](Sale& s) { s.shop.orders[2].status = "EXPIRED"; }},
    {"refunded_but_paid", payments, [](Sale& s) { s.clients.attempts[0].payment = PaymentSeen::refunded; }},
    {"payment_refused", payments, [](Sale& s) { s.clients.attempts[2].payment = PaymentSeen::refused; }},
    {"no_answer", answered, [](Sale& s) { s.clients.attempts[3].outcome = Outcome::unanswered; }},
    {"other_refusal", answered, [](Sale& s) { s.clients.attempts[3].outcome = Outcome::refused; }},
};

INSTANTIATE_TEST_SUITE_P(All, CheckerLies, testing::ValuesIn(lies),
                         [](const auto& lie) { return std::string(lie.param.label); });

TEST(Checker, BoundsTheCountByWhoGotNoAnswer) {
  Sale sale;  // stock 4 now: the two losers got no answer, so 3, 4 or 5 are asked for
  auto& attempts = sale.clients.attempts;
  for (const int i : {3, 4}) attempts[i].outcome = Outcome::unanswered, attempts[i].sold_out_answers = 0;
  sale.view().before = {.total = 4, .available = 4};
  sale.stock() = {.total = 4, .available = 1, .held = 2, .sold = 1};
  EXPECT_EQ(sale.failed(), std::set<std::string>{answered});
  sale.shop.orders.push_back(make_order(104, 4, "PENDING"));
  sale.stock() = {.total = 4, .available = 0, .held = 3, .sold = 1, .sold_out = true};
  EXPECT_EQ(sale.failed(), std::set<std::string>{answered});
}

TEST(Checker, AllowsAHoldThatLapsedToGiveItsUnitBack) {
  Sale sale;
  sale.shop.orders[2].status = "EXPIRED";
  sale.shop.orders[2].hold_expires_at = sale_end - std::chrono::seconds(1);
  sale.stock() = {.total = 3, .available = 1, .held = 1, .sold = 1};
  EXPECT_EQ(sale.failed(), std::set<std::string>{});
}

TEST(Checker, CountsWhatWasSoldBeforeTheSale) {
  Sale sale;
  sale.view().before = {.total = 5, .available = 3, .held = 1, .sold = 1};
  sale.stock() = {.total = 5, .available = 0, .held = 3, .sold = 2, .sold_out = true};
  sale.shop.earlier = {make_order(50, 60, "PAID"), make_order(51, 61, "PENDING")};
  EXPECT_EQ(sale.failed(), std::set<std::string>{});
  sale.shop.earlier[0].user_id = 1;  // who held one already must not have got another
  EXPECT_TRUE(sale.failed().contains(limit));
}

TEST(Checker, NamesTheFirstOffendersAndTheirNumber) {
  Sale sale;
  for (int i = 0; i < 5; ++i) sale.shop.orders.push_back(make_order(800 + i, 70 + i, "PENDING"));
  const auto results = check(sale.clients, sale.shop);
  const auto found =
      std::find_if(results.begin(), results.end(), [](const auto& c) { return c.name == unasked; });
  EXPECT_EQ(found->detail,
            "8 orders in the books: order 800 of user 70, PENDING; order 801 of user 71, PENDING; "
            "order 802 of user 72, PENDING; 5 in all");
}

}  // namespace
}  // namespace buyme::drop
