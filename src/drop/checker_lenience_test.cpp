// What the checker lets pass on purpose in larger sales (several products, buyers who leave, lost answers,
// merchants who interfere), and beside each lenience the lie that it must not cover.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "drop/checker.hpp"

namespace buyme::drop {
namespace {

const Time sale_end = from_unix_ms(1'800'000'000'000);

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

using Lines = std::vector<WantedLine>;

SeenOrder make_order(std::int64_t id, std::int64_t user, const Lines& lines, std::string status) {
  SeenOrder order;
  order.order_id = id;
  order.user_id = user;
  order.status = std::move(status);
  order.placed_at = "2026-01-01T00:00:00Z";
  order.hold_expires_at = sale_end + std::chrono::minutes(10);
  for (const auto& line : lines) {
    order.items.push_back({line.product_id, line.quantity, 100});
    order.amount += 100 * line.quantity;
  }
  return order;
}

// Four units of product 3 without a limit, two of product 5 and at most two each. User 1 paid for one of
// both, user 2 holds two of product 3, user 3 one of product 5; user 4 wanted one of both when only product 3
// was left.
struct Market {
  Observed clients;
  ShopView shop;

  Market() {
    shop.products = {{.product_id = 3, .before = {.total = 4, .available = 4}},
                     {.product_id = 5, .per_user_limit = 2, .before = {.total = 2, .available = 2}}};
    shop.read_at = sale_end;
    won(1, 11, {{3, 1}, {5, 1}}, "PAID", PaymentSeen::paid);
    won(2, 12, {{3, 2}}, "PENDING");
    won(3, 13, {{5, 1}}, "PENDING");
    asked(4, {{3, 1}, {5, 1}}, Outcome::sold_out);
  }

  Attempt& asked(std::int64_t user, const Lines& lines, Outcome outcome) {
    clients.attempts.push_back({.key = "k" + std::to_string(clients.attempts.size()),
                                .user_id = user,
                                .lines = lines,
                                .outcome = outcome,
                                .sold_out_answers = outcome == Outcome::sold_out});
    return clients.attempts.back();
  }
  Attempt& refused(std::int64_t user, const Lines& lines, const std::string& refusal) {
    Attempt& attempt = asked(user, lines, Outcome::refused);
    attempt.refusal = refusal;
    return attempt;
  }
  SeenOrder& exists(std::int64_t user, std::int64_t order, const Lines& lines,
                    const std::string& status = "PENDING") {
    shop.orders.push_back(make_order(order, user, lines, status));
    shop.read_back.push_back({order, shop.orders.back(), ""});
    recount();
    return shop.orders.back();
  }
  Attempt& won(std::int64_t user, std::int64_t order, const Lines& lines,
               const std::string& status = "PENDING", PaymentSeen payment = PaymentSeen::not_tried) {
    exists(user, order, lines, status);
    Attempt& attempt = asked(user, lines, Outcome::ordered);
    attempt.orders.push_back(make_order(order, user, lines, "PENDING"));
    attempt.payment = payment;
    return attempt;
  }
  void turns(std::size_t order, const std::string& status) {
    shop.orders[order].status = status;
    recount();
  }
  // Both before the sale and after it.
  void stocks(std::size_t product, Units total) {
    shop.products[product].before = {.total = total, .available = total};
    recount();
  }
  // As an honest shop would: what is in live orders is gone.
  void recount() {
    for (auto& product : shop.products) {
      StockLevel& stock = product.stock;
      const Units total = product.terms_changed ? stock.total : product.before.total;
      stock = {.total = total};
      for (const auto& order : shop.orders) {
        for (const auto& item : order.items) {
          if (item.product_id != product.product_id) continue;
          if (is_paid(order.status)) stock.sold += item.quantity;
          if (is_unpaid(order.status)) stock.held += item.quantity;
        }
      }
      stock.available = total - stock.committed();
      stock.sold_out = stock.available <= 0;
    }
  }
  // The merchant puts `total` units of product 3 up instead.
  void changes_terms(Units total) {
    shop.products[0].terms_changed = true;
    shop.products[0].stock.total = total;
    recount();
  }

  std::set<std::string> failed() const {
    std::set<std::string> names;
    for (const auto& result : check(clients, shop)) {
      if (!result.passed) names.insert(result.name);
    }
    return names;
  }
  std::string detail(std::string_view name) const {
    for (const auto& result : check(clients, shop)) {
      if (result.name == name) return result.detail;
    }
    return "";
  }
};

struct Tale {
  const char* label;
  const char* caught_by;  // nullptr: nothing is wrong with it
  std::function<void(Market&)> tell;
};

class CheckerTales : public testing::TestWithParam<Tale> {};

TEST_P(CheckerTales, PassOrAreCaughtByTheirCheck) {
  Market market;
  GetParam().tell(market);
  const auto failed = market.failed();
  if (GetParam().caught_by == nullptr) {
    EXPECT_EQ(failed, std::set<std::string>{});
  } else {
    EXPECT_TRUE(failed.contains(GetParam().caught_by)) << testing::PrintToString(failed);
  }
}

auto named() {
  return [](const auto& tale) { return std::string(tale.param.label); };
}

const Tale products[] = {
    {"two_products", nullptr, [](Market&) {}},
    {"second_ledger_off", books, [](Market& m) { m.shop.products[1].stock.held = 2; }},
    {"second_sum_off", sum, [](Market& m) { m.shop.products[1].stock.available = 1; }},
    {"second_oversold", oversold,
     [](Market& m) {
       m.won(6, 16, {{5, 1}});
     }},
    {"line_missing", readable,
     [](Market& m) {
       m.clients.attempts[0].orders[0].items.pop_back();
       m.shop.read_back[0].order->items.pop_back();
     }},
    {"line_of_another_product", readable,
     [](Market& m) {
       m.clients.attempts[0].orders[0].items[1].product_id = 6;
       m.shop.read_back[0].order->items[1].product_id = 6;
     }},
    {"one_line_twice", readable,
     [](Market& m) {
       m.clients.attempts[0].orders[0].items[1].product_id = 3;
       m.shop.read_back[0].order->items[1].product_id = 3;
     }},
    {"refused_though_both_are_left", sold_out, [](Market& m) { m.stocks(1, 3); }},
    {"refused_one_that_is_left", sold_out,
     [](Market& m) {
       m.asked(6, {{3, 1}}, Outcome::sold_out);
     }},
    {"unsold_one_that_was_asked_for", exactly,
     [](Market& m) {
       m.asked(6, {{3, 1}}, Outcome::sold_out);
     }},
    {"refused_two_of_one_left", nullptr,
     [](Market& m) {
       m.asked(6, {{3, 2}}, Outcome::sold_out);
     }},
    {"refused_two_of_two_left", sold_out,
     [](Market& m) {
       m.asked(6, {{3, 2}}, Outcome::sold_out), m.stocks(0, 5);
     }},
    {"unsold_two_of_two_left", exactly,
     [](Market& m) {
       m.asked(6, {{3, 2}}, Outcome::sold_out), m.stocks(0, 5);
     }},
    {"sold_out_then_ordered", turned_away,
     [](Market& m) {
       m.won(6, 16, {{3, 1}}).sold_out_answers = 1;
     }},
    {"sold_out_then_ordered_what_came_back", nullptr,
     [](Market& m) {
       m.won(7, 17, {{3, 1}}, "CANCELED").canceled = true;
       m.won(6, 16, {{3, 1}}).sold_out_answers = 1;
     }},
    {"sold_out_then_ordered_as_another_came_back", turned_away,
     [](Market& m) {
       m.won(7, 17, {{5, 1}}, "CANCELED").canceled = true;
       m.won(6, 16, {{3, 1}}).sold_out_answers = 1;
     }},
    {"limit_of_one_of_two", nullptr,
     [](Market& m) {
       m.asked(1, {{3, 1}, {5, 2}}, Outcome::limit_exceeded);
     }},
    {"limit_of_none_of_two", limit,
     [](Market& m) {
       m.asked(1, {{3, 1}, {5, 1}}, Outcome::limit_exceeded);
     }},
    {"limit_of_the_product_without", limit,
     [](Market& m) {
       m.asked(2, {{3, 9}}, Outcome::limit_exceeded);
     }},
    {"limit_left_because_two_were_asked_for", nullptr,
     [](Market& m) {
       m.shop.products[1].per_user_limit = 3;
       m.stocks(1, 20);
       m.clients.attempts.pop_back();
       m.won(6, 16, {{5, 2}});
       m.asked(6, {{5, 2}}, Outcome::limit_exceeded);
     }},
    {"limit_said_to_someone_with_nothing", exactly,
     [](Market& m) {
       m.shop.products[1].per_user_limit = 3;
       m.stocks(1, 20);
       m.clients.attempts.pop_back();
       for (int i = 0; i < 2; ++i) m.asked(6, {{5, 2}}, Outcome::limit_exceeded);
     }},
    {"over_the_limit_by_two_orders", limit,
     [](Market& m) {
       m.stocks(1, 4), m.won(1, 16, {{5, 2}}), m.clients.attempts.erase(m.clients.attempts.begin() + 3);
     }},
    {"order_given_away_twice", twice, [](Market& m) { m.clients.attempts[1].orders[0].order_id = 11; }},
};

INSTANTIATE_TEST_SUITE_P(Products, CheckerTales, testing::ValuesIn(products), named());

const Tale leavers[] = {
    {"left", nullptr,
     [](Market& m) {
       m.asked(8, {{3, 1}}, Outcome::unanswered).gave_up = true;
     }},
    {"did_not_leave", answered,
     [](Market& m) {
       m.asked(8, {{3, 1}}, Outcome::unanswered);
     }},
    {"left_with_an_order", nullptr,
     [](Market& m) {
       m.asked(8, {{3, 1}}, Outcome::unanswered).gave_up = true;
       m.exists(8, 18, {{3, 1}});
     }},
    {"left_with_more_than_he_asked_for", unasked,
     [](Market& m) {
       m.stocks(0, 9);
       m.asked(8, {{3, 1}}, Outcome::unanswered).gave_up = true;
       m.exists(8, 18, {{3, 2}});
     }},
    {"left_with_half_of_his_order", unasked,
     [](Market& m) {
       m.asked(8, {{3, 1}, {5, 1}}, Outcome::unanswered).gave_up = true;
       m.exists(8, 18, {{3, 1}});
     }},
    {"left_with_two_orders", per_key,
     [](Market& m) {
       m.stocks(0, 9);
       m.asked(8, {{3, 1}}, Outcome::unanswered).gave_up = true;
       for (const std::int64_t order : {18, 19}) m.exists(8, order, {{3, 1}});
     }},
    {"another_has_the_order_of_who_left", unasked,
     [](Market& m) {
       m.asked(8, {{3, 1}}, Outcome::unanswered).gave_up = true;
       m.exists(4, 18, {{3, 1}});
     }},
    {"unit_gone_without_the_order_of_who_left", books,
     [](Market& m) {
       m.asked(8, {{3, 1}}, Outcome::unanswered).gave_up = true;
       m.shop.products[0].stock.held += 1, m.shop.products[0].stock.available -= 1;
     }},
};

INSTANTIATE_TEST_SUITE_P(Leavers, CheckerTales, testing::ValuesIn(leavers), named());

// User 1 was told PAID (order 11, his attempt and order are the first); user 2 did not pay (the second).
const Tale lost_answers[] = {
    {"canceled_out_of_the_blue", payments, [](Market& m) { m.turns(1, "CANCELED"); }},
    {"cancel_lost", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_canceled = true, m.turns(1, "CANCELED"); }},
    {"cancel_lost_and_not_done", nullptr, [](Market& m) { m.clients.attempts[1].may_be_canceled = true; }},
    {"cancel_lost_of_a_paid_order", nullptr,
     [](Market& m) { m.clients.attempts[0].may_be_canceled = true, m.turns(0, "CANCELED"); }},
    {"cancel_lost_and_expired_early", payments,
     [](Market& m) { m.clients.attempts[1].may_be_canceled = true, m.turns(1, "EXPIRED"); }},
    {"cancel_lost_and_paid", payments,
     [](Market& m) { m.clients.attempts[1].may_be_canceled = true, m.turns(1, "PAID"); }},
    {"cancel_lost_and_unpaid_again", payments,
     [](Market& m) { m.clients.attempts[0].may_be_canceled = true, m.turns(0, "PENDING"); }},
    {"canceled", nullptr, [](Market& m) { m.clients.attempts[1].canceled = true, m.turns(1, "CANCELED"); }},
    {"canceled_but_pending", payments, [](Market& m) { m.clients.attempts[1].canceled = true; }},
    {"canceled_but_paid", payments, [](Market& m) { m.clients.attempts[0].canceled = true; }},
    {"canceled_but_expired", payments,
     [](Market& m) { m.clients.attempts[1].canceled = true, m.turns(1, "EXPIRED"); }},
    {"canceled_and_units_kept", books,
     [](Market& m) { m.clients.attempts[1].canceled = true, m.shop.orders[1].status = "CANCELED"; }},

    {"payment_lost_and_paid", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "PAID"); }},
    {"payment_lost_and_under_way", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "PAYMENT_ENTERED"); }},
    {"payment_lost_and_declined", nullptr,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "PAYMENT_FAILED"); }},
    {"payment_lost_and_nothing_done", nullptr, [](Market& m) { m.clients.attempts[1].may_be_paid = true; }},
    {"payment_lost_and_canceled", payments,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "CANCELED"); }},
    {"payment_lost_and_expired_early", payments,
     [](Market& m) { m.clients.attempts[1].may_be_paid = true, m.turns(1, "EXPIRED"); }},
    {"no_payment_and_under_way", payments, [](Market& m) { m.turns(1, "PAYMENT_ENTERED"); }},
    {"payment_told_and_failed", payments,
     [](Market& m) { m.clients.attempts[0].may_be_paid = true, m.turns(0, "PAYMENT_FAILED"); }},
    {"payment_declined_then_lost_and_paid", nullptr,
     [](Market& m) {
       m.clients.attempts[1].payment = PaymentSeen::declined;
       m.clients.attempts[1].may_be_paid = true;
       m.turns(1, "PAID");
     }},
    {"payment_refunded_for_another_that_was_lost", nullptr,
     [](Market& m) {
       m.clients.attempts[1].payment = PaymentSeen::refunded;
       m.clients.attempts[1].may_be_paid = true;
       m.turns(1, "PAID");
     }},
    {"payment_refunded_of_an_open_order", payments,
     [](Market& m) {
       m.clients.attempts[1].payment = PaymentSeen::refunded;
       m.clients.attempts[1].may_be_paid = true;
       m.turns(1, "PAYMENT_FAILED");
     }},
};

INSTANTIATE_TEST_SUITE_P(LostAnswers, CheckerTales, testing::ValuesIn(lost_answers), named());

const Tale merchants[] = {
    {"raised", nullptr, [](Market& m) { m.changes_terms(9); }},
    {"lowered", nullptr, [](Market& m) { m.changes_terms(3); }},
    {"raised_and_not_told", sum,
     [](Market& m) { m.shop.products[0].stock.total = 9, m.shop.products[0].stock.available = 6; }},
    {"raised_after_a_refusal", nullptr,
     [](Market& m) {
       m.asked(6, {{3, 1}}, Outcome::sold_out), m.changes_terms(9);
     }},
    {"raised_between_two_answers", nullptr,
     [](Market& m) {
       m.won(6, 16, {{3, 1}}).sold_out_answers = 1, m.changes_terms(9);
     }},
    {"lowered_below_what_is_sold", oversold, [](Market& m) { m.changes_terms(2); }},
    {"raised_and_sold_to_nobody", exactly,
     [](Market& m) {
       m.changes_terms(9);
       m.shop.products[0].stock.held += 3, m.shop.products[0].stock.available -= 3;
     }},
    {"raised_and_leaked", sum, [](Market& m) { m.changes_terms(9), --m.shop.products[0].stock.available; }},
    {"raised_and_miscounted", books,
     [](Market& m) { m.changes_terms(9), ++m.shop.products[0].stock.sold, --m.shop.products[0].stock.held; }},
    {"raised_and_sold_out_with_units_left", sold_out,
     [](Market& m) { m.changes_terms(9), m.shop.products[0].stock.sold_out = true; }},
    {"raised_and_a_ghost", unasked,
     [](Market& m) {
       m.changes_terms(9), m.exists(4, 18, {{3, 1}});
     }},
    {"paused", nullptr,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "409 SALE_PAUSED"), m.changes_terms(4);
     }},
    {"closed", nullptr,
     [](Market& m) {
       m.refused(6, {{3, 1}, {5, 1}}, "SALE_CLOSED"), m.changes_terms(4);
     }},
    {"not_open", nullptr,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "409 SALE_NOT_OPEN"), m.changes_terms(4);
     }},
    {"paused_by_nobody", answered,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "409 SALE_PAUSED");
     }},
    {"paused_the_other", answered,
     [](Market& m) {
       m.refused(6, {{5, 1}}, "409 SALE_PAUSED"), m.changes_terms(4);
     }},
    {"paused_and_failed", answered,
     [](Market& m) {
       m.refused(6, {{3, 1}}, "500 INTERNAL"), m.changes_terms(4);
     }},
    {"limit_lowered", nullptr, [](Market& m) { m.shop.products[0].per_user_limit = 1, m.changes_terms(4); }},
    {"limit_not_lowered", limit, [](Market& m) { m.shop.products[0].per_user_limit = 1; }},
    {"limit_lowered_and_raised_again", nullptr,
     [](Market& m) {
       m.asked(6, {{3, 1}}, Outcome::limit_exceeded), m.changes_terms(4);
     }},
};

INSTANTIATE_TEST_SUITE_P(Merchants, CheckerTales, testing::ValuesIn(merchants), named());

const Tale keyless[] = {
    {"ordered", nullptr,
     [](Market& m) {
       m.won(9, 19, {{3, 1}}).key.clear();
     }},
    {"ordered_twice_by_two_clicks", nullptr,
     [](Market& m) {
       m.stocks(0, 5);
       for (const std::int64_t order : {19, 20}) m.won(9, order, {{3, 1}}).key.clear();
     }},
    {"two_answers_to_one_click", per_key,
     [](Market& m) {
       Attempt& attempt = m.won(9, 19, {{3, 1}});
       attempt.key.clear();
       attempt.orders.push_back(attempt.orders[0]);
     }},
    {"two_orders_for_one_click", per_key,
     [](Market& m) {
       m.stocks(0, 5);
       Attempt& attempt = m.won(9, 19, {{3, 1}});
       attempt.key.clear();
       attempt.orders.push_back(m.exists(9, 20, {{3, 1}}));
     }},
    {"one_click_without_an_answer_two_orders", per_key,
     [](Market& m) {
       m.stocks(0, 5);
       Attempt& attempt = m.asked(9, {{3, 1}}, Outcome::unanswered);
       attempt.key.clear();
       attempt.gave_up = true;
       for (const std::int64_t order : {19, 20}) m.exists(9, order, {{3, 1}});
     }},
    {"two_clicks_one_order", twice,
     [](Market& m) {
       m.won(9, 19, {{3, 1}}).key.clear();
       m.clients.attempts.push_back(m.clients.attempts.back());
     }},
};

INSTANTIATE_TEST_SUITE_P(Keyless, CheckerTales, testing::ValuesIn(keyless), named());

TEST(CheckerTexts, NameTheProductWhereThereAreSeveral) {
  Market market;
  EXPECT_EQ(market.detail(exactly),
            "product 3: 3 committed, expected 3 to 4 = min(4, 4); "
            "product 5: 2 committed, expected 2 = min(2, 3)");
  EXPECT_EQ(market.detail(limit),
            "product 3: there is none; product 5: limit 2, most held by one user 1, 0 refused");
  market.shop.products[1].stock.held = 2;
  EXPECT_EQ(market.detail(books),
            "product 3: the orders make 1 paid and 2 unpaid units; "
            "product 5: the orders make 1 paid and 1 unpaid units: product 5: 2 held");
}

TEST(CheckerTexts, DoNotNameTheOnlyProduct) {
  Observed clients;
  ShopView shop;
  shop.products = {
      {.product_id = 3, .before = {.total = 1, .available = 1}, .stock = {.total = 1, .available = 1}}};
  EXPECT_EQ(check(clients, shop)[0].detail, "0 committed, expected 0 = min(1, 0)");
}

TEST(Checker, KnowsHowFarTheClocksMayBeApart) {
  Market market;
  market.turns(1, "EXPIRED");
  market.shop.orders[1].hold_expires_at = sale_end + Milliseconds{1'000};
  EXPECT_EQ(market.failed(), std::set<std::string>{});
  market.shop.clock_tolerance = Milliseconds{0};
  EXPECT_EQ(market.failed(), std::set<std::string>{payments});
}

}  // namespace
}  // namespace buyme::drop
