// Each check recounts one thing from the rows and names the first rows that do not fit. What is merely under
// way (an open payment, a refund on its way, a hold that has just lapsed) is a note: the shop finishes it by
// itself.
#include "audit/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "audit/checks.hpp"

namespace buyme::audit {

namespace {

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
    // A return does not free the limit.
    if (order == nullptr || !is_live(order->status) || item.status == item_canceled) continue;
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
    const bool goes_back = item.status == item_return_requested || item.status == item_returned;
    const bool fits = is(order->status, OrderStatus::delivered) ? item.status == item_ordered || goes_back
                      : is_live(order->status)                  ? item.status == item_ordered
                                                                : item.status == item_canceled;
    if (!fits) {
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

// The ledger decides, so whatever the gate says is no fault. A difference that stays while nobody buys is one
// to look at: of a database that was restored from a backup, Redis still knows the ledger of before.
void check_gate(const Index& index, std::vector<Finding>& findings) {
  Offenders away, different;
  if (index.books.gate_read == Books::GateRead::away) away.add("Redis did not answer");
  for (const auto& gate : index.books.gate) {
    const auto* ledger = Index::find(index.ledgers, gate.product);
    if (ledger == nullptr || gate.free == std::max<Units>(0, ledger->total - ledger->committed)) continue;
    different.add("product {}: the gate would grant {}, the ledger has {} free", gate.product.value,
                  gate.free, ledger->total - ledger->committed);
  }
  away.report(findings, note, "gate-away");
  different.report(findings, note, "gate-against-ledger");
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
    if (is_live_item(item.status) && is_unpaid(status)) sum.held += item.quantity;
    if (is_live_item(item.status) && is_paid(status)) sum.sold += item.quantity;
    if (item.status == item_returned) sum.returned += item.quantity;
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
  check_returns(index, findings);
  check_attempts(index, findings);
  check_charges(index, findings);
  check_results(index, findings);
  check_refunds(index, findings);
  check_ended_accounts(index, findings);
  check_holds(index, findings);
  check_gate(index, findings);
  std::ranges::stable_sort(findings, {}, &Finding::kind);
  return findings;
}

}  // namespace buyme::audit
