// Each check recounts one thing from the rows and names the first rows that do not fit. What is merely under
// way (an open payment, a refund on its way, a hold that has just lapsed) is a note: the shop finishes it by
// itself.
#include "audit/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "order/api.hpp"

namespace buyme::audit {

namespace {

using order::OrderStatus;
using AttemptState = Books::AttemptState;

constexpr int item_ordered = static_cast<int>(order::ItemStatus::ordered);
constexpr int item_canceled = static_cast<int>(order::ItemStatus::canceled);

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
    for (const auto& row : rows.outbox) outbox_by_attempt.emplace(row.attempt, &row);
    for (const auto& row : rows.refunds) refunds_by_attempt.emplace(row.attempt, &row);
    for (const auto& row : rows.ledgers) ledgers.emplace(row.product, &row);
    for (const auto& row : rows.terms) terms.emplace(row.product, &row);
  }

  template <class Map, class Key>
  static auto find(const Map& map, const Key& key) -> typename Map::mapped_type {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
  }

  bool is_refunded_or_will_be(AttemptId attempt) const {
    return find(outbox_by_attempt, attempt) != nullptr || find(refunds_by_attempt, attempt) != nullptr;
  }

  const Books& books;
  std::unordered_map<OrderId, const Books::Order*> orders;
  std::unordered_map<AttemptId, const Books::Attempt*> attempts;
  std::unordered_map<AttemptId, const Books::OutboxRefund*> outbox_by_attempt;
  std::unordered_map<AttemptId, const Books::Refund*> refunds_by_attempt;
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

constexpr auto fault = Finding::Kind::fault;
constexpr auto note = Finding::Kind::note;

void check_files(const Index& index, std::vector<Finding>& findings) {
  Offenders damaged;
  for (const auto& damage : index.books.damage) damaged.add("{}: {}", damage.file, damage.text);
  damaged.report(findings, fault, "file-damage");
}

// --- stock

void check_ledgers(const Index& index, std::vector<Finding>& findings) {
  Offenders impossible, off;
  for (const auto& ledger : index.books.ledgers) {
    if (!(0 <= ledger.sold && ledger.sold <= ledger.committed && ledger.committed <= ledger.total)) {
      impossible.add("product {} has total {}, committed {}, sold {}", ledger.product.value, ledger.total,
                     ledger.committed, ledger.sold);
    }
  }
  for (const ProductSums& sums : sum_products(index.books)) {
    const auto* ledger = Index::find(index.ledgers, sums.product);
    if (ledger == nullptr) {
      off.add("product {} has items and no ledger row", sums.product.value);
    } else if (ledger->committed != sums.held + sums.sold || ledger->sold != sums.sold) {
      off.add("product {}: the ledger says {} committed and {} sold, the items say {} and {}",
              sums.product.value, ledger->committed, ledger->sold, sums.held + sums.sold, sums.sold);
    }
  }
  impossible.report(findings, fault, "ledger-bounds");
  off.report(findings, fault, "ledger-against-items");
}

void check_limits(const Index& index, std::vector<Finding>& findings) {
  std::map<std::pair<ProductId, UserId>, Units> counted;
  Offenders uncounted, off, above;
  for (const auto& item : index.books.items) {
    const auto* order = Index::find(index.orders, item.order);
    if (order == nullptr || !is_live(order->status) || item.status != item_ordered) continue;
    if (item.counted) {
      counted[{item.product, order->user}] += item.quantity;
      continue;
    }
    const auto* terms = Index::find(index.terms, item.product);
    if (terms != nullptr && terms->per_user_limit) {
      uncounted.add("item {} of order {}", item.item.value, item.order.value);
    }
  }
  for (const auto& row : index.books.purchases) {
    const auto found = counted.extract({row.product, row.user});
    const Units units = found.empty() ? 0 : found.mapped();
    if (units != row.units) {
      off.add("user {} holds {} of product {}, the purchase row says {}", row.user.value, units,
              row.product.value, row.units);
    }
    if (row.units > row.cap) {
      above.add("user {} of product {}: {} of {}", row.user.value, row.product.value, row.units, row.cap);
    }
  }
  for (const auto& [who, units] : counted) {
    off.add("user {} holds {} of product {} without a purchase row", who.second.value, units,
            who.first.value);
  }
  uncounted.report(findings, fault, "limit-not-counted");
  off.report(findings, fault, "purchases-against-items");
  above.report(findings, fault, "purchase-above-limit");
}

void check_catalogue(const Index& index, std::vector<Finding>& findings) {
  Offenders without_ledger, without_terms, behind;
  for (const auto& terms : index.books.terms) {
    if (Index::find(index.ledgers, terms.product) == nullptr)
      without_ledger.add("product {}", terms.product.value);
  }
  for (const auto& product : index.books.catalogue) {
    if (!product.selling) continue;
    const auto* terms = Index::find(index.terms, product.product);
    if (terms == nullptr) {
      without_terms.add("product {}", product.product.value);
    } else if (terms->version < product.version) {  // an edit reaches the order service first
      behind.add("product {} is shown in version {} and sold in version {}", product.product.value,
                 product.version, terms->version);
    }
  }
  without_ledger.report(findings, fault, "terms-without-ledger");
  without_terms.report(findings, fault, "selling-without-terms");
  behind.report(findings, fault, "terms-behind-catalogue");
}

// --- orders

void check_orders(const Index& index, std::vector<Finding>& findings) {
  struct Seen {
    std::int64_t items = 0;
    std::optional<Money> amount = 0;
  };
  std::unordered_map<OrderId, Seen> seen;
  Offenders orphans, mismatched, empty, amounts;
  for (const auto& item : index.books.items) {
    const auto* order = Index::find(index.orders, item.order);
    if (order == nullptr) {
      orphans.add("item {} of order {}", item.item.value, item.order.value);
      continue;
    }
    const int expected = is_live(order->status) ? item_ordered : item_canceled;
    if (item.status != expected) {
      mismatched.add("item {} has status {} in order {} with status {}", item.item.value, item.status,
                     item.order.value, order->status);
    }
    Seen& sum = seen[item.order];
    ++sum.items;
    const auto line = checked_multiply(item.price, item.quantity);
    sum.amount = line && sum.amount ? checked_add(*sum.amount, *line) : std::nullopt;
  }
  for (const auto& order : index.books.orders) {
    const Seen& sum = seen[order.order];
    if (sum.items == 0) {
      empty.add("order {}", order.order.value);
    } else if (sum.amount != order.amount) {
      amounts.add("order {} says {}, its items {}", order.order.value, order.amount,
                  sum.amount ? std::to_string(*sum.amount) : "too much for a number");
    }
  }
  empty.report(findings, fault, "orders-without-items");
  orphans.report(findings, fault, "items-without-order");
  amounts.report(findings, fault, "order-amounts");
  mismatched.report(findings, fault, "items-against-orders");
}

void check_keys(const Index& index, std::vector<Finding>& findings) {
  Offenders repeated;
  for (const auto& row : index.books.repeated_keys) {
    repeated.add("{} orders of user {} with key {}", row.orders, row.user.value, row.key);
  }
  repeated.report(findings, fault, "one-order-per-key");
}

void check_holds(const Index& index, std::vector<Finding>& findings) {
  Offenders lapsed;
  for (const auto& order : index.books.orders) {
    if (is_unpaid(order.status) && order.hold_expires_at <= index.books.read_at) {
      lapsed.add("order {}", order.order.value);
    }
  }
  lapsed.report(findings, note, "lapsed-holds");
}

// --- payments

void check_paid_orders(const Index& index, std::vector<Finding>& findings) {
  Offenders unproven, unowed;
  for (const auto& order : index.books.orders) {
    if (is_paid(order.status)) {
      const auto* attempt = Index::find(index.attempts, order.paid_attempt);
      const bool proven = order.paid_at && attempt != nullptr && attempt->order == order.order &&
                          attempt->state == AttemptState::succeeded && attempt->amount == order.amount;
      if (!proven) {
        unproven.add("order {} (attempt {}, amount {})", order.order.value, order.paid_attempt.value,
                     order.amount);
      }
    } else if (is_unpaid(order.status)) {
      if (order.paid_at || order.paid_attempt)
        unproven.add("order {} is unpaid with a payment", order.order.value);
    } else if (order.paid_attempt && order.amount > 0) {
      const auto* refund = Index::find(index.outbox_by_attempt, order.paid_attempt);
      if (refund == nullptr || refund->amount != order.amount) {
        unowed.add("order {} (attempt {})", order.order.value, order.paid_attempt.value);
      }
    }
  }
  unproven.report(findings, fault, "paid-orders-against-attempts");
  unowed.report(findings, fault, "canceled-without-refund");
}

void check_attempts(const Index& index, std::vector<Finding>& findings) {
  Offenders for_nothing, of_nothing, open;
  for (const auto& attempt : index.books.attempts) {
    const auto* order = Index::find(index.orders, attempt.order);
    if (order == nullptr) {
      of_nothing.add("attempt {} of order {}", attempt.attempt.value, attempt.order.value);
    } else if (attempt.open) {
      open.add("attempt {} of order {}", attempt.attempt.value, attempt.order.value);
    } else if (attempt.state == AttemptState::succeeded) {
      const bool paid = is_paid(order->status) && order->paid_attempt == attempt.attempt;
      if (!paid && attempt.amount > 0 && !index.is_refunded_or_will_be(attempt.attempt)) {
        for_nothing.add("attempt {} of order {}", attempt.attempt.value, attempt.order.value);
      }
    } else if (attempt.state != AttemptState::failed) {
      for_nothing.add("attempt {} of order {} was given up without a result", attempt.attempt.value,
                      attempt.order.value);
    }
  }
  of_nothing.report(findings, fault, "attempts-without-order");
  for_nothing.report(findings, fault, "attempts-against-orders");
  open.report(findings, note, "open-attempts");
}

// The provider's book is the proof: it knows what was really taken from a card.
void check_charges(const Index& index, std::vector<Finding>& findings) {
  std::unordered_map<OrderId, int> kept;
  Offenders twice, for_nothing, wrong;
  for (const auto& charge : index.books.charges) {
    const auto* attempt = Index::find(index.attempts, charge.attempt);
    const bool sound = attempt != nullptr && attempt->order == charge.order && charge.refunded >= 0 &&
                       charge.refunded <= charge.charged &&
                       (charge.charged == 0 || charge.charged == attempt->amount);
    if (!sound) {
      wrong.add("attempt {} of order {}: charged {}, given back {}", charge.attempt.value, charge.order.value,
                charge.charged, charge.refunded);
      continue;
    }
    // What is under way ends in a paid order or in a refund, and is listed elsewhere.
    if (charge.charged == charge.refunded || index.is_refunded_or_will_be(charge.attempt)) continue;
    if (attempt->open) continue;
    const auto* order = Index::find(index.orders, charge.order);
    if (order == nullptr || !is_paid(order->status) || order->paid_attempt != charge.attempt) {
      for_nothing.add("attempt {} of order {}", charge.attempt.value, charge.order.value);
    }
    if (++kept[charge.order] == 2) twice.add("order {}", charge.order.value);
  }
  wrong.report(findings, fault, "provider-book");
  twice.report(findings, fault, "charged-twice");
  for_nothing.report(findings, fault, "charged-for-nothing");
}

// A recorded success or failure against what the provider did.
void check_results(const Index& index, std::vector<Finding>& findings) {
  std::unordered_map<AttemptId, const Books::Charge*> charges;
  for (const auto& charge : index.books.charges) charges.emplace(charge.attempt, &charge);
  Offenders off;
  for (const auto& attempt : index.books.attempts) {
    const auto* charge = Index::find(charges, attempt.attempt);
    const bool charged = charge != nullptr && charge->charged > 0;
    if (attempt.state == AttemptState::succeeded && attempt.amount > 0 && !charged) {
      off.add("attempt {} succeeded without a charge", attempt.attempt.value);
    } else if (attempt.state == AttemptState::failed && charged) {
      off.add("attempt {} failed with a charge", attempt.attempt.value);
    }
  }
  off.report(findings, fault, "attempts-against-provider");
}

void check_refunds(const Index& index, std::vector<Finding>& findings) {
  std::unordered_map<RefundId, const Books::Refund*> taken;
  std::unordered_map<AttemptId, Money> given_back;
  for (const auto& charge : index.books.charges) given_back[charge.attempt] += charge.refunded;
  Offenders lost, undone, pending;
  for (const auto& refund : index.books.refunds) {
    if (refund.outbox) taken.emplace(refund.outbox, &refund);
    if (!refund.done) {
      pending.add("of attempt {}", refund.attempt.value);
    } else if (given_back[refund.attempt] < refund.amount) {
      undone.add("attempt {} got {} of {}", refund.attempt.value, given_back[refund.attempt], refund.amount);
    }
  }
  for (const auto& row : index.books.outbox) {
    const auto* refund = Index::find(taken, row.refund);
    if (!row.delivered) {
      if (refund == nullptr) pending.add("of order {}", row.order.value);
    } else if (refund == nullptr || refund->amount != row.amount || refund->attempt != row.attempt) {
      lost.add("refund {} of order {}", row.refund.value, row.order.value);
    }
  }
  lost.report(findings, fault, "refunds-lost");
  undone.report(findings, fault, "refunds-not-given");
  pending.report(findings, note, "pending-refunds");
}

}  // namespace

std::vector<ProductSums> sum_products(const Books& books) {
  std::map<ProductId, ProductSums> sums;
  for (const auto& ledger : books.ledgers) sums[ledger.product].total = ledger.total;
  std::unordered_map<OrderId, int> statuses;
  for (const auto& order : books.orders) statuses.emplace(order.order, order.status);
  for (const auto& item : books.items) {
    ProductSums& sum = sums[item.product];
    const auto found = statuses.find(item.order);
    const int status = found == statuses.end() ? 0 : found->second;
    if (item.status == item_ordered && is_unpaid(status)) sum.held += item.quantity;
    if (item.status == item_ordered && is_paid(status)) sum.sold += item.quantity;
    if (is(status, OrderStatus::canceled)) sum.canceled += item.quantity;
    if (is(status, OrderStatus::expired)) sum.expired += item.quantity;
  }
  std::vector<ProductSums> list;
  for (auto& [product, sum] : sums) {
    sum.product = product;
    list.push_back(sum);
  }
  return list;
}

std::vector<Finding> audit(const Books& books) {
  const Index index(books);
  std::vector<Finding> findings;
  check_files(index, findings);
  check_ledgers(index, findings);
  check_limits(index, findings);
  check_catalogue(index, findings);
  check_orders(index, findings);
  check_keys(index, findings);
  check_paid_orders(index, findings);
  check_attempts(index, findings);
  check_charges(index, findings);
  check_results(index, findings);
  check_refunds(index, findings);
  check_holds(index, findings);
  std::ranges::stable_sort(findings, {}, &Finding::kind);
  return findings;
}

}  // namespace buyme::audit
