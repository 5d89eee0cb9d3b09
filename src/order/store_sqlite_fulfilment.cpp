// Shipping and returns in the order file.
#include "order/states.hpp"
#include "order/store_sqlite_parts.hpp"

namespace buyme::order {

namespace {

using db::Statement;

std::int64_t number(auto status) {
  return static_cast<std::int64_t>(status);
}

// One transition of the table, for the orders that were paid first. `status IN (4, 5)` is what makes
// orders_by_shipping usable.
std::size_t advance(db::Sqlite& database, const Plan& plan, OrderStatus from, OrderEvent event,
                    Time paid_before) {
  const OrderStatus to = next_status(from, event).value();
  Statement move = database.prepare(
      "UPDATE orders SET status=?1, moved_writer=?2, moved_seq=?3 WHERE order_id IN (SELECT order_id FROM "
      "orders"
      " INDEXED BY orders_by_shipping WHERE status IN (4, 5) AND status = ?4 AND paid_at < ?5"
      " ORDER BY paid_at, order_id LIMIT ?6) RETURNING order_id");
  move.bind(1, number(to)).bind(2, plan.stamp.writer).bind(3, plan.stamp.seq).bind(4, number(from));
  move.bind(5, to_unix_ms(paid_before)).bind(6, static_cast<std::int64_t>(plan.shipping->limit));
  std::string moved = "[";
  std::size_t count = 0;
  while (move.step())
    fmt::format_to(std::back_inserter(moved), "{}{}", count++ > 0 ? "," : "", move.integer(0));
  moved += ']';
  if (count == 0) return 0;
  Statement history = database.prepare(
      "INSERT INTO order_history(order_id, moved_at, from_status, to_status, actor, reason)"
      " SELECT value, ?2, ?3, ?4, 0, ?5 FROM json_each(?1)");
  history.bind(1, moved).bind(2, to_unix_ms(plan.now)).bind(3, number(from)).bind(4, number(to));
  history.bind(5, event == OrderEvent::ship ? "shipped" : "delivered").run();
  return count;
}

void write_step(db::Sqlite& database, const Plan& plan, OrderId order, OrderItemId item, ItemStatus from,
                ItemStatus to, UserId actor, std::string_view reason) {
  Statement step = database.prepare(
      "INSERT INTO order_history(order_id, moved_at, from_status, to_status, actor, reason, order_item_id)"
      " VALUES (?,?,?,?,?,?,?)");
  step.bind(1, order.value).bind(2, to_unix_ms(plan.now)).bind(3, number(from)).bind(4, number(to));
  step.bind(5, actor.value).bind(6, reason).bind(7, item.value).run();
}

// False when the item is not as it was read. A part that goes back becomes a row of its own.
bool set_aside(db::Sqlite& database, const ReturnRequest& request) {
  const bool whole = request.part == request.item;
  Statement take = database.prepare(
      whole ? "UPDATE order_items SET status = 3 WHERE order_item_id = ?1 AND status = 1 AND quantity = ?2"
            : "UPDATE order_items SET quantity = quantity - ?3 WHERE order_item_id = ?1 AND status = 1"
              " AND quantity = ?2");
  take.bind(1, request.item.value).bind(2, request.item_quantity);
  if (!whole) take.bind(3, request.quantity);
  take.run();
  if (database.changes() == 0) return false;
  if (whole) return true;
  Statement part = database.prepare(
      "INSERT INTO order_items(order_item_id, order_id, product_id, quantity, price, status, counted)"
      " SELECT ?2, order_id, product_id, ?3, price, 3, counted FROM order_items WHERE order_item_id = ?1");
  part.bind(1, request.item.value).bind(2, request.part.value).bind(3, request.quantity).run();
  return true;
}

bool request_return(db::Sqlite& database, const Plan& plan, const ReturnRequest& request) {
  if (!set_aside(database, request)) return false;
  Statement row = database.prepare(
      "INSERT INTO item_returns(order_item_id, order_id, requested_at, reason, idempotency_key, body_hash)"
      " VALUES (?,?,?,?,?,?)");
  row.bind(1, request.part.value).bind(2, request.order.value).bind(3, to_unix_ms(plan.now));
  row.bind(4, request.reason);
  if (request.key.empty()) {
    row.bind_null(5).bind_null(6);
  } else {
    row.bind(5, request.key).bind(6, request.body_hash);
  }
  row.run();
  write_step(database, plan, request.order, request.part, ItemStatus::ordered, ItemStatus::return_requested,
             request.actor, request.reason);
  return true;
}

bool complete_return(db::Sqlite& database, const Plan& plan, const ReturnCompletion& completion) {
  Statement item =
      database.prepare("UPDATE order_items SET status = 4 WHERE order_item_id = ? AND status = 3");
  item.bind(1, completion.item.value).run();
  if (database.changes() == 0) return false;
  Statement row = database.prepare(
      "UPDATE item_returns SET completed_at=?, restocked=?, moved_writer=?, moved_seq=? WHERE "
      "order_item_id=?");
  row.bind(1, to_unix_ms(plan.now)).bind(2, std::int64_t{completion.restock}).bind(3, plan.stamp.writer);
  row.bind(4, plan.stamp.seq).bind(5, completion.item.value).run();
  write_step(database, plan, completion.order, completion.item, ItemStatus::return_requested,
             ItemStatus::returned, completion.actor, completion.restock ? "restocked" : "not restocked");
  if (completion.refund <= 0) return true;
  Statement refund = database.prepare(
      "INSERT INTO refund_outbox(order_id, attempt_id, amount, order_item_id) VALUES (?,?,?,?)");
  refund.bind(1, completion.order.value).bind(2, completion.paid_attempt.value).bind(3, completion.refund);
  refund.bind(4, completion.item.value).run();
  return true;
}

// From the rows that this round stamped: what comes back to the shelf is free again, what does not leaves the
// total.
void release(db::Sqlite& database, const Plan& plan, UserId actor) {
  static constexpr std::string_view stamped =
      "SELECT i.product_id AS product_id, SUM(i.quantity) AS units,"
      " SUM(CASE WHEN r.restocked = 0 THEN i.quantity ELSE 0 END) AS lost"
      " FROM item_returns r JOIN order_items i USING (order_item_id)"
      " WHERE r.moved_writer = ?1 AND r.moved_seq = ?2 AND r.order_item_id IN (SELECT value FROM "
      "json_each(?3))"
      " GROUP BY i.product_id";
  std::string items = "[";
  for (const auto& completion : plan.return_completions) {
    if (items.size() > 1) items += ',';
    fmt::format_to(std::back_inserter(items), "{}", completion.item.value);
  }
  items += ']';
  Statement history = database.prepare(
      fmt::format("INSERT INTO stock_history SELECT l.product_id, ?4, l.total, l.total - d.lost, ?5,"
                  " 'returned, not restocked' FROM ({}) d JOIN stock_ledger l USING (product_id)"
                  " WHERE d.lost > 0",
                  stamped));
  history.bind(1, plan.stamp.writer).bind(2, plan.stamp.seq).bind(3, items).bind(4, to_unix_ms(plan.now));
  history.bind(5, actor.value).run();
  Statement ledger = database.prepare(
      fmt::format("UPDATE stock_ledger SET committed = committed - d.units, sold = sold - d.units,"
                  " total = total - d.lost, version = version + 1 FROM ({}) d"
                  " WHERE stock_ledger.product_id = d.product_id",
                  stamped));
  ledger.bind(1, plan.stamp.writer).bind(2, plan.stamp.seq).bind(3, items).run();
}

}  // namespace

// Delivered first: an order that was paid long ago is shipped in one round and delivered in the next.
std::size_t advance_shipping(db::Sqlite& database, const Plan& plan) {
  if (!plan.shipping) return 0;
  const std::size_t delivered =
      advance(database, plan, OrderStatus::shipped, OrderEvent::deliver, plan.shipping->deliver_before);
  return delivered + advance(database, plan, OrderStatus::paid, OrderEvent::ship, plan.shipping->ship_before);
}

void write_returns(db::Sqlite& database, const Plan& plan, Committed& committed) {
  for (const auto& request : plan.return_requests) {
    if (!request_return(database, plan, request)) committed.not_moved.push_back(request.order);
  }
  UserId actor;
  for (const auto& completion : plan.return_completions) {
    if (!complete_return(database, plan, completion)) committed.not_moved.push_back(completion.order);
    actor = completion.actor;
  }
  if (!plan.return_completions.empty()) release(database, plan, actor);
}

std::optional<OrderId> order_of_item(db::Sqlite& database, OrderItemId item) {
  Statement row = database.prepare("SELECT order_id FROM order_items WHERE order_item_id=?");
  row.bind(1, item.value);
  if (!row.step()) return std::nullopt;
  return OrderId{row.integer(0)};
}

std::optional<ReturnRow::Kept> kept_return(db::Sqlite& database, OrderId order, std::string_view key) {
  if (key.empty()) return std::nullopt;
  Statement row = database.prepare(
      "SELECT order_item_id, body_hash FROM item_returns WHERE order_id=? AND idempotency_key=?");
  row.bind(1, order.value).bind(2, key);
  if (!row.step()) return std::nullopt;
  return ReturnRow::Kept{OrderItemId{row.integer(0)}, row.integer(1)};
}

}  // namespace buyme::order
