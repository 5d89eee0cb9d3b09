// Reading orders and items from result rows: shared by the writer's store and the reads.
#pragma once

#include "db/sqlite.hpp"
#include "order/store.hpp"

namespace buyme::order::rows {

inline constexpr std::int64_t orders_per_stretch = 4'096;  // as the index orders_by_user in schema.sql
inline constexpr std::string_view order_columns =
    "order_id, user_id, status, amount, placed_at, hold_expires_at, paid_at";
inline constexpr std::string_view items_of_order =
    "SELECT order_item_id, product_id, quantity, price, status, counted FROM order_items"
    " WHERE order_id=? ORDER BY order_item_id";

// The order of a row that selects order_columns first; without its items.
inline Order read_order(const db::Statement& row) {
  Order order;
  order.id = OrderId{row.integer(0)};
  order.user = UserId{row.integer(1)};
  order.status = static_cast<OrderStatus>(row.integer(2));
  order.amount = row.integer(3);
  order.placed_at = from_unix_ms(row.integer(4));
  order.hold_expires_at = from_unix_ms(row.integer(5));
  if (!row.is_null(6)) order.paid_at = from_unix_ms(row.integer(6));
  return order;
}

inline constexpr std::string_view order_row =
    "SELECT order_id, user_id, status, amount, placed_at, hold_expires_at, paid_at, hold_extended,"
    " paid_attempt_id, settled_attempt_no FROM orders WHERE order_id=?";

// What the writer knows of the order of a row of order_row; without its items.
inline OrderRow read_order_row(const db::Statement& row) {
  return {read_order(row), row.integer(7) != 0, AttemptId{row.integer(8)}, row.integer(9)};
}

inline constexpr std::string_view all_sales =
    "SELECT product_id, l.version, total, committed, sold, t.version, state, price, opens_at, closes_at,"
    " per_user_limit FROM stock_ledger l JOIN sale_terms t USING (product_id) ORDER BY product_id";
inline constexpr std::string_view one_sale =
    "SELECT product_id, l.version, total, committed, sold, t.version, state, price, opens_at, closes_at,"
    " per_user_limit FROM stock_ledger l JOIN sale_terms t USING (product_id) WHERE product_id=?";

// The sale of a row of all_sales or one_sale.
inline Sale read_sale(const db::Statement& row) {
  const ProductId product{row.integer(0)};
  Sale sale;
  sale.ledger = {product, row.integer(1), row.integer(2), row.integer(3), row.integer(4)};
  sale.terms.product = product;
  sale.terms.version = row.integer(5);
  sale.terms.state = static_cast<SaleState>(row.integer(6));
  sale.terms.price = row.integer(7);
  if (!row.is_null(8)) sale.terms.opens_at = from_unix_ms(row.integer(8));
  if (!row.is_null(9)) sale.terms.closes_at = from_unix_ms(row.integer(9));
  if (!row.is_null(10)) sale.terms.per_user_limit = row.integer(10);
  return sale;
}

// moved_at, from_status, to_status, actor, reason, order_item_id
inline OrderStep read_step(const db::Statement& row) {
  const OrderItemId item{row.integer(5)};
  const auto name = [&](int column) {
    return item ? to_string(static_cast<ItemStatus>(row.integer(column)), OrderStatus::delivered)
                : to_string(static_cast<OrderStatus>(row.integer(column)));
  };
  return {from_unix_ms(row.integer(0)), item, name(1), name(2), UserId{row.integer(3)},
          std::string(row.text(4))};
}

// rowid, changed_at, old_total, new_total, actor, reason
inline StockChange read_stock_change(const db::Statement& row) {
  return {row.integer(0), from_unix_ms(row.integer(1)), row.integer(2),
          row.integer(3), UserId{row.integer(4)},       std::string(row.text(5))};
}

// Adds the items; `items` is prepared from items_of_order.
inline void read_items(db::Statement& items, Order& order) {
  items.bind(1, order.id.value);
  while (items.step()) {
    OrderItem item;
    item.id = OrderItemId{items.integer(0)};
    item.product = ProductId{items.integer(1)};
    item.quantity = items.integer(2);
    item.price = items.integer(3);
    item.status = static_cast<ItemStatus>(items.integer(4));
    item.counted = items.integer(5) != 0;
    order.items.push_back(item);
  }
  items.reset();
}

}  // namespace buyme::order::rows
