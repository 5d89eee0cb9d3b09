// What the checker's tests tell their tales of: a larger sale, in which everything is right until a tale
// changes it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "drop/checker.hpp"

namespace buyme::drop::tales {

inline const Time sale_end = from_unix_ms(1'800'000'000'000);

inline constexpr const char* exactly = "exactly min(stock, demand) units committed";
inline constexpr const char* oversold = "nothing oversold";
inline constexpr const char* sum = "stock = free + held + sold";
inline constexpr const char* books = "held and sold match the orders";
inline constexpr const char* twice = "no order given to two buyers";
inline constexpr const char* per_key = "one order per idempotency key";
inline constexpr const char* turned_away = "no winner was told SOLD_OUT";
inline constexpr const char* readable = "every 201 readable again, unchanged";
inline constexpr const char* unasked = "no order that nobody was told of";
inline constexpr const char* sold_out = "SOLD_OUT was said only of an empty shelf";
inline constexpr const char* limit = "per-user limit held";
inline constexpr const char* payments = "payments and order states agree";
inline constexpr const char* answered = "everyone got a final answer";

using Lines = std::vector<WantedLine>;

inline SeenOrder make_order(std::int64_t id, std::int64_t user, const Lines& lines, std::string status) {
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

inline auto named() {
  return [](const auto& tale) { return std::string(tale.param.label); };
}

}  // namespace buyme::drop::tales
