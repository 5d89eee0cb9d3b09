// One round is one transaction and, on one database server, one packet. Statements in it cannot depend on
// what earlier ones answered, so each carries its own condition, and where a condition must hold the database
// is made to refuse: an UPDATE that matches no row is no error, and COMMIT would follow. Rules that the SQL
// below carries:
//  - The row of writer_batch comes first, so that the fate of the round can be settled.
//  - Locks are taken in one order: writer_batch, orders, ledgers, each ascending. Whoever writes items or
//  purchase
//    rows of a product holds its ledger.
//  - Release only what you moved: a move is conditional on the order being as it was read and stamps it with
//    (writer, seq); what the ledger and the limits give back is computed from the rows that carry this stamp.
//  - Let the database refuse: the ledger's update has no stock predicate; an overrun violates the CHECK, and
//  so does
//    -1 committed, which it becomes when the terms are not those that were decided on.
#include <fmt/format.h>

#include <algorithm>

#include "order/rows_mysql.hpp"
#include "order/store_mysql_parts.hpp"

namespace buyme::order {

namespace {

std::int64_t number(auto status) {
  return static_cast<std::int64_t>(status);
}

// The rows of a multi-row INSERT behind `insert`, which ends in VALUES.
class Rows {
 public:
  explicit Rows(std::string_view insert) : statement_(insert) {}
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    statement_ += first_ ? " " : ",";
    first_ = false;
    fmt::format_to(std::back_inserter(statement_), format, std::forward<Values>(values)...);
  }
  // `behind` ends the statement.
  void into(Round& round, std::string_view behind = {}) {
    if (!first_) round.packet.add(std::move(statement_.append(behind)));
  }

 private:
  std::string statement_;
  bool first_ = true;
};

// Orders that this round has moved, by its stamp.
std::string stamped(const Plan& plan) {
  return fmt::format(
      "round_move m STRAIGHT_JOIN orders o ON o.order_id = m.order_id AND o.moved_writer = {} AND "
      "o.moved_seq = {}",
      plan.stamp.writer, plan.stamp.seq);
}

void list_moves(const db::Mysql& database, const Plan& plan, Round& round) {
  if (plan.moves.empty()) return;
  round.packet.add("DELETE FROM round_move");
  Rows rows("INSERT INTO round_move VALUES");
  for (const auto& move : plan.moves) {
    const std::string paid = move.paid_at
                                 ? fmt::format("{},{}", to_unix_ms(*move.paid_at), move.paid_attempt.value)
                                 : std::string("NULL,NULL");
    rows.add("({},{},{},{},{},{},{},{},{},{},{},{})", move.order.value, number(move.from),
             number(move.was_extended), move.was_settled_attempt_no, number(move.to),
             to_unix_ms(move.hold_expires_at), number(move.hold_extended), move.settled_attempt_no, paid,
             move.actor.value, database.quote(move.reason), move.refund);
  }
  rows.into(round);
}

void begin(const Plan& plan, const Surroundings& around, Round& round) {
  const auto [writer, seq] = plan.stamp;
  round.packet.add("START TRANSACTION");
  round.packet.add(
      fmt::format("INSERT INTO writer_batch(writer, seq, burned) VALUES ({}, {}, 0)", writer, seq));
  if (seq % limits::batches_kept == 0) {
    // Nobody asks after these any more. Burned ones stay: their packet may still be on its way.
    round.packet.add(fmt::format("DELETE FROM writer_batch WHERE writer = {} AND seq <= {} AND burned = 0",
                                 writer, seq - limits::batches_kept));
  }
  if (!around.orders.empty()) {
    round.packet.add(
        fmt::format("SELECT order_id FROM orders FORCE INDEX (PRIMARY) WHERE order_id IN ({}) ORDER BY "
                    "order_id FOR UPDATE",
                    rows::list_of(around.orders)));
  }
  if (!around.products.empty()) {
    round.packet.add(
        fmt::format("SELECT product_id FROM stock_ledger FORCE INDEX (PRIMARY) WHERE product_id IN ({})"
                    " ORDER BY product_id FOR UPDATE",
                    rows::list_of(around.products)));
  }
}

// Of orders that died their units; of one that was paid first, from `sold` as well.
void release(const Plan& plan, Round& round) {
  if (std::ranges::none_of(plan.moves, &OrderMove::changes_ledgers)) return;
  const std::string moved = stamped(plan);
  round.packet.add(fmt::format(
      "UPDATE stock_ledger l JOIN (SELECT i.product_id AS product_id,"
      " SUM(CASE WHEN o.status IN (7, 8) THEN i.quantity ELSE 0 END) AS released_units,"
      " SUM(CASE WHEN o.status = 4 THEN i.quantity"
      "          WHEN o.status IN (7, 8) AND o.paid_at IS NOT NULL THEN -i.quantity ELSE 0 END) AS sold_units"
      " FROM {} STRAIGHT_JOIN order_items i ON i.order_id = o.order_id WHERE i.status = 1 GROUP BY "
      "i.product_id) d"
      " ON d.product_id = l.product_id SET l.committed = l.committed - d.released_units,"
      " l.sold = l.sold + d.sold_units, l.version = l.version + 1",
      moved));
  if (std::ranges::none_of(plan.moves, &OrderMove::gives_back)) return;
  round.packet.add(fmt::format(
      "UPDATE purchase p JOIN (SELECT i.product_id AS product_id, o.user_id AS user_id, SUM(i.quantity) AS "
      "released"
      " FROM {} STRAIGHT_JOIN order_items i ON i.order_id = o.order_id"
      " WHERE o.status IN (7, 8) AND i.status = 1 AND i.counted = 1 GROUP BY i.product_id, o.user_id) d"
      " ON d.product_id = p.product_id AND d.user_id = p.user_id SET p.units = p.units - d.released",
      moved));
  round.packet.add(
      fmt::format("UPDATE {} STRAIGHT_JOIN order_items i ON i.order_id = o.order_id SET i.status = 2"
                  " WHERE o.status IN (7, 8) AND i.status = 1",
                  moved));
}

void write_moves(const Plan& plan, Round& round) {
  if (plan.moves.empty()) return;
  const auto [writer, seq] = plan.stamp;
  const std::string moved = stamped(plan);
  round.packet.add(fmt::format(
      "UPDATE round_move m STRAIGHT_JOIN orders o ON o.order_id = m.order_id SET o.status = m.to_status,"
      " o.hold_expires_at = m.hold_expires_at, o.hold_extended = m.hold_extended,"
      " o.settled_attempt_no = m.settled_attempt_no, o.paid_at = m.paid_at, o.paid_attempt_id = "
      "m.paid_attempt_id,"
      " o.moved_writer = {}, o.moved_seq = {} WHERE o.status = m.from_status AND o.hold_extended = "
      "m.was_extended"
      " AND o.settled_attempt_no = m.was_settled_attempt_no",
      writer, seq));
  round.not_moved =
      round.packet.add(fmt::format("SELECT m.order_id FROM round_move m LEFT JOIN orders o ON o.order_id = "
                                   "m.order_id AND o.moved_writer = {}"
                                   " AND o.moved_seq = {} WHERE o.order_id IS NULL ORDER BY m.order_id",
                                   writer, seq));
  round.packet.add(fmt::format(
      "INSERT INTO order_history(order_id, moved_at, from_status, to_status, actor, reason)"
      " SELECT m.order_id, {}, m.from_status, m.to_status, m.actor, m.reason FROM {} ORDER BY m.order_id",
      to_unix_ms(plan.now), moved));
  const bool owes = std::ranges::any_of(plan.moves, [](const OrderMove& move) { return move.refund > 0; });
  if (owes) {
    round.packet.add(
        fmt::format("INSERT INTO refund_outbox(order_id, attempt_id, amount)"
                    " SELECT m.order_id, m.paid_attempt_id, m.refund FROM {} WHERE m.refund > 0"
                    " ORDER BY m.order_id",
                    moved));
  }
  release(plan, round);
}

void write_raises(const Plan& plan, Round& round) {
  for (const auto& raise : plan.raises) {
    round.packet.add(
        fmt::format("UPDATE stock_ledger SET committed = IF((SELECT version FROM sale_terms WHERE product_id "
                    "= {0}) = {1},"
                    " committed + {2}, -1), version = version + 1 WHERE product_id = {0}",
                    raise.product.value, raise.terms_version, raise.units));
  }
}

std::string products_of(const std::set<OrderId>& orders) {
  return fmt::format(
      "SELECT DISTINCT product_id FROM order_items FORCE INDEX (order_items_by_order)"
      " WHERE order_id IN ({})",
      rows::list_of(orders));
}

// The orders that time moves on, oldest payment first.
std::string due_before(OrderStatus status, Time paid_before, std::size_t limit) {
  return fmt::format(
      "SELECT order_id FROM orders FORCE INDEX (orders_by_due) WHERE phase = {} AND due < {}"
      " ORDER BY due, order_id LIMIT {}",
      number(status), to_unix_ms(paid_before), limit);
}

}  // namespace

void write_limits(const Plan& plan, Round& round) {
  Rows limits("INSERT INTO purchase(product_id, user_id, units, cap, last_order) VALUES");
  for (const auto& limit : plan.limits) {
    limits.add("({},{},{},{},{})", limit.product.value, limit.user.value, limit.units, limit.cap,
               limit.last_order.value);
  }
  limits.into(round,
              " ON DUPLICATE KEY UPDATE units = units + VALUES(units), cap = VALUES(cap),"
              " last_order = VALUES(last_order)");
}

// What need not be said is not: the rows are most of what the database has to parse.
void write_orders(const db::Mysql& database, const Plan& plan, Round& round) {
  Rows orders("INSERT INTO orders(order_id, user_id, amount, placed_at, hold_expires_at) VALUES");
  Rows keyed(
      "INSERT INTO orders(order_id, user_id, amount, placed_at, hold_expires_at, idempotency_key, body_hash)"
      " VALUES");
  Rows items("INSERT INTO order_items(order_item_id, order_id, product_id, quantity, price, counted) VALUES");
  for (const auto& entry : plan.orders) {
    const Order& order = *entry.order;
    const std::int64_t placed = to_unix_ms(order.placed_at), held_until = to_unix_ms(order.hold_expires_at);
    if (entry.key.empty()) {
      orders.add("({},{},{},{},{})", order.id.value, order.user.value, order.amount, placed, held_until);
    } else {
      keyed.add("({},{},{},{},{},{},{})", order.id.value, order.user.value, order.amount, placed, held_until,
                database.quote(entry.key), entry.body_hash);
    }
    for (const auto& item : order.items) {
      items.add("({},{},{},{},{},{})", item.id.value, order.id.value, item.product.value, item.quantity,
                item.price, number(item.counted));
    }
  }
  orders.into(round);
  keyed.into(round);
  items.into(round);
}

Surroundings look_around(db::Mysql& database, const Plan& plan) {
  Surroundings around;
  for (const auto& change : plan.terms) around.touched.insert(change.update.terms.product);
  for (const auto& raise : plan.raises) around.touched.insert(raise.product);
  for (const auto& completion : plan.return_completions) around.touched.insert(completion.product);
  std::set<OrderId> moves, stock_moves, returns;
  for (const auto& move : plan.moves) {
    moves.insert(move.order);
    if (move.changes_ledgers()) stock_moves.insert(move.order);
  }
  for (const auto& request : plan.return_requests) returns.insert(request.order);
  for (const auto& completion : plan.return_completions) returns.insert(completion.order);
  if (!stock_moves.empty()) {
    auto found = database.query(products_of(stock_moves));
    for (const auto product : rows::read_ids<ProductId>(found)) around.touched.insert(product);
  }
  around.products = around.touched;
  if (!returns.empty()) {
    auto found = database.query(products_of(returns));
    for (const auto product : rows::read_ids<ProductId>(found)) around.products.insert(product);
  }
  around.orders.merge(moves);
  around.orders.merge(returns);
  if (plan.shipping) {
    const AdvanceShipping& shipping = *plan.shipping;
    auto shipped = database.query(due_before(OrderStatus::shipped, shipping.deliver_before, shipping.limit));
    around.to_deliver = rows::read_ids<OrderId>(shipped);
    auto paid = database.query(due_before(OrderStatus::paid, shipping.ship_before, shipping.limit));
    around.to_ship = rows::read_ids<OrderId>(paid);
    around.orders.insert(around.to_deliver.begin(), around.to_deliver.end());
    around.orders.insert(around.to_ship.begin(), around.to_ship.end());
  }
  return around;
}

Round write_round(const db::Mysql& database, const Plan& plan, const Surroundings& around) {
  Round round;
  list_moves(database, plan, round);
  begin(plan, around, round);
  write_terms(database, plan, round);
  write_moves(plan, round);
  write_shipping(plan, around, round);
  write_returns(database, plan, round);
  write_raises(plan, round);
  write_limits(plan, round);
  write_orders(database, plan, round);
  if (!plan.delivered_refunds.empty()) {
    round.packet.add(fmt::format("UPDATE refund_outbox SET delivered_at = {} WHERE refund_id IN ({})",
                                 to_unix_ms(plan.now), rows::list_of(plan.delivered_refunds)));
  }
  if (!around.touched.empty()) {
    round.ledgers = round.packet.add(fmt::format(
        "SELECT product_id, version, total, committed, sold FROM stock_ledger FORCE INDEX (PRIMARY)"
        " WHERE product_id IN ({}) ORDER BY product_id",
        rows::list_of(around.touched)));
  }
  round.commit = round.packet.add("COMMIT");
  return round;
}

Committed read_round(const Round& round, std::vector<db::MysqlResult>& results) {
  Committed committed;
  if (round.not_moved) committed.not_moved = rows::read_ids<OrderId>(results.at(*round.not_moved));
  for (const auto& [statement, order] : round.item_changes) {
    if (results.at(statement).affected() == 0) committed.not_moved.push_back(order);
  }
  for (const std::size_t statement : round.shipments) committed.shipped += results.at(statement).affected();
  if (round.ledgers) {
    db::MysqlResult& ledger = results.at(*round.ledgers);
    while (ledger.next()) committed.ledgers.push_back(rows::read_ledger(ledger));
  }
  return committed;
}

}  // namespace buyme::order
