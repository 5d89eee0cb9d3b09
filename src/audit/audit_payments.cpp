// Payments, charges and refunds against the orders.
#include <map>

#include "audit/checks.hpp"
#include "core/money.hpp"

namespace buyme::audit {

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

// Each returned item owes its price, once; nothing else of an order that lives does.
void check_returns(const Index& index, std::vector<Finding>& findings) {
  Offenders unowed, unasked;
  std::unordered_map<OrderItemId, const Books::Item*> returned;
  for (const auto& item : index.books.items) {
    if (item.status != item_returned) continue;
    returned.emplace(item.item, &item);
    if (item.price == 0) continue;
    const auto* order = Index::find(index.orders, item.order);
    const auto* refund = Index::find(index.outbox_by_item, item.item);
    const bool owed = order != nullptr && refund != nullptr && refund->order == item.order &&
                      refund->attempt == order->paid_attempt &&
                      checked_multiply(item.price, item.quantity) == refund->amount;
    if (!owed) unowed.add("item {} of order {}", item.item.value, item.order.value);
  }
  for (const auto& row : index.books.outbox) {
    if (row.item && Index::find(returned, row.item) == nullptr) {
      unasked.add("refund {} of item {}, which was not returned", row.refund.value, row.item.value);
    }
    const auto* order = Index::find(index.orders, row.order);
    if (!row.item && order != nullptr && !is(order->status, OrderStatus::canceled)) {
      unasked.add("refund {} of order {}, which was not canceled", row.refund.value, row.order.value);
    }
  }
  unowed.report(findings, fault, "returned-without-refund");
  unasked.report(findings, fault, "refunds-for-nothing");
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

}  // namespace buyme::audit
