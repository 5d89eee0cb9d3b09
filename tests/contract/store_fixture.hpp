// An order store under contract, looked at through its ports alone, so that the same tests run over every
// database.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "core/log.hpp"
#include "core/pool.hpp"
#include "order/store_sqlite.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

using order::OrderStatus;
using order::Plan;

struct StoreKind {
  const char* name;
  // Each call opens the same database anew, as another server would.
  std::function<std::unique_ptr<order::OrderStore>(const TempDir&)> open;
  std::function<std::unique_ptr<order::OrderReads>(const TempDir&, Pool&)> open_reads;
};

inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

class StoreContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  static constexpr Time epoch{Milliseconds{1'800'000'000'000}};
  static Time at(std::int64_t seconds) { return epoch + std::chrono::seconds{seconds}; }

  std::unique_ptr<order::OrderStore> open() { return GetParam().open(place); }

  Plan plan() {
    Plan empty;
    empty.stamp = {writer, ++seq};
    empty.now = epoch;
    return empty;
  }

  // As stored; 0 for a product without terms.
  std::int64_t terms_version(std::int64_t product) {
    const auto sales = run(store->load_sales());
    for (const auto& sale : *sales) {
      if (sale.terms.product.value == product) return sale.terms.version;
    }
    return 0;
  }

  // --- steps of a plan

  void add_terms(Plan& plan, std::int64_t product, Units total, std::optional<Units> limit = {}) {
    order::TermsChange change;
    change.old_version = terms_version(product);
    order::SaleTerms& terms = change.update.terms;
    terms.product = ProductId{product};
    terms.version = ++version;
    terms.price = 1'000;
    terms.per_user_limit = limit;
    change.update.total = total;
    plan.terms.push_back(change);
  }

  // An order of one product, with its ledger raise.
  const order::Order& add_order(Plan& plan, std::int64_t user, std::int64_t product, Units quantity = 1,
                                std::string_view key = {}) {
    order::Order& order = orders.emplace_back();
    order.id = OrderId{++last_number};
    order.user = UserId{user};
    order.placed_at = epoch;
    order.hold_expires_at = at(600);
    order.amount = 1'000 * quantity;
    order.items.push_back({OrderItemId{last_number}, ProductId{product}, quantity, 1'000});
    plan.orders.push_back({&order, key, 4'711});
    for (auto& raise : plan.raises) {
      if (raise.product.value == product) {
        raise.units += quantity;
        return order;
      }
    }
    plan.raises.push_back({ProductId{product}, quantity, terms_version(product)});
    return order;
  }

  // The same, counted against a per-user limit.
  const order::Order& add_limited_order(Plan& plan, std::int64_t user, std::int64_t product, Units quantity,
                                        Units cap) {
    const order::Order& order = add_order(plan, user, product, quantity);
    orders.back().items[0].counted = true;
    plan.limits.push_back({ProductId{product}, UserId{user}, quantity, cap, order.id});
    return order;
  }

  // From where the order stands in `row` to `to`.
  static order::OrderMove move_of(const order::OrderRow& row, OrderStatus to) {
    order::OrderMove move;
    move.order = row.order.id;
    move.from = row.order.status;
    move.was_extended = row.hold_extended;
    move.was_settled_attempt_no = row.settled_attempt_no;
    move.to = to;
    move.hold_expires_at = row.order.hold_expires_at;
    move.hold_extended = row.hold_extended;
    move.settled_attempt_no = row.settled_attempt_no;
    move.paid_at = row.order.paid_at;
    move.paid_attempt = row.paid_attempt;
    move.reason = "test";
    return move;
  }

  order::OrderMove payment_of(const order::OrderRow& row, std::int64_t attempt) {
    order::OrderMove move = move_of(row, OrderStatus::paid);
    move.paid_at = epoch;
    move.paid_attempt = AttemptId{attempt};
    move.settled_attempt_no = 1;
    return move;
  }

  // --- doing it

  order::Committed commit(const Plan& plan) { return commit(*store, plan); }
  static order::Committed commit(order::OrderStore& on, const Plan& plan) {
    auto result = run(on.commit(plan));
    if (const auto* rejected = std::get_if<order::Rejected>(&result)) {
      ADD_FAILURE() << "refused: " << rejected->detail;
      return {};
    }
    return std::get<order::Committed>(std::move(result));
  }
  void expect_refused(const Plan& plan) {
    auto result = run(store->commit(plan));
    const auto* rejected = std::get_if<order::Rejected>(&result);
    ASSERT_NE(rejected, nullptr) << "was committed";
    EXPECT_EQ(rejected->why, order::Rejected::Why::constraint);
    EXPECT_FALSE(rejected->detail.empty());
  }

  // --- looking at it

  order::Ledger ledger(std::int64_t product) {
    const auto sales = run(store->load_sales());
    for (const auto& sale : *sales) {
      if (sale.terms.product.value == product) return sale.ledger;
    }
    ADD_FAILURE() << "no product " << product;
    return {};
  }
  void expect_ledger(std::int64_t product, Units committed, Units sold) {
    const order::Ledger now = ledger(product);
    EXPECT_EQ(now.committed, committed) << "of product " << product;
    EXPECT_EQ(now.sold, sold) << "of product " << product;
  }
  std::optional<order::OrderRow> find(OrderId order) { return find(*store, order); }
  static std::optional<order::OrderRow> find(order::OrderStore& in, OrderId order) {
    order::Questions questions;
    questions.orders.push_back(order);
    const auto known = run(in.read(questions));
    EXPECT_TRUE(known.has_value());
    return known->orders.at(0);
  }
  order::Known::LimitRow limit_row(std::int64_t product, std::int64_t user) {
    order::Questions questions;
    questions.limits.push_back({ProductId{product}, UserId{user}});
    return run(store->read(questions))->limits.at(0);
  }
  std::optional<order::Known::KeptOrder> kept(std::int64_t user, std::string_view key) {
    order::Questions questions;
    questions.keys.push_back({UserId{user}, key});
    return run(store->read(questions))->keys.at(0);
  }

  TempDir place;
  Pool pool{"reads", 1, 16};
  std::unique_ptr<order::OrderStore> store = open();
  std::unique_ptr<order::OrderReads> reads = GetParam().open_reads(place, pool);
  std::int64_t writer = *run(store->next_writer_number());
  std::int64_t seq = 0, version = 0, last_number = 0;
  std::deque<order::Order> orders;  // plans point into it
};

}  // namespace buyme::test
