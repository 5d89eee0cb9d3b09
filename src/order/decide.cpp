// How a round is decided, in arrival order:
//   placements: repeat -> terms -> limit -> stock (who and validity were checked before the queue)
//   moves:      found and allowed -> in the table; a lapsed hold cannot enter payment, but a charge that
//               succeeded while the units are still held pays for them
// A command that cannot be answered now waits or is deferred; every other one has its outcome set here.
#include "order/decide.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/limits.hpp"

namespace buyme::order {

namespace {

const Sale* find_sale(const Sales& sales, ProductId product) {
  const auto found = sales.find(product);
  return found == sales.end() ? nullptr : &found->second;
}

class Decider {
 public:
  Decider(std::span<const CommandPtr> round, const DecideInput& input, NumberSource& numbers)
      : round_(round), input_(input), numbers_(numbers) {}

  Decision run();

 private:
  // What a product still has to give in this round.
  struct Free {
    Units granted = 0;  // by the gate, less what this round took
    Units ledger = 0;   // by the committed ledger, less what this round took
  };

  Fate place(std::size_t position, const PlaceOrder& place);
  std::optional<Outcome> repeat_of(const PlaceOrder& place,
                                   const std::optional<Known::KeptOrder>& kept) const;
  std::optional<Failure> refused_by_limits(const PlaceOrder& place, std::size_t first_limit) const;
  // Fate::decided with `refusal` set or not; waits or deferred when this is not the moment to say.
  Fate look_for_units(const PlaceOrder& place, std::optional<Failure>& refusal) const;
  Result<Order> make_order(Command& command, const PlaceOrder& place);
  void take_units(const PlaceOrder& place, OrderId order);

  Fate move(std::size_t position, const MoveOrder& move);
  Outcome decide_move(std::size_t position, const MoveOrder& move, const OrderRow& row);
  Outcome settle_success(std::size_t position, const MoveOrder& move, const OrderRow& row);
  Outcome settle_failure(std::size_t position, const MoveOrder& move, const OrderRow& row);
  Order apply(std::size_t position, const OrderRow& row, OrderMove change);
  OrderMove change_of(const OrderRow& row, OrderStatus to, UserId actor, std::string reason) const;

  Outcome put_terms(const PutTerms& command);

  std::span<const CommandPtr> round_;
  const DecideInput& input_;
  NumberSource& numbers_;
  Decision decision_;

  std::map<ProductId, Free> free_;
  std::map<ProductId, Units> raises_;
  std::set<ProductId> freed_;  // by moves of this round, which stand before its placements
  struct Held {
    Units units = 0;
    Units cap = 0;
    OrderId order;  // the one placed in this round
  };
  std::map<std::pair<ProductId, UserId>, Held> limits_;
  std::map<std::pair<UserId, std::string_view>, std::size_t> keys_in_round_;
  std::map<OrderId, std::pair<OrderMove, std::size_t>> moves_;  // and the position of the command
  std::map<ProductId, TermsChange> terms_;
  std::size_t next_key_ = 0, next_limit_ = 0, next_order_ = 0;
};

Decision Decider::run() {
  for (std::size_t i = 0; i < input_.claims.lines.size(); ++i) {
    const auto& ledger = input_.claims.lines[i].ledger;
    free_[ledger.product] = {input_.granted[i], ledger.total - ledger.committed};
  }
  decision_.plan.stamp = input_.stamp;
  decision_.plan.now = input_.now;
  decision_.fates.resize(round_.size(), Fate::decided);
  decision_.attached_to.resize(round_.size());

  for (std::size_t i = 0; i < round_.size(); ++i) {
    Command& command = *round_[i];
    command.outcome.reset();
    if (const auto* wanted = std::get_if<PlaceOrder>(&command.what)) {
      decision_.fates[i] = place(i, *wanted);
    } else if (const auto* wanted_move = std::get_if<MoveOrder>(&command.what)) {
      decision_.fates[i] = move(i, *wanted_move);
    } else if (const auto* terms = std::get_if<PutTerms>(&command.what)) {
      if (terms_.contains(terms->update.terms.product)) {
        decision_.fates[i] = Fate::deferred;
      } else {
        command.outcome = put_terms(*terms);
      }
    } else if (const auto* delivered = std::get_if<MarkRefundsDelivered>(&command.what)) {
      auto& all = decision_.plan.delivered_refunds;
      all.insert(all.end(), delivered->refunds.begin(), delivered->refunds.end());
      command.outcome = Answer{};
    } else {
      command.outcome = Answer{};  // RefreshLedgers: the round that carries it has done it
    }
  }

  Plan& plan = decision_.plan;
  for (const auto& [product, units] : raises_) {
    plan.raises.push_back({product, units, find_sale(input_.sales, product)->terms.version});
  }
  for (const auto& [who, held] : limits_)
    plan.limits.push_back({who.first, who.second, held.units, held.cap, held.order});
  for (auto& [order, move_and_position] : moves_) {
    plan.moves.push_back(std::move(move_and_position.first));
    decision_.move_command.push_back(move_and_position.second);
  }
  for (auto& [product, change] : terms_) plan.terms.push_back(std::move(change));
  return std::move(decision_);
}

// --- placements

Fate Decider::place(std::size_t position, const PlaceOrder& place) {
  Command& command = *round_[position];
  const std::size_t first_limit = next_limit_;
  for (const auto& line : place.lines) {
    const Sale* sale = find_sale(input_.sales, line.product);
    if (sale != nullptr && sale->terms.per_user_limit) ++next_limit_;
  }

  if (!place.key.empty()) {
    const auto& kept = input_.known.keys[next_key_++];
    if (auto repeat = repeat_of(place, kept)) {
      command.outcome = std::move(*repeat);
      return Fate::decided;
    }
    const auto first = keys_in_round_.find({place.user, place.key});
    if (first != keys_in_round_.end()) {
      const auto& other = std::get<PlaceOrder>(round_[first->second]->what);
      if (other.body_hash == place.body_hash) {
        decision_.attached_to[position] = first->second;
        return Fate::attached;
      }
      command.outcome = key_of_another_order();
      return Fate::decided;
    }
  }

  for (const auto& line : place.lines) {
    if (terms_.contains(line.product))
      return Fate::deferred;  // this round changes what it would be decided on
    const Sale* sale = find_sale(input_.sales, line.product);
    if (sale == nullptr) {
      Failure failure(Error::invalid, "The order names a product that is not for sale.");
      failure.fields.push_back(
          {"orderItems", fmt::format("product {} is not for sale here", line.product.value)});
      command.outcome = std::move(failure);
      return Fate::decided;
    }
    if (auto refusal = refused_by_terms(sale->terms, input_.now)) {
      command.outcome = std::move(*refusal).with("productId", line.product.value);
      return Fate::decided;
    }
  }
  if (auto refusal = refused_by_limits(place, first_limit)) {
    command.outcome = std::move(*refusal);
    return Fate::decided;
  }
  std::optional<Failure> sold_out;
  const Fate fate = look_for_units(place, sold_out);
  if (fate != Fate::decided) return fate;
  if (sold_out) {
    command.outcome = std::move(*sold_out);
    return Fate::decided;
  }

  auto order = make_order(command, place);
  if (!order) {
    command.outcome = order.error();
    return Fate::decided;
  }
  take_units(place, order->id);
  if (!place.key.empty())
    keys_in_round_.emplace(std::make_pair(place.user, std::string_view(place.key)), position);
  Answer answer;
  answer.order = std::move(*order);
  command.outcome = std::move(answer);
  decision_.plan.orders.push_back({&command.outcome->value().order, place.key, place.body_hash});
  return Fate::decided;
}

std::optional<Outcome> Decider::repeat_of(const PlaceOrder& place,
                                          const std::optional<Known::KeptOrder>& kept) const {
  if (!kept) return std::nullopt;
  if (kept->body_hash != place.body_hash) {
    return key_of_another_order().with("orderId", kept->order.id.value);
  }
  Answer answer;
  answer.order = kept->order;
  answer.replayed = true;
  return answer;
}

std::optional<Failure> Decider::refused_by_limits(const PlaceOrder& place, std::size_t first_limit) const {
  std::size_t next = first_limit;
  for (const auto& line : place.lines) {
    const SaleTerms& terms = find_sale(input_.sales, line.product)->terms;
    if (!terms.per_user_limit) continue;
    const Known::LimitRow& row = input_.known.limits[next++];
    const auto in_round = limits_.find({line.product, place.user});
    const Units taken = in_round == limits_.end() ? 0 : in_round->second.units;
    if (row.units + taken + line.quantity <= *terms.per_user_limit) continue;

    Failure failure(Error::limit_exceeded,
                    fmt::format("A buyer may hold {} of product {}; you hold {}.", *terms.per_user_limit,
                                line.product.value, row.units + taken));
    failure.with("productId", line.product.value).with("limit", *terms.per_user_limit);
    failure.with("held", row.units + taken);
    const OrderId open = taken > 0 ? in_round->second.order : row.open_order;
    if (open) failure.with("orderId", open.value);
    return failure;
  }
  return std::nullopt;
}

Fate Decider::look_for_units(const PlaceOrder& place, std::optional<Failure>& refusal) const {
  Fate fate = Fate::decided;
  for (const auto& line : place.lines) {
    const Free& free = free_.at(line.product);
    if (free.ledger < line.quantity) {
      // What this round gives back is known once it is committed, and is there for the next one.
      if (freed_.contains(line.product)) return Fate::deferred;
      if (input_.ledgers_fresh) {
        refusal = sold_out_failure(line.product, std::max<Units>(0, free.ledger));
        return Fate::decided;
      }
      fate = Fate::waits;
    }
    if (free.granted < line.quantity) fate = Fate::waits;
  }
  return fate;
}

Result<Order> Decider::make_order(Command& command, const PlaceOrder& place) {
  Order order;
  order.user = place.user;
  order.placed_at = input_.now;
  order.hold_expires_at = input_.now + input_.settings.hold;
  order.items.reserve(place.lines.size());
  for (const auto& line : place.lines) {
    const SaleTerms& terms = find_sale(input_.sales, line.product)->terms;
    const auto line_amount = checked_multiply(terms.price, line.quantity);
    const auto sum = line_amount ? checked_add(order.amount, *line_amount) : std::nullopt;
    if (!sum || *sum > limits::max_order_amount) {
      Failure failure(Error::invalid, "The order's amount is too large.");
      failure.fields.push_back({"orderItems", "quantity times price is more than an order may amount to"});
      return failure;
    }
    order.amount = *sum;
    OrderItem item;
    item.product = line.product;
    item.quantity = line.quantity;
    item.price = terms.price;
    item.counted = terms.per_user_limit.has_value();
    order.items.push_back(item);
  }
  if (!command.order_id) command.order_id = numbers_.next_order();
  order.id = command.order_id;
  for (auto& item : order.items) item.id = numbers_.next_item();
  return order;
}

void Decider::take_units(const PlaceOrder& place, OrderId order) {
  for (const auto& line : place.lines) {
    Free& free = free_.at(line.product);
    free.granted -= line.quantity;
    free.ledger -= line.quantity;
    raises_[line.product] += line.quantity;
    const SaleTerms& terms = find_sale(input_.sales, line.product)->terms;
    if (!terms.per_user_limit) continue;
    Held& held = limits_[{line.product, place.user}];
    held.units += line.quantity;
    held.cap = *terms.per_user_limit;
    held.order = order;
  }
}

// --- moves

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
  }
  return Failure(Error::internal, "unknown event");
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

// --- terms

Outcome Decider::put_terms(const PutTerms& command) {
  const SaleTerms& terms = command.update.terms;
  const Sale* sale = find_sale(input_.sales, terms.product);
  if (sale != nullptr && terms.version <= sale->terms.version) return Answer{};
  const Ledger ledger = sale == nullptr ? Ledger{} : sale->ledger;
  const auto total = checked_add(command.update.total.value_or(ledger.total), command.update.delta);
  if (!total || *total < ledger.committed || *total > limits::max_total_units) {
    return total_out_of_bounds(ledger.committed);
  }
  TermsChange change;
  change.update = command.update;
  change.old_version = sale == nullptr ? 0 : sale->terms.version;
  change.starts_limit = sale != nullptr && terms.per_user_limit && !sale->terms.per_user_limit;
  terms_.emplace(terms.product, std::move(change));
  return Answer{};
}

}  // namespace

Decision decide(std::span<const CommandPtr> round, const DecideInput& input, NumberSource& numbers) {
  return Decider(round, input, numbers).run();
}

}  // namespace buyme::order
