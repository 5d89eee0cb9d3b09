// Returns, item by item: request by the buyer, completion by an admin. Both repeat as success.
#include <fmt/format.h>

#include <algorithm>

#include "order/decider.hpp"

namespace buyme::order {

namespace {

OrderItem* find_item(Order& order, OrderItemId item) {
  const auto found = std::ranges::find(order.items, item, &OrderItem::id);
  return found == order.items.end() ? nullptr : &*found;
}

Answer answer_with_item(const Order& order, OrderItemId item, bool replayed) {
  Answer answer = answer_with(order);
  answer.item = item;
  answer.replayed = replayed;
  return answer;
}

Failure no_such_item() {
  return Failure(Error::not_found, "There is no such item.");
}

Failure too_many(Units held) {
  Failure failure(Error::invalid, "More are to be returned than were bought.");
  failure.fields.push_back({"quantity", fmt::format("at most {}", held)});
  return failure;
}

}  // namespace

// Where a command of this round changes the order, it is decided on what that leaves behind.
Fate Decider::request_return(std::size_t position, const RequestReturn& wanted) {
  Command& command = *round_[position];
  const auto& row = input_.known.returns[next_return_++];
  if (!row || !wanted.caller.owns(row->order.order.user)) {
    command.outcome = no_such_item();
    return Fate::decided;
  }
  const OrderId order = row->order.order.id;
  if (moves_.contains(order) || returned_from_.contains(order)) return Fate::deferred;
  command.outcome = decide_request(position, wanted, *row);
  return Fate::decided;
}

Outcome Decider::decide_request(std::size_t position, const RequestReturn& wanted, const ReturnRow& row) {
  Command& command = *round_[position];
  Order order = row.order.order;
  if (row.kept) {
    if (row.kept->body_hash != wanted.body_hash) return key_of_another_order();
    return answer_with_item(order, row.kept->item, true);
  }
  // Decided before, and its round took although nobody could say so then.
  if (command.item_id && find_item(order, command.item_id)) {
    return answer_with_item(order, command.item_id, false);
  }
  OrderItem& item = *find_item(order, wanted.item);
  const Units quantity = wanted.quantity.value_or(item.quantity);
  const bool repeat = item.status == ItemStatus::return_requested && quantity == item.quantity;
  if (repeat && wanted.key.empty()) return answer_with_item(order, item.id, false);
  if (order.status != OrderStatus::delivered || item.status != ItemStatus::ordered) {
    return illegal_state(item, order.status, ItemStatus::return_requested);
  }
  if (quantity > item.quantity) return too_many(item.quantity);

  ReturnRequest request{order.id,           item.id,       item.quantity, quantity,        item.id,
                        wanted.caller.user, wanted.reason, wanted.key,    wanted.body_hash};
  if (quantity < item.quantity) {
    if (!command.item_id) command.item_id = numbers_.next_item();
    request.part = command.item_id;
    OrderItem part = item;
    part.id = request.part;
    part.quantity = quantity;
    part.status = ItemStatus::return_requested;
    item.quantity -= quantity;
    order.items.push_back(part);
  } else {
    item.status = ItemStatus::return_requested;
  }
  const OrderItemId part = request.part;
  returned_from_.insert(order.id);
  decision_.plan.return_requests.push_back(std::move(request));
  decision_.return_command.emplace_back(order.id, position);
  return answer_with_item(order, part, false);
}

Fate Decider::complete_return(std::size_t position, const CompleteReturn& wanted) {
  Command& command = *round_[position];
  const auto& row = input_.known.returns[next_return_++];
  if (!row || !wanted.caller.is_admin()) {
    command.outcome = no_such_item();
    return Fate::decided;
  }
  if (returned_from_.contains(row->order.order.id)) return Fate::deferred;
  command.outcome = decide_completion(position, wanted, *row);
  return Fate::decided;
}

Outcome Decider::decide_completion(std::size_t position, const CompleteReturn& wanted, const ReturnRow& row) {
  Order order = row.order.order;
  OrderItem& item = *find_item(order, wanted.item);
  if (item.status == ItemStatus::returned) return answer_with_item(order, item.id, false);
  if (item.status != ItemStatus::return_requested) {
    return illegal_state(item, order.status, ItemStatus::returned);
  }
  ReturnCompletion completion;
  completion.order = order.id;
  completion.item = item.id;
  completion.product = item.product;
  completion.restock = wanted.restock;
  completion.paid_attempt = row.order.paid_attempt;
  completion.actor = wanted.caller.user;
  completion.refund = item.price * item.quantity;  // a part of the order's amount, which is bounded
  item.status = ItemStatus::returned;
  if (wanted.restock) freed_.insert(item.product);
  returned_from_.insert(order.id);
  decision_.plan.return_completions.push_back(completion);
  decision_.return_command.emplace_back(order.id, position);
  return answer_with_item(order, item.id, false);
}

}  // namespace buyme::order
