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
