#include "drop/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "drop/judge.hpp"

namespace buyme::drop {

namespace {

bool same_item(const SeenItem& a, const SeenItem& b) {
  return a.product_id == b.product_id && a.quantity == b.quantity && a.price == b.price;
}

bool same_content(const SeenOrder& a, const SeenOrder& b) {
  return a.order_id == b.order_id && a.user_id == b.user_id && a.amount == b.amount &&
         a.placed_at == b.placed_at && std::ranges::equal(a.items, b.items, same_item);
}

// All that was asked for and nothing else.
bool is_as_asked(const SeenOrder& order, const std::vector<WantedLine>& lines) {
  const auto stands_in_order = [&](const WantedLine& line) {
    return std::ranges::any_of(order.items, [&](const SeenItem& item) {
      return item.product_id == line.product_id && item.quantity == line.quantity;
    });
  };
  return order.items.size() == lines.size() && std::ranges::all_of(lines, stands_in_order);
}

}  // namespace

void SeenOrder::add_item(const SeenItem& part) {
  const auto at = std::ranges::lower_bound(items, part.product_id, {}, &SeenItem::product_id);
  if (at == items.end() || at->product_id != part.product_id) {
    items.insert(at, part);
    return;
  }
  at->quantity += part.quantity;
  at->returned += part.returned;
}

// A refusal that the merchant brought about by closing, pausing or moving the sale.
bool Judge::changed_terms_explain(const Attempt& attempt) const {
  const std::string_view refusal = attempt.refusal;
  if (!refusal.ends_with("SALE_NOT_OPEN") && !refusal.ends_with("SALE_CLOSED") &&
      !refusal.ends_with("SALE_PAUSED"))
    return false;
  return std::ranges::any_of(attempt.lines, [&](const WantedLine& line) {
    const Shelf* shelf = tally_.find_shelf(line.product_id);
    return shelf != nullptr && shelf->view->terms_changed;
  });
}

Check Judge::everyone_answered() const {
  Finding finding("everyone got a final answer");
  Units unanswered = 0;
  std::int64_t gave_up = 0;
  for (const auto& attempt : clients_.attempts) {
    if (attempt.outcome == Outcome::unanswered && attempt.gave_up) {
      ++gave_up;
    } else if (attempt.outcome == Outcome::unanswered) {
      for (const auto& line : attempt.lines) unanswered += line.quantity;
      finding.offence("user {} got none to key {}", attempt.user_id, shown_key(attempt));
    } else if (attempt.outcome == Outcome::refused && !changed_terms_explain(attempt)) {
      finding.offence("user {} was told {}", attempt.user_id, attempt.refusal);
    }
  }
  std::string summary =
      fmt::format("{} orders asked for, {} units without an answer", clients_.attempts.size(), unanswered);
  if (gave_up > 0) fmt::format_to(std::back_inserter(summary), ", {} gave up", gave_up);
  return std::move(finding).finish(std::move(summary));
}

Check Judge::no_order_twice() const {
  Finding finding("no order given to two buyers");
  std::unordered_map<std::int64_t, const Attempt*> owner;
  owner.reserve(clients_.attempts.size());
  for (const auto& attempt : clients_.attempts) {
    for (const auto& order : attempt.orders) {
      const auto [first, fresh] = owner.emplace(order.order_id, &attempt);
      if (!fresh && first->second != &attempt) {
        finding.offence("order {} went to user {} (key {}) and to user {} (key {})", order.order_id,
                        first->second->user_id, shown_key(*first->second), attempt.user_id,
                        shown_key(attempt));
      }
      if (order.user_id != attempt.user_id) {
        finding.offence("user {} got order {} of user {}", attempt.user_id, order.order_id, order.user_id);
      }
    }
  }
  for (std::size_t i = 1; i < tally_.orders.size(); ++i) {
    if (tally_.orders[i]->order_id == tally_.orders[i - 1]->order_id)
      finding.offence("order {} is listed twice", tally_.orders[i]->order_id);
  }
  return std::move(finding).finish(fmt::format("{} orders handed out", owner.size()));
}

Check Judge::one_order_per_key() const {
  Finding finding("one order per idempotency key");
  std::int64_t repeated = 0;
  for (const auto& attempt : clients_.attempts) {
    if (attempt.orders.size() > 1 && attempt.key.empty()) {
      finding.offence("user {} got {} orders for one click without a key", attempt.user_id,
                      attempt.orders.size());
      continue;
    }
    if (attempt.orders.size() > 1) ++repeated;
    for (std::size_t i = 1; i < attempt.orders.size(); ++i) {
      if (!same_content(attempt.orders[i], attempt.orders[0])) {
        finding.offence("key {} got order {} and order {}, or different contents", attempt.key,
                        attempt.orders[0].order_id, attempt.orders[i].order_id);
      }
    }
  }
  for (const auto& customer : tally_.customers) {
    if (customer.orders > customer.may_have_ordered) {
      finding.offence("user {} has {} orders for {} keys that can have ordered", customer.user_id,
                      customer.orders, customer.may_have_ordered);
    }
  }
  return std::move(finding).finish(
      fmt::format("{} keys were answered more than once with an order", repeated));
}

// A unit that came or was put back can turn a SOLD_OUT into an order; only without one are the two a
// contradiction.
bool Judge::may_have_changed_his_luck(const Attempt& attempt) const {
  return std::ranges::any_of(attempt.lines, [&](const WantedLine& line) {
    const Shelf* shelf = tally_.find_shelf(line.product_id);
    return shelf != nullptr && (shelf->freed > 0 || shelf->view->terms_changed);
  });
}

Check Judge::no_winner_turned_away() const {
  Finding finding("no winner was told SOLD_OUT");
  for (const auto& attempt : clients_.attempts) {
    if (!attempt.orders.empty() && attempt.sold_out_answers > 0 && !may_have_changed_his_luck(attempt)) {
      finding.offence("key {} got order {} and SOLD_OUT", shown_key(attempt), attempt.orders[0].order_id);
    }
  }
  return std::move(finding).finish("a repeat of a winning key leads to its order");
}

Check Judge::readable_again() const {
  Finding finding("every 201 readable again, unchanged");
  std::unordered_map<std::int64_t, const ReadBack*> again;
  again.reserve(shop_.read_back.size());
  for (const auto& read : shop_.read_back) again[read.order_id] = &read;
  std::int64_t checked = 0;
  for (const auto& attempt : clients_.attempts) {
    for (const auto& told : attempt.orders) {
      ++checked;
      const auto found = again.find(told.order_id);
      if (found == again.end() || !found->second->order) {
        finding.offence("order {} of user {}: {}", told.order_id, attempt.user_id,
                        found == again.end() ? "not read" : found->second->problem);
      } else if (!same_content(told, *found->second->order)) {
        finding.offence("order {} of user {} reads differently now", told.order_id, attempt.user_id);
      }
      if (tally_.find_order(told.order_id) == nullptr)
        finding.offence("order {} is not in the books", told.order_id);
      if (!is_as_asked(told, attempt.lines)) {
        finding.offence("order {} is not what user {} asked for", told.order_id, attempt.user_id);
      }
    }
  }
  return std::move(finding).finish(fmt::format("{} answers compared", checked));
}

Check Judge::no_order_unasked() const {
  Finding finding("no order that nobody was told of");
  std::vector<std::int64_t> told;
  told.reserve(clients_.attempts.size());
  std::vector<const Attempt*> waiting;  // keys that were never answered
  for (const auto& attempt : clients_.attempts) {
    for (const auto& order : attempt.orders) told.push_back(order.order_id);
    if (is_uncertain(attempt)) waiting.push_back(&attempt);
  }
  std::ranges::sort(told);
  std::ranges::sort(waiting, {}, &Attempt::user_id);
  for (const auto& order : shop_.orders) {
    if (std::ranges::binary_search(told, order.order_id)) continue;
    const auto his = std::ranges::equal_range(waiting, order.user_id, {}, &Attempt::user_id);
    const bool wanted =
        std::ranges::any_of(his, [&](const Attempt* attempt) { return is_as_asked(order, attempt->lines); });
    if (!wanted) finding.offence("order {} of user {}, {}", order.order_id, order.user_id, order.status);
  }
  return std::move(finding).finish(fmt::format("{} orders in the books", shop_.orders.size()));
}

std::string Judge::payment_problem(const Attempt& attempt, const SeenOrder& order) const {
  const std::string_view status = order.status;
  const bool ended = status == "EXPIRED" || status == "CANCELED";
  const bool lapsed = status == "EXPIRED" && hold_has_passed(order);
  if (attempt.canceled) return status == "CANCELED" ? "" : "its buyer was told CANCELED";
  if (attempt.may_be_canceled && status == "CANCELED") return "";
  // An answer that he did see stands: what is PAID stays so, and an order whose payment came too late lives
  // only by another one.
  if (attempt.may_be_paid && attempt.payment != PaymentSeen::paid) {
    if (is_paid(status)) return "";
    if (attempt.payment != PaymentSeen::refunded &&
        (status == "PAYMENT_ENTERED" || status == "PAYMENT_FAILED"))
      return "";
  }
  switch (attempt.payment) {
    case PaymentSeen::not_tried:
      return status == "PENDING" || lapsed ? "" : "nobody paid for it";
    case PaymentSeen::paid:
      return is_paid(status) ? "" : "its buyer was told PAID";
    case PaymentSeen::declined:
      return status == "PAYMENT_FAILED" || lapsed ? "" : "its last payment was declined";
    case PaymentSeen::refunded:
      return ended ? "" : "its buyer was told the payment is refunded";
    case PaymentSeen::undecided:
      return !ended || lapsed ? "" : "it ended before its hold";
    case PaymentSeen::refused:
      return lapsed ? "" : "its payment was refused with " + attempt.payment_refusal;
  }
  return "";
}

Check Judge::payments_agree() const {
  Finding finding("payments and order states agree");
  std::int64_t paid = 0;
  std::int64_t undecided = 0;
  for (const auto& attempt : clients_.attempts) {
    if (attempt.orders.empty()) continue;
    paid += attempt.payment == PaymentSeen::paid;
    undecided += attempt.payment == PaymentSeen::undecided;
    const SeenOrder* order = tally_.find_order(attempt.orders[0].order_id);
    if (order == nullptr) continue;  // readable_again tells of it
    const std::string problem = payment_problem(attempt, *order);
    if (!problem.empty()) finding.offence("order {} is {}, but {}", order->order_id, order->status, problem);
  }
  return std::move(finding).finish(fmt::format("{} paid, {} undecided", paid, undecided));
}

bool is_unpaid(std::string_view status) {
  return status == "PENDING" || status == "PAYMENT_ENTERED" || status == "PAYMENT_FAILED";
}

bool is_paid(std::string_view status) {
  return status == "PAID" || status == "SHIPPED" || status == "DELIVERED";
}

std::vector<Check> check(const Observed& clients, const ShopView& shop) {
  const Judge judge(clients, shop);
  return {judge.exactly_sold(),          judge.never_oversold(), judge.stock_adds_up(),
          judge.books_match_orders(),    judge.no_order_twice(), judge.one_order_per_key(),
          judge.no_winner_turned_away(), judge.readable_again(), judge.no_order_unasked(),
          judge.sold_out_was_true(),     judge.limit_held(),     judge.payments_agree(),
          judge.everyone_answered()};
}

}  // namespace buyme::drop
