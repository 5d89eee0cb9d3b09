#include "drop/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace buyme::drop {

namespace {

constexpr std::size_t shown_offenders = 3;
constexpr Milliseconds clock_tolerance{2'000};  // between the shop's clock and ours

Units units_of(const SeenOrder& order, std::int64_t product) {
  Units units = 0;
  for (const auto& item : order.items) {
    if (item.product_id == product) units += item.quantity;
  }
  return units;
}

bool is_live(const SeenOrder& order) {
  return is_unpaid(order.status) || is_paid(order.status);
}

bool same_content(const SeenOrder& a, const SeenOrder& b) {
  return a.order_id == b.order_id && a.user_id == b.user_id && a.amount == b.amount &&
         a.placed_at == b.placed_at && a.items == b.items;
}

// One check in the making: passed until something offends.
class Finding {
 public:
  explicit Finding(std::string name) : name_(std::move(name)) {}

  template <class... Args>
  void offence(fmt::format_string<Args...> format, Args&&... args) {
    if (++count_ > shown_offenders) return;
    if (!shown_.empty()) shown_ += "; ";
    fmt::format_to(std::back_inserter(shown_), format, std::forward<Args>(args)...);
  }

  // `summary` is shown either way, so that a pass says what it has looked at.
  Check finish(std::string summary) && {
    if (count_ == 0) return {std::move(name_), true, std::move(summary)};
    if (count_ > shown_offenders) fmt::format_to(std::back_inserter(shown_), "; {} in all", count_);
    return {std::move(name_), false, fmt::format("{}: {}", summary, shown_)};
  }

 private:
  std::string name_;
  std::string shown_;
  std::size_t count_ = 0;
};

class Judge {
 public:
  Judge(const Observed& clients, const ShopView& shop);

  Check everyone_answered() const;
  Check exactly_sold() const;
  Check never_oversold() const;
  Check sold_out_was_true() const;
  Check no_order_twice() const;
  Check one_order_per_key() const;
  Check no_winner_turned_away() const;
  Check readable_again() const;
  Check no_order_unasked() const;
  Check limit_held() const;
  Check payments_agree() const;
  Check stock_adds_up() const;
  Check books_match_orders() const;

 private:
  // What one user asked for and holds.
  struct User {
    Units wanted = 0;
    Units held_earlier = 0;  // live units from before the sale
    Units held = 0;          // live units from the sale
    int orders = 0;          // of the sale, whatever became of them
    int may_have_ordered = 0;
  };

  bool hold_has_passed(const SeenOrder& order) const {
    return order.hold_expires_at && *order.hold_expires_at <= shop_.read_at + clock_tolerance;
  }
  std::string payment_problem(const Attempt& attempt, const SeenOrder& order) const;

  const Observed& clients_;
  const ShopView& shop_;
  std::map<std::int64_t, User> users_;
  std::unordered_map<std::int64_t, const SeenOrder*> orders_;  // of the sale, by id
  Units paid_units_ = 0;                                       // in all orders of the product
  Units unpaid_units_ = 0;
  Units demand_ = 0;      // units asked for, as far as the limit allows
  Units unanswered_ = 0;  // of these, units whose order may or may not exist
  Units freed_ = 0;       // units that came back: their orders ended
};

Judge::Judge(const Observed& clients, const ShopView& shop) : clients_(clients), shop_(shop) {
  for (const auto& attempt : clients.attempts) {
    User& user = users_[attempt.user_id];
    user.wanted += attempt.quantity;
    const bool unanswered = attempt.outcome == Outcome::unanswered;
    user.may_have_ordered += unanswered || !attempt.orders.empty();
    if (unanswered) unanswered_ += attempt.quantity;
  }
  Units live_earlier = 0;
  for (const auto* list : {&shop.earlier, &shop.orders}) {
    const bool of_sale = list == &shop.orders;
    for (const auto& order : *list) {
      const Units units = units_of(order, shop.product_id);
      User& user = users_[order.user_id];
      if (of_sale) orders_[order.order_id] = &order, ++user.orders;
      if (is_live(order)) {
        (is_paid(order.status) ? paid_units_ : unpaid_units_) += units;
        (of_sale ? user.held : user.held_earlier) += units;
        if (!of_sale) live_earlier += units;
      } else if (of_sale) {
        freed_ += units;
      }
    }
  }
  freed_ += std::max<Units>(0, shop.before.committed() - live_earlier);
  for (const auto& [id, user] : users_) {
    const Units allowed = std::max<Units>(0, shop.per_user_limit - user.held_earlier);
    demand_ += shop.per_user_limit > 0 ? std::min(user.wanted, allowed) : user.wanted;
  }
}

Check Judge::everyone_answered() const {
  Finding finding("everyone got a final answer");
  for (const auto& attempt : clients_.attempts) {
    if (attempt.outcome == Outcome::unanswered) {
      finding.offence("user {} got none to key {}", attempt.user_id, attempt.key);
    } else if (attempt.outcome == Outcome::refused) {
      finding.offence("user {} was told {}", attempt.user_id, attempt.refusal);
    }
  }
  return std::move(finding).finish(
      fmt::format("{} orders asked for, {} units without an answer", clients_.attempts.size(), unanswered_));
}

Check Judge::exactly_sold() const {
  Finding finding("exactly min(stock, demand) units committed");
  const Units before = shop_.before.committed();
  const Units high = std::min(shop_.before.total, before + demand_);
  const Units low = std::min(shop_.before.total, before + demand_ - unanswered_) - freed_;
  const Units committed = shop_.stock.committed();
  if (committed < low) finding.offence("{} units unsold though they were asked for", low - committed);
  if (committed > high) finding.offence("{} units too many", committed - high);
  std::string expected = low == high ? fmt::format("{}", high) : fmt::format("{} to {}", low, high);
  std::string summary = fmt::format("{} committed, expected {} = min({}, {})", committed, expected,
                                    shop_.before.total, before + demand_);
  if (unanswered_ > 0) summary += fmt::format(", {} unanswered", unanswered_);
  if (freed_ > 0) summary += fmt::format(", {} came back", freed_);
  return std::move(finding).finish(std::move(summary));
}

Check Judge::never_oversold() const {
  Finding finding("nothing oversold");
  const Units live = paid_units_ + unpaid_units_;
  const Units total = shop_.stock.total;
  if (live > total) finding.offence("the orders hold {} units more than there are", live - total);
  if (shop_.stock.committed() > total)
    finding.offence("the stock shows {} committed", shop_.stock.committed());
  if (shop_.stock.available < 0) finding.offence("the stock shows {} available", shop_.stock.available);
  return std::move(finding).finish(fmt::format("{} units in live orders of {} for sale", live, total));
}

Check Judge::sold_out_was_true() const {
  Finding finding("SOLD_OUT was said only of an empty shelf");
  std::int64_t told = 0;
  for (const auto& attempt : clients_.attempts) told += attempt.sold_out_answers;
  const Units committed = shop_.stock.committed();
  if (told > 0 && committed + freed_ < shop_.stock.total) {
    finding.offence("{} units were never sold", shop_.stock.total - committed - freed_);
  }
  if (shop_.stock.sold_out && shop_.stock.available > 0) {
    finding.offence("the stock says sold out with {} available", shop_.stock.available);
  }
  return std::move(finding).finish(fmt::format("said {} times", told));
}

Check Judge::no_order_twice() const {
  Finding finding("no order given to two buyers");
  std::unordered_map<std::int64_t, const Attempt*> owner;
  for (const auto& attempt : clients_.attempts) {
    for (const auto& order : attempt.orders) {
      const auto [first, fresh] = owner.emplace(order.order_id, &attempt);
      if (!fresh && first->second != &attempt) {
        finding.offence("order {} went to user {} (key {}) and to user {} (key {})", order.order_id,
                        first->second->user_id, first->second->key, attempt.user_id, attempt.key);
      }
      if (order.user_id != attempt.user_id) {
        finding.offence("user {} got order {} of user {}", attempt.user_id, order.order_id, order.user_id);
      }
    }
  }
  std::unordered_set<std::int64_t> listed;
  for (const auto& order : shop_.orders) {
    if (!listed.insert(order.order_id).second) finding.offence("order {} is listed twice", order.order_id);
  }
  return std::move(finding).finish(fmt::format("{} orders handed out", owner.size()));
}

Check Judge::one_order_per_key() const {
  Finding finding("one order per idempotency key");
  std::int64_t repeated = 0;
  for (const auto& attempt : clients_.attempts) {
    if (attempt.orders.size() > 1) ++repeated;
    for (std::size_t i = 1; i < attempt.orders.size(); ++i) {
      if (!same_content(attempt.orders[i], attempt.orders[0])) {
        finding.offence("key {} got order {} and order {}, or different contents", attempt.key,
                        attempt.orders[0].order_id, attempt.orders[i].order_id);
      }
    }
  }
  for (const auto& [id, user] : users_) {
    if (user.orders > user.may_have_ordered) {
      finding.offence("user {} has {} orders for {} keys that can have ordered", id, user.orders,
                      user.may_have_ordered);
    }
  }
  return std::move(finding).finish(
      fmt::format("{} keys were answered more than once with an order", repeated));
}

Check Judge::no_winner_turned_away() const {
  Finding finding("no winner was told SOLD_OUT");
  // A unit that came back can turn a SOLD_OUT into an order; only without one are the two a contradiction.
  for (const auto& attempt : clients_.attempts) {
    if (freed_ == 0 && !attempt.orders.empty() && attempt.sold_out_answers > 0) {
      finding.offence("key {} got order {} and SOLD_OUT", attempt.key, attempt.orders[0].order_id);
    }
  }
  return std::move(finding).finish("a repeat of a winning key leads to its order");
}

Check Judge::readable_again() const {
  Finding finding("every 201 readable again, unchanged");
  std::unordered_map<std::int64_t, const ReadBack*> again;
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
      if (!orders_.contains(told.order_id)) finding.offence("order {} is not in the books", told.order_id);
      if (units_of(told, shop_.product_id) != attempt.quantity || told.items.size() != 1) {
        finding.offence("order {} is not what user {} asked for", told.order_id, attempt.user_id);
      }
    }
  }
  return std::move(finding).finish(fmt::format("{} answers compared", checked));
}

Check Judge::no_order_unasked() const {
  Finding finding("no order that nobody was told of");
  std::unordered_set<std::int64_t> told;
  std::unordered_set<std::int64_t> waiting;  // users with a key that was never answered
  for (const auto& attempt : clients_.attempts) {
    for (const auto& order : attempt.orders) told.insert(order.order_id);
    if (attempt.outcome == Outcome::unanswered) waiting.insert(attempt.user_id);
  }
  for (const auto& order : shop_.orders) {
    if (!told.contains(order.order_id) && !waiting.contains(order.user_id)) {
      finding.offence("order {} of user {}, {}", order.order_id, order.user_id, order.status);
    }
  }
  return std::move(finding).finish(fmt::format("{} orders in the books", shop_.orders.size()));
}

Check Judge::limit_held() const {
  Finding finding("per-user limit held");
  const Units limit = shop_.per_user_limit;
  std::int64_t refused = 0;
  Units most = 0;
  for (const auto& [id, user] : users_) {
    most = std::max(most, user.held + user.held_earlier);
    // Who held more before (the limit was lowered) keeps it and gets no more.
    if (limit > 0 && user.held > 0 && user.held + user.held_earlier > limit) {
      finding.offence("user {} holds {} units, the limit is {}", id, user.held + user.held_earlier, limit);
    }
  }
  for (const auto& attempt : clients_.attempts) {
    if (attempt.outcome != Outcome::limit_exceeded) continue;
    ++refused;
    const User& user = users_.at(attempt.user_id);
    if (limit == 0 || user.held_earlier + user.wanted <= limit) {
      finding.offence("user {} was refused within the limit (key {})", attempt.user_id, attempt.key);
    }
  }
  return std::move(finding).finish(
      limit > 0 ? fmt::format("limit {}, most held by one user {}, {} refused", limit, most, refused)
                : std::string("there is none"));
}

std::string Judge::payment_problem(const Attempt& attempt, const SeenOrder& order) const {
  const std::string_view status = order.status;
  const bool ended = status == "EXPIRED" || status == "CANCELED";
  const bool lapsed = status == "EXPIRED" && hold_has_passed(order);
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
    const auto found = orders_.find(attempt.orders[0].order_id);
    if (found == orders_.end()) continue;  // readable_again tells of it
    const std::string problem = payment_problem(attempt, *found->second);
    if (!problem.empty()) {
      finding.offence("order {} is {}, but {}", found->first, found->second->status, problem);
    }
  }
  return std::move(finding).finish(fmt::format("{} paid, {} undecided", paid, undecided));
}

Check Judge::stock_adds_up() const {
  Finding finding("stock = free + held + sold");
  const StockLevel& stock = shop_.stock;
  if (stock.total != stock.available + stock.held + stock.sold) {
    finding.offence("they make {}", stock.available + stock.held + stock.sold);
  }
  if (stock.total != shop_.before.total) finding.offence("there were {} before the sale", shop_.before.total);
  if (stock.held < 0 || stock.sold < 0) finding.offence("less than none");
  return std::move(finding).finish(
      fmt::format("{} = {} + {} + {}", stock.total, stock.available, stock.held, stock.sold));
}

Check Judge::books_match_orders() const {
  Finding finding("held and sold match the orders");
  if (shop_.stock.sold != paid_units_) finding.offence("{} sold", shop_.stock.sold);
  if (shop_.stock.held != unpaid_units_) finding.offence("{} held", shop_.stock.held);
  return std::move(finding).finish(
      fmt::format("the orders make {} paid and {} unpaid units", paid_units_, unpaid_units_));
}

}  // namespace

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
