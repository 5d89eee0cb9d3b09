#include "drop/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "drop/finding.hpp"
#include "drop/shelf.hpp"

namespace buyme::drop {

namespace {

bool is_live(const SeenOrder& order) {
  return is_unpaid(order.status) || is_paid(order.status);
}

bool same_content(const SeenOrder& a, const SeenOrder& b) {
  return a.order_id == b.order_id && a.user_id == b.user_id && a.amount == b.amount &&
         a.placed_at == b.placed_at && a.items == b.items;
}

// Exactly the lines that were asked for, in their order.
bool is_as_asked(const SeenOrder& order, const Attempt& attempt) {
  return std::ranges::equal(order.items, attempt.lines, [](const SeenItem& item, const WantedLine& line) {
    return item.product_id == line.product_id && item.quantity == line.quantity;
  });
}

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
  struct User {
    int orders = 0;  // of the sale, whatever became of them
    int may_have_ordered = 0;
  };

  void hear(const Attempt& attempt);
  void count(const SeenOrder& order, bool of_sale);
  Shelf* shelf(std::int64_t product);
  const Shelf* shelf(std::int64_t product) const { return const_cast<Judge*>(this)->shelf(product); }
  // Whether `holds` is true of the shelf of every line.
  template <class Holds>
  bool every_shelf(const Attempt& attempt, Holds holds) const {
    return std::ranges::all_of(attempt.lines, [&](const WantedLine& line) {
      const Shelf* found = shelf(line.product_id);
      return found != nullptr && holds(*found, line);
    });
  }
  bool terms_stayed(const Attempt& attempt) const {
    return every_shelf(attempt, [](const Shelf& s, const WantedLine&) { return !s.view->terms_changed; });
  }
  // "" for one product, "product 7: " where there are several.
  std::string label(const Shelf& of) const {
    return shelves_.size() == 1 ? std::string() : fmt::format("product {}: ", of.view->product_id);
  }
  template <class Text>
  std::string of_each(Text text) const {
    std::string all;
    for (const auto& one : shelves_) {
      if (!all.empty()) all += "; ";
      all += label(one) + text(one);
    }
    return all;
  }

  bool hold_has_passed(const SeenOrder& order) const {
    return order.hold_expires_at && *order.hold_expires_at <= shop_.read_at + shop_.clock_tolerance;
  }
  std::string payment_problem(const Attempt& attempt, const SeenOrder& order) const;

  const Observed& clients_;
  const ShopView& shop_;
  std::vector<Shelf> shelves_;
  std::map<std::int64_t, User> users_;
  std::unordered_map<std::int64_t, const SeenOrder*> orders_;  // of the sale, by id
};

Judge::Judge(const Observed& clients, const ShopView& shop) : clients_(clients), shop_(shop) {
  shelves_.resize(shop.products.size());
  for (std::size_t i = 0; i < shelves_.size(); ++i) shelves_[i].view = &shop.products[i];
  orders_.reserve(shop.orders.size());
  for (const auto& attempt : clients.attempts) hear(attempt);
  for (const auto& order : shop.earlier) count(order, false);
  for (const auto& order : shop.orders) count(order, true);
  for (auto& one : shelves_) one.add_up();
}

Shelf* Judge::shelf(std::int64_t product) {
  const auto found = std::ranges::lower_bound(shelves_, product, {},
                                              [](const Shelf& one) { return one.view->product_id; });
  return found == shelves_.end() || found->view->product_id != product ? nullptr : &*found;
}

void Judge::hear(const Attempt& attempt) {
  const bool unanswered = attempt.outcome == Outcome::unanswered;
  users_[attempt.user_id].may_have_ordered +=
      unanswered || attempt.gave_up || attempt.answer_lost || !attempt.orders.empty();
  for (const auto& line : attempt.lines) {
    Shelf* const of = shelf(line.product_id);
    if (of == nullptr) continue;
    const Units singly = attempt.lines.size() == 1 && line.quantity == 1 ? 1 : 0;
    Shelf::Holder& user = of->users[attempt.user_id];
    user.wanted += line.quantity;
    user.wanted_singly += singly;
    if (!unanswered) continue;
    of->unanswered += line.quantity;
    of->unanswered_singly += singly;
  }
}

void Judge::count(const SeenOrder& order, bool of_sale) {
  if (of_sale) orders_[order.order_id] = &order, ++users_[order.user_id].orders;
  for (const auto& item : order.items) {
    Shelf* const of = shelf(item.product_id);
    if (of == nullptr) continue;
    Shelf::Holder& user = of->users[order.user_id];
    if (is_live(order)) {
      (is_paid(order.status) ? of->paid_units : of->unpaid_units) += item.quantity;
      (of_sale ? user.held : user.held_earlier) += item.quantity;
      if (!of_sale) of->live_earlier += item.quantity;
    } else if (of_sale) {
      of->freed += item.quantity;
    }
  }
}

Check Judge::everyone_answered() const {
  Finding finding("everyone got a final answer");
  Units without = 0;
  for (const auto& attempt : clients_.attempts) {
    if (attempt.outcome == Outcome::unanswered) {
      for (const auto& line : attempt.lines) without += line.quantity;
      if (!attempt.gave_up) finding.offence("user {} got none to key {}", attempt.user_id, attempt.key);
    } else if (attempt.outcome == Outcome::refused) {
      const bool by_merchant = attempt.refusal.starts_with("SALE_") && !terms_stayed(attempt);
      if (!by_merchant) finding.offence("user {} was told {}", attempt.user_id, attempt.refusal);
    }
  }
  return std::move(finding).finish(
      fmt::format("{} orders asked for, {} units without an answer", clients_.attempts.size(), without));
}

Check Judge::exactly_sold() const {
  Finding finding("exactly min(stock, demand) units committed");
  std::string summary = of_each([&](const Shelf& of) {
    const Units total = of.view->before.total, before = of.view->before.committed();
    const Units committed = of.view->stock.committed();
    if (of.view->terms_changed) return fmt::format("{} committed, the terms were changed", committed);
    const Units high = std::min(total, before + of.demand);
    const Units low = std::min(total, before + of.sure_demand) - of.freed;
    if (committed < low) {
      finding.offence("{}{} units unsold though they were asked for", label(of), low - committed);
    }
    if (committed > high) finding.offence("{}{} units too many", label(of), committed - high);
    std::string expected = low == high ? fmt::format("{}", high) : fmt::format("{} to {}", low, high);
    std::string text = fmt::format("{} committed, expected {} = min({}, {})", committed, expected, total,
                                   before + of.demand);
    if (of.unanswered > 0) text += fmt::format(", {} unanswered", of.unanswered);
    if (of.freed > 0) text += fmt::format(", {} came back", of.freed);
    return text;
  });
  return std::move(finding).finish(std::move(summary));
}

Check Judge::never_oversold() const {
  Finding finding("nothing oversold");
  std::string summary = of_each([&](const Shelf& of) {
    const StockLevel& stock = of.view->stock;
    const Units live = of.paid_units + of.unpaid_units;
    if (live > stock.total) {
      finding.offence("{}the orders hold {} units more than there are", label(of), live - stock.total);
    }
    if (stock.committed() > stock.total)
      finding.offence("{}the stock shows {} committed", label(of), stock.committed());
    if (stock.available < 0) finding.offence("{}the stock shows {} available", label(of), stock.available);
    return fmt::format("{} units in live orders of {} for sale", live, stock.total);
  });
  return std::move(finding).finish(std::move(summary));
}

// An order of several products is refused for one of them.
Check Judge::sold_out_was_true() const {
  Finding finding("SOLD_OUT was said only of an empty shelf");
  std::int64_t told = 0;
  for (const auto& attempt : clients_.attempts) {
    told += attempt.sold_out_answers;
    if (attempt.sold_out_answers == 0 || !terms_stayed(attempt)) continue;
    const bool untrue = every_shelf(
        attempt, [](const Shelf& of, const WantedLine& line) { return of.never_sold() >= line.quantity; });
    if (untrue) {
      finding.offence("user {} was told so, and {} units were never sold", attempt.user_id,
                      shelf(attempt.lines[0].product_id)->never_sold());
    }
  }
  for (const auto& of : shelves_) {
    const StockLevel& stock = of.view->stock;
    if (stock.sold_out && stock.available > 0) {
      finding.offence("{}the stock says sold out with {} available", label(of), stock.available);
    }
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
    if (attempt.orders.empty() || attempt.sold_out_answers == 0) continue;
    const bool nothing_came_back = every_shelf(attempt, [](const Shelf& of, const WantedLine&) {
      return of.freed == 0 && !of.view->terms_changed;
    });
    if (nothing_came_back) {
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
      if (!is_as_asked(told, attempt)) {
        finding.offence("order {} is not what user {} asked for", told.order_id, attempt.user_id);
      }
    }
  }
  return std::move(finding).finish(fmt::format("{} answers compared", checked));
}

Check Judge::no_order_unasked() const {
  Finding finding("no order that nobody was told of");
  std::unordered_set<std::int64_t> told;
  std::unordered_set<std::int64_t> waiting;  // users with a request that was never answered
  for (const auto& attempt : clients_.attempts) {
    for (const auto& order : attempt.orders) told.insert(order.order_id);
    const bool may_exist = attempt.outcome == Outcome::unanswered || attempt.gave_up || attempt.answer_lost;
    if (may_exist) waiting.insert(attempt.user_id);
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
  std::int64_t refused = 0;
  for (const auto& attempt : clients_.attempts) {
    if (attempt.outcome != Outcome::limit_exceeded) continue;
    ++refused;
    const bool within = every_shelf(attempt, [&](const Shelf& of, const WantedLine&) {
      const Shelf::Holder& user = of.users.at(attempt.user_id);
      const Units limit = of.view->per_user_limit;
      return !of.view->terms_changed && (limit == 0 || user.held_earlier + user.wanted <= limit);
    });
    if (within) finding.offence("user {} was refused within the limit (key {})", attempt.user_id, attempt.key);
  }
  std::string summary = of_each([&](const Shelf& of) {
    const Units limit = of.view->per_user_limit;
    if (limit == 0 || of.view->terms_changed) return std::string(limit == 0 ? "there is none" : "it was changed");
    Units most = 0;
    for (const auto& [id, user] : of.users) {
      most = std::max(most, user.held + user.held_earlier);
      // Who held more before (the limit was lowered) keeps it and gets no more.
      if (user.held > 0 && user.held + user.held_earlier > limit) {
        finding.offence("{}user {} holds {} units, the limit is {}", label(of), id,
                        user.held + user.held_earlier, limit);
      }
    }
    return fmt::format("limit {}, most held by one user {}, {} refused", limit, most, refused);
  });
  return std::move(finding).finish(std::move(summary));
}

std::string Judge::payment_problem(const Attempt& attempt, const SeenOrder& order) const {
  const std::string_view status = order.status;
  const bool ended = status == "EXPIRED" || status == "CANCELED";
  const bool lapsed = status == "EXPIRED" && hold_has_passed(order);
  if (attempt.canceled) return status == "CANCELED" ? "" : "its buyer was told it is canceled";
  if (attempt.may_be_canceled && status == "CANCELED") return "";
  const bool in_payment = is_paid(status) || status == "PAYMENT_ENTERED" || status == "PAYMENT_FAILED";
  if (attempt.may_be_paid && (in_payment || lapsed) && attempt.payment != PaymentSeen::paid) return "";
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
  std::string summary = of_each([&](const Shelf& of) {
    const StockLevel& stock = of.view->stock;
    if (stock.total != stock.available + stock.held + stock.sold) {
      finding.offence("{}they make {}", label(of), stock.available + stock.held + stock.sold);
    }
    if (stock.total != of.view->before.total && !of.view->terms_changed)
      finding.offence("{}there were {} before the sale", label(of), of.view->before.total);
    if (stock.held < 0 || stock.sold < 0) finding.offence("{}less than none", label(of));
    return fmt::format("{} = {} + {} + {}", stock.total, stock.available, stock.held, stock.sold);
  });
  return std::move(finding).finish(std::move(summary));
}

Check Judge::books_match_orders() const {
  Finding finding("held and sold match the orders");
  std::string summary = of_each([&](const Shelf& of) {
    if (of.view->stock.sold != of.paid_units) finding.offence("{}{} sold", label(of), of.view->stock.sold);
    if (of.view->stock.held != of.unpaid_units) finding.offence("{}{} held", label(of), of.view->stock.held);
    return fmt::format("the orders make {} paid and {} unpaid units", of.paid_units, of.unpaid_units);
  });
  return std::move(finding).finish(std::move(summary));
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
