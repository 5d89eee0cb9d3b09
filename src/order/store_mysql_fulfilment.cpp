// Shipping and returns on MySQL.
#include <fmt/format.h>

#include "order/rows_mysql.hpp"
#include "order/states.hpp"
#include "order/store_mysql_parts.hpp"

namespace buyme::order {

namespace {

std::int64_t number(auto status) {
  return static_cast<std::int64_t>(status);
}

// One transition of the table, for those of `orders` that still are as they were.
void advance(const Plan& plan, const std::vector<OrderId>& orders, OrderStatus from, OrderEvent event,
             Time paid_before, Round& round) {
  if (orders.empty()) return;
  const OrderStatus to = next_status(from, event).value();
  const std::string list = rows::list_of(orders);
  const auto [writer, seq] = plan.stamp;
  round.shipments.push_back(round.packet.add(
      fmt::format("UPDATE orders FORCE INDEX (PRIMARY) SET status = {}, moved_writer = {}, moved_seq = {}"
                  " WHERE order_id IN ({}) AND status = {} AND paid_at < {}",
                  number(to), writer, seq, list, number(from), to_unix_ms(paid_before))));
  round.packet.add(
      fmt::format("INSERT INTO order_history(order_id, moved_at, from_status, to_status, actor, reason)"
                  " SELECT order_id, {}, {}, status, 0, '{}' FROM orders FORCE INDEX (PRIMARY)"
                  " WHERE order_id IN ({}) AND status = {} AND moved_writer = {} AND moved_seq = {}"
                  " ORDER BY order_id",
                  to_unix_ms(plan.now), number(from), event == OrderEvent::ship ? "shipped" : "delivered",
                  list, number(to), writer, seq));
}

// What follows a change of an item happens if that change did.
void remember_whether_it_took(Round& round) {
  round.packet.add("SET @took = ROW_COUNT()");
}

void write_step(const db::Mysql& database, const Plan& plan, OrderId order, OrderItemId item, ItemStatus from,
                ItemStatus to, UserId actor, std::string_view reason, Round& round) {
  round.packet.add(fmt::format(
      "INSERT INTO order_history(order_id, moved_at, from_status, to_status, actor, reason, order_item_id)"
      " SELECT {}, {}, {}, {}, {}, {}, {} FROM DUAL WHERE @took = 1",
      order.value, to_unix_ms(plan.now), number(from), number(to), actor.value, database.quote(reason),
      item.value));
}

// Does nothing when the item is not as it was read. A part that goes back becomes a row of its own.
void request_return(const db::Mysql& database, const Plan& plan, const ReturnRequest& request, Round& round) {
  const bool whole = request.part == request.item;
  const std::string set =
      whole ? std::string("status = 3") : fmt::format("quantity = quantity - {}", request.quantity);
  const std::size_t taken = round.packet.add(
      fmt::format("UPDATE order_items SET {} WHERE order_item_id = {} AND status = 1 AND quantity = {}", set,
                  request.item.value, request.item_quantity));
  round.item_changes.emplace_back(taken, request.order);
  remember_whether_it_took(round);
  if (!whole) {
    round.packet.add(fmt::format(
        "INSERT INTO order_items(order_item_id, order_id, product_id, quantity, price, status, counted)"
        " SELECT {}, order_id, product_id, {}, price, 3, counted FROM order_items"
        " WHERE order_item_id = {} AND @took = 1",
        request.part.value, request.quantity, request.item.value));
  }
  const std::string key = request.key.empty()
                              ? "NULL, NULL"
                              : fmt::format("{}, {}", database.quote(request.key), request.body_hash);
  round.packet.add(fmt::format(
      "INSERT INTO item_returns(order_item_id, order_id, requested_at, reason, idempotency_key, body_hash)"
      " SELECT {}, {}, {}, {}, {} FROM DUAL WHERE @took = 1",
      request.part.value, request.order.value, to_unix_ms(plan.now), database.quote(request.reason), key));
  write_step(database, plan, request.order, request.part, ItemStatus::ordered, ItemStatus::return_requested,
             request.actor, request.reason, round);
}

void complete_return(const db::Mysql& database, const Plan& plan, const ReturnCompletion& completion,
                     Round& round) {
  const std::size_t taken = round.packet.add(fmt::format(
      "UPDATE order_items SET status = 4 WHERE order_item_id = {} AND status = 3", completion.item.value));
  round.item_changes.emplace_back(taken, completion.order);
  remember_whether_it_took(round);
  round.packet.add(fmt::format(
      "UPDATE item_returns SET completed_at = {}, restocked = {}, moved_writer = {}, moved_seq = {}"
      " WHERE order_item_id = {} AND @took = 1",
      to_unix_ms(plan.now), number(completion.restock), plan.stamp.writer, plan.stamp.seq,
      completion.item.value));
  write_step(database, plan, completion.order, completion.item, ItemStatus::return_requested,
             ItemStatus::returned, completion.actor, completion.restock ? "restocked" : "not restocked",
             round);
  if (completion.refund <= 0) return;
  round.packet.add(fmt::format(
      "INSERT INTO refund_outbox(order_id, attempt_id, amount, order_item_id)"
      " SELECT {}, {}, {}, {} FROM DUAL WHERE @took = 1",
      completion.order.value, completion.paid_attempt.value, completion.refund, completion.item.value));
}

// From the rows that this round stamped: what comes back to the shelf is free again, what does not leaves the
// total.
void release(const Plan& plan, UserId actor, Round& round) {
  std::vector<OrderItemId> items;
  for (const auto& completion : plan.return_completions) items.push_back(completion.item);
  const std::string stamped = fmt::format(
      "SELECT i.product_id AS product_id, SUM(i.quantity) AS units,"
      " SUM(CASE WHEN r.restocked = 0 THEN i.quantity ELSE 0 END) AS lost"
      " FROM item_returns r JOIN order_items i ON i.order_item_id = r.order_item_id"
      " WHERE r.order_item_id IN ({}) AND r.moved_writer = {} AND r.moved_seq = {} GROUP BY i.product_id",
      rows::list_of(items), plan.stamp.writer, plan.stamp.seq);
  round.packet.add(
      fmt::format("INSERT INTO stock_history(product_id, changed_at, old_total, new_total, actor, reason)"
                  " SELECT l.product_id, {}, l.total, l.total - d.lost, {}, 'returned, not restocked'"
                  " FROM ({}) d JOIN stock_ledger l ON l.product_id = d.product_id WHERE d.lost > 0",
                  to_unix_ms(plan.now), actor.value, stamped));
  round.packet.add(
      fmt::format("UPDATE stock_ledger l JOIN ({}) d ON d.product_id = l.product_id SET l.committed = "
                  "l.committed - d.units,"
                  " l.sold = l.sold - d.units, l.total = l.total - d.lost, l.version = l.version + 1",
                  stamped));
}

}  // namespace

// Delivered first: an order that was paid long ago is shipped in one round and delivered in the next.
void write_shipping(const Plan& plan, const Surroundings& around, Round& round) {
  if (!plan.shipping) return;
  const AdvanceShipping& shipping = *plan.shipping;
  advance(plan, around.to_deliver, OrderStatus::shipped, OrderEvent::deliver, shipping.deliver_before, round);
  advance(plan, around.to_ship, OrderStatus::paid, OrderEvent::ship, shipping.ship_before, round);
}

void write_returns(const db::Mysql& database, const Plan& plan, Round& round) {
  for (const auto& request : plan.return_requests) request_return(database, plan, request, round);
  UserId actor;
  for (const auto& completion : plan.return_completions) {
    complete_return(database, plan, completion, round);
    actor = completion.actor;
  }
  if (!plan.return_completions.empty()) release(plan, actor, round);
}

std::string kept_return_query(const db::Mysql& database, const Questions::Return& question) {
  return fmt::format(
      "SELECT r.order_item_id, r.body_hash FROM order_items i JOIN item_returns r ON r.order_id = i.order_id"
      " WHERE i.order_item_id = {} AND r.idempotency_key = {}",
      question.item.value, database.quote(question.key));
}

}  // namespace buyme::order
