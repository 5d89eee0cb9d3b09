// Moves of a whole order: found and allowed -> in the table. A lapsed hold cannot enter payment, but a charge
// that succeeded while the units are still held pays for them.
#include <fmt/format.h>

#include "order/decider.hpp"

namespace buyme::order {

Fate Decider::move(std::size_t position, const MoveOrder& move) {
  Command& command = *round_[position];
  const auto& row = input_.known.orders[next_order_++];
  const bool allowed = row && (move.caller.is_shop() ||
                               (move.event == OrderEvent::cancel ? move.caller.may_see(row->order.user)
                                                                 : move.caller.owns(row->order.user)));
  if (!allowed) {
    command.outcome = Failure(Error::not_found, "There is no such order.");
    return Fate::decided;
  }
  if (moves_.contains(move.order)) return Fate::deferred;
  command.outcome = decide_move(position, move, *row);
  return Fate::decided;
}

Answer answer_with(Order order) {
  Answer answer;
  answer.order = std::move(order);
  return answer;
}

Outcome Decider::decide_move(std::size_t position, const MoveOrder& move, const OrderRow& row) {
  const OrderStatus from = row.order.status;
  const bool lapsed = is_unpaid(from) && row.order.hold_expires_at <= input_.now;
  switch (move.event) {
    case OrderEvent::payment_succeeded:
      return settle_success(position, move, row);
    case OrderEvent::payment_failed:
      return settle_failure(position, move, row);
    case OrderEvent::expire:
      if (!lapsed) return answer_with(row.order);
      return answer_with(apply(position, row, change_of(row, OrderStatus::expired, {}, "hold lapsed")));
    case OrderEvent::enter_payment: {
      if (lapsed) {  // the job has not come by yet; the buyer sees the same as a second later
        OrderRow expired = row;
        expired.order = apply(position, row, change_of(row, OrderStatus::expired, {}, "hold lapsed"));
        return illegal_state(expired, OrderStatus::payment_entered);
      }
      if (!next_status(from, move.event)) return illegal_state(row, OrderStatus::payment_entered);
      const bool extends = move.attempting && !row.hold_extended;
      if (from == OrderStatus::payment_entered && !extends) return answer_with(row.order);
      OrderMove change = change_of(row, OrderStatus::payment_entered, move.caller.user, "payment entered");
      if (extends) {
        change.hold_extended = true;
        change.hold_expires_at += input_.settings.payment_grace;
      }
      return answer_with(apply(position, row, std::move(change)));
    }
    case OrderEvent::abandon:
      if (!next_status(from, move.event)) return answer_with(row.order);  // paid for, or ended already
      return answer_with(
          apply(position, row, change_of(row, OrderStatus::canceled, move.caller.user, "the account ends")));
    case OrderEvent::cancel: {
      if (from == OrderStatus::canceled) return answer_with(row.order);
      if (!next_status(from, move.event)) return illegal_state(row, OrderStatus::canceled);
      const bool by_owner = move.caller.user == row.order.user;
      OrderMove change = change_of(row, OrderStatus::canceled, move.caller.user,
                                   by_owner ? "canceled by the buyer" : "canceled by the shop");
      if (from == OrderStatus::paid) change.refund = row.order.amount;
      return answer_with(apply(position, row, std::move(change)));
    }
    case OrderEvent::ship:  // for many orders at once: AdvanceShipping
    case OrderEvent::deliver:
      break;
  }
  return Failure(Error::internal, "no such move of a single order");
}

Outcome Decider::settle_success(std::size_t position, const MoveOrder& move, const OrderRow& row) {
  Answer answer;
  answer.order = row.order;
  if (row.paid_attempt == move.attempt.id && row.order.paid_at) {
    // Told before. Once canceled, its refund is on the way already: nothing more to give back.
    answer.settlement = PaymentSettlement::paid;
    return answer;
  }
  if (!next_status(row.order.status, OrderEvent::payment_succeeded)) {
    answer.settlement = PaymentSettlement::too_late;
    return answer;
  }
  OrderMove change = change_of(row, OrderStatus::paid, row.order.user,
                               fmt::format("paid by attempt {}", move.attempt.id.value));
  change.paid_at = input_.now;
  change.paid_attempt = move.attempt.id;
  change.settled_attempt_no = move.attempt.number;
  answer.order = apply(position, row, std::move(change));
  answer.settlement = PaymentSettlement::paid;
  return answer;
}

Outcome Decider::settle_failure(std::size_t position, const MoveOrder& move, const OrderRow& row) {
  Answer answer;
  answer.order = row.order;
  answer.settlement = PaymentSettlement::failed;
  const bool told_before = move.attempt.number <= row.settled_attempt_no;
  if (told_before || !next_status(row.order.status, OrderEvent::payment_failed)) return answer;
  OrderMove change = change_of(row, OrderStatus::payment_failed, row.order.user,
                               fmt::format("attempt {} was declined", move.attempt.id.value));
  change.settled_attempt_no = move.attempt.number;
  answer.order = apply(position, row, std::move(change));
  return answer;
}

OrderMove Decider::change_of(const OrderRow& row, OrderStatus to, UserId actor, std::string reason) const {
  OrderMove change;
  change.order = row.order.id;
  change.from = row.order.status;
  change.was_extended = row.hold_extended;
  change.was_settled_attempt_no = row.settled_attempt_no;
  change.to = to;
  change.hold_expires_at = row.order.hold_expires_at;
  change.hold_extended = row.hold_extended;
  change.settled_attempt_no = row.settled_attempt_no;
  change.paid_at = row.order.paid_at;
  change.paid_attempt = row.paid_attempt;
  change.actor = actor;
  change.reason = std::move(reason);
  return change;
}

Order Decider::apply(std::size_t position, const OrderRow& row, OrderMove change) {
  Order order = row.order;
  order.status = change.to;
  order.hold_expires_at = change.hold_expires_at;
  order.paid_at = change.paid_at;
  if (is_dead(change.to)) {
    for (auto& item : order.items) {
      item.status = ItemStatus::canceled;
      freed_.insert(item.product);
    }
  }
  moves_.emplace(order.id, std::make_pair(std::move(change), position));
  return order;
}

}  // namespace buyme::order
