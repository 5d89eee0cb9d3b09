// How orders are placed and found again in the order file.
#include <cstdlib>

#include "order/rows_sqlite.hpp"
#include "order/store_sqlite_parts.hpp"

namespace buyme::order {

PlacementStatements::PlacementStatements(db::Sqlite& database)
    : insert_order_(database.prepare(
          "INSERT INTO orders(order_id, user_id, status, amount, placed_at, hold_expires_at, idempotency_key,"
          " body_hash) VALUES (?,?,?,?,?,?,?,?)")),
      insert_item_(database.prepare(
          "INSERT INTO order_items(order_item_id, order_id, product_id, quantity, price, status, counted)"
          " VALUES (?,?,?,?,?,?,?)")),
      raise_limit_(database.prepare(
          "INSERT INTO purchase(product_id, user_id, units, cap, last_order) VALUES (?,?,?,?,?)"
          " ON CONFLICT(product_id, user_id) DO UPDATE SET units = units + excluded.units,"
          " cap = excluded.cap, last_order = excluded.last_order")),
      find_by_key_(database.prepare(fmt::format(
          "SELECT {}, body_hash FROM orders WHERE user_id=? AND idempotency_key=?", rows::order_columns))),
      find_limit_(database.prepare(
          "SELECT p.units, CASE WHEN o.status IN (1, 2, 3) THEN o.order_id END FROM purchase p"
          " LEFT JOIN orders o ON o.order_id = p.last_order WHERE p.product_id=? AND p.user_id=?")),
      find_items_(database.prepare(rows::items_of_order)) {}

std::optional<Known::KeptOrder> PlacementStatements::kept_order(const Questions::Key& question) {
  find_by_key_.bind(1, question.user.value).bind(2, question.key);
  std::optional<Known::KeptOrder> kept;
  if (find_by_key_.step()) {
    kept.emplace();
    kept->order = rows::read_order(find_by_key_);
    kept->body_hash = find_by_key_.integer(7);
  }
  find_by_key_.reset();
  if (kept) read_items(kept->order);
  return kept;
}

Known::LimitRow PlacementStatements::limit_row(const Questions::Limit& question) {
  Known::LimitRow row;
  find_limit_.bind(1, question.product.value).bind(2, question.user.value);
  if (find_limit_.step()) {
    row.units = find_limit_.integer(0);
    row.open_order = OrderId{find_limit_.integer(1)};
  }
  find_limit_.reset();
  return row;
}

void PlacementStatements::read_items(Order& order) {
  rows::read_items(find_items_, order);
}

void PlacementStatements::write_limits(const Plan& plan) {
  for (const auto& limit : plan.limits) {
    raise_limit_.bind(1, limit.product.value).bind(2, limit.user.value).bind(3, limit.units);
    raise_limit_.bind(4, limit.cap).bind(5, limit.last_order.value).run();
  }
}

void PlacementStatements::write_orders(const Plan& plan) {
  for (const auto& entry : plan.orders) {
    const Order& order = *entry.order;
    insert_order_.bind(1, order.id.value).bind(2, order.user.value);
    insert_order_.bind(3, static_cast<std::int64_t>(order.status));
    insert_order_.bind(4, order.amount).bind(5, to_unix_ms(order.placed_at));
    insert_order_.bind(6, to_unix_ms(order.hold_expires_at));
    if (entry.key.empty()) {
      insert_order_.bind_null(7).bind_null(8);
    } else {
      insert_order_.bind(7, entry.key).bind(8, entry.body_hash);
    }
    insert_order_.run();
    for (const auto& item : order.items) {
      insert_item_.bind(1, item.id.value).bind(2, order.id.value).bind(3, item.product.value);
      insert_item_.bind(4, item.quantity).bind(5, item.price).bind(6, static_cast<std::int64_t>(item.status));
      insert_item_.bind(7, std::int64_t{item.counted}).run();
    }
  }
}

std::int64_t take_numbers(db::Sqlite& database, std::string_view name, std::int64_t count) {
  db::Statement take =
      database.prepare("UPDATE number_block SET next = next + ? WHERE name = ? RETURNING next");
  take.bind(1, count).bind(2, name);
  if (!take.step()) throw std::logic_error("no number block of this name");
  const std::int64_t first = take.integer(0) - count;
  take.run();
  return first;
}

void finish(db::Statement& commit, const Log& log) {
  try {
    commit.run();
  } catch (const db::SqliteError& error) {
    if (!error.is_io()) throw;
    log->critical(
        "the outcome of a commit is unknown ({}); this process ends and starts from what is on disk",
        error.what());
    log->flush();
    std::abort();
  }
}

}  // namespace buyme::order
