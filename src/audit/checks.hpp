// What the checks share. Private to src/audit.
#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/audit.hpp"
#include "order/api.hpp"

namespace buyme::audit {

using order::OrderStatus;
using AttemptState = Books::AttemptState;

inline constexpr int item_ordered = static_cast<int>(order::ItemStatus::ordered);
inline constexpr int item_canceled = static_cast<int>(order::ItemStatus::canceled);
inline constexpr int item_return_requested = static_cast<int>(order::ItemStatus::return_requested);
inline constexpr int item_returned = static_cast<int>(order::ItemStatus::returned);

// Its units count in the ledger: the buyer has them, or they wait for him.
constexpr bool is_live_item(int status) {
  return status == item_ordered || status == item_return_requested;
}

constexpr bool is(int status, OrderStatus expected) {
  return status == static_cast<int>(expected);
}
constexpr bool is_unpaid(int status) {
  return is(status, OrderStatus::pending) || is(status, OrderStatus::payment_entered) ||
         is(status, OrderStatus::payment_failed);
}
constexpr bool is_paid(int status) {
  return is(status, OrderStatus::paid) || is(status, OrderStatus::shipped) ||
         is(status, OrderStatus::delivered);
}
constexpr bool is_live(int status) {
  return is_unpaid(status) || is_paid(status);
}

// The rows of Books by their numbers. Only for looking up: every loop runs over the lists, in their order.
struct Index {
  explicit Index(const Books& rows) : books(rows) {
    for (const auto& row : rows.orders) orders.emplace(row.order, &row);
    for (const auto& row : rows.attempts) attempts.emplace(row.attempt, &row);
    for (const auto& row : rows.outbox) {
      if (row.item) {
        outbox_by_item.emplace(row.item, &row);
      } else {
        outbox_by_attempt.emplace(row.attempt, &row);
      }
    }
    std::set<RefundId> of_items;
    for (const auto& [item, row] : outbox_by_item) of_items.insert(row->refund);
    for (const auto& row : rows.refunds) {
      if (!of_items.contains(row.outbox)) whole_refunds.emplace(row.attempt, &row);
    }
    for (const auto& row : rows.ledgers) ledgers.emplace(row.product, &row);
    for (const auto& row : rows.terms) terms.emplace(row.product, &row);
  }

  template <class Map, class Key>
  static auto find(const Map& map, const Key& key) -> typename Map::mapped_type {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
  }

  // Whole: for a canceled order, or for a charge that came too late.
  bool is_refunded_or_will_be(AttemptId attempt) const {
    return find(outbox_by_attempt, attempt) != nullptr || find(whole_refunds, attempt) != nullptr;
  }

  const Books& books;
  std::unordered_map<OrderId, const Books::Order*> orders;
  std::unordered_map<AttemptId, const Books::Attempt*> attempts;
  std::unordered_map<AttemptId, const Books::OutboxRefund*> outbox_by_attempt;  // of canceled orders
  std::unordered_map<OrderItemId, const Books::OutboxRefund*> outbox_by_item;   // of returned items
  std::unordered_map<AttemptId, const Books::Refund*> whole_refunds;
  std::unordered_map<ProductId, const Books::Ledger*> ledgers;
  std::unordered_map<ProductId, const Books::Terms*> terms;
};

// Collects what one check found: all are counted, the first few are shown.
class Offenders {
 public:
  template <class... Arguments>
  void add(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (++count_ > shown) return;
    if (count_ > 1) list_ += "; ";
    list_ += fmt::format(text, std::forward<Arguments>(arguments)...);
  }

  void report(std::vector<Finding>& findings, Finding::Kind kind, std::string_view check) const {
    if (count_ == 0) return;
    const std::string more = count_ > shown ? fmt::format("; and {} more", count_ - shown) : "";
    findings.push_back({kind, std::string(check), count_, list_ + more});
  }

 private:
  static constexpr std::int64_t shown = 5;
  std::int64_t count_ = 0;
  std::string list_;
};

inline constexpr auto fault = Finding::Kind::fault;
inline constexpr auto note = Finding::Kind::note;

// Each adds what it found.
void check_paid_orders(const Index& index, std::vector<Finding>& findings);
void check_attempts(const Index& index, std::vector<Finding>& findings);
void check_returns(const Index& index, std::vector<Finding>& findings);
void check_charges(const Index& index, std::vector<Finding>& findings);
void check_results(const Index& index, std::vector<Finding>& findings);
void check_refunds(const Index& index, std::vector<Finding>& findings);
void check_ended_accounts(const Index& index, std::vector<Finding>& findings);

}  // namespace buyme::audit
