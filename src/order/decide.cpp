// How a round is decided, in arrival order:
//   placements: repeat -> terms -> limit -> stock (who and validity were checked before the queue)
//   moves:      decide_moves.cpp; returns: decide_returns.cpp
// A command that cannot be answered now waits or is deferred; every other one has its outcome set here.
#include "order/decider.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"

namespace buyme::order {

namespace {

const Sale* find_sale(const Sales& sales, ProductId product) {
  const auto found = sales.find(product);
  return found == sales.end() ? nullptr : &found->second;
}

}  // namespace

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
    } else if (const auto* request = std::get_if<RequestReturn>(&command.what)) {
      decision_.fates[i] = request_return(i, *request);
    } else if (const auto* completion = std::get_if<CompleteReturn>(&command.what)) {
      decision_.fates[i] = complete_return(i, *completion);
    } else if (const auto* shipping = std::get_if<AdvanceShipping>(&command.what)) {
      if (decision_.plan.shipping) {
        decision_.fates[i] = Fate::deferred;
      } else {
        decision_.plan.shipping = *shipping;
        command.outcome = Answer{};  // how many it moved is known once it is committed
      }
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
  std::optional<Failure> refusal;
  const Fate fate = look_for_units(place, refusal);
  if (fate != Fate::decided) return fate;
  if (refusal) {
    command.outcome = std::move(*refusal);
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
    if (free.granted >= line.quantity) continue;
    if (input_.gate_away) {
      refusal = *input_.gate_away;
      return Fate::decided;
    }
    fate = Fate::waits;
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

Decision decide(std::span<const CommandPtr> round, const DecideInput& input, NumberSource& numbers) {
  return Decider(round, input, numbers).run();
}

}  // namespace buyme::order
