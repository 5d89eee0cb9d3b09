// Reading orders and items from result rows: shared by the writer's store and the reads over MySQL.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "db/mysql.hpp"
#include "order/store.hpp"

namespace buyme::order::rows {

// An order `o` with one of its items `i`: one statement shows both as of the same moment.
inline constexpr std::string_view order_and_item =
    "SELECT o.order_id, o.user_id, o.status, o.amount, o.placed_at, o.hold_expires_at, o.paid_at, "
    "o.hold_extended,"
    " o.paid_attempt_id, o.settled_attempt_no, o.idempotency_key, o.body_hash, i.order_item_id, i.product_id,"
    " i.quantity, i.price, i.status, i.counted FROM";
inline constexpr std::string_view with_items = "JOIN order_items i ON i.order_id = o.order_id";

struct FullOrder {
  OrderRow row;
  std::string key;
  std::int64_t body_hash = 0;
};

// Of rows that begin with order_and_item, those of one order behind each other, its items ascending.
inline std::vector<FullOrder> read_orders(db::MysqlResult& row) {
  std::vector<FullOrder> orders;
  while (row.next()) {
    const OrderId id{row.integer(0)};
    if (orders.empty() || orders.back().row.order.id != id) {
      FullOrder& full = orders.emplace_back();
      Order& order = full.row.order;
      order.id = id;
      order.user = UserId{row.integer(1)};
      order.status = static_cast<OrderStatus>(row.integer(2));
      order.amount = row.integer(3);
      order.placed_at = from_unix_ms(row.integer(4));
      order.hold_expires_at = from_unix_ms(row.integer(5));
      if (!row.is_null(6)) order.paid_at = from_unix_ms(row.integer(6));
      full.row.hold_extended = row.integer(7) != 0;
      full.row.paid_attempt = AttemptId{row.integer(8)};
      full.row.settled_attempt_no = row.integer(9);
      full.key = row.text(10);
      full.body_hash = row.integer(11);
    }
    OrderItem item;
    item.id = OrderItemId{row.integer(12)};
    item.product = ProductId{row.integer(13)};
    item.quantity = row.integer(14);
    item.price = row.integer(15);
    item.status = static_cast<ItemStatus>(row.integer(16));
    item.counted = row.integer(17) != 0;
    orders.back().row.order.items.push_back(item);
  }
  return orders;
}

inline constexpr std::string_view all_sales =
    "SELECT l.product_id, l.version, l.total, l.committed, l.sold, t.version, t.state, t.price, t.opens_at,"
    " t.closes_at, t.per_user_limit FROM stock_ledger l JOIN sale_terms t ON t.product_id = l.product_id"
    " ORDER BY l.product_id";

// Of `products`, ids between commas; ledgers are read, and locked where that is asked for, ascending.
inline std::string some_sales(std::string_view products) {
  return fmt::format(
      "SELECT l.product_id, l.version, l.total, l.committed, l.sold, t.version, t.state, t.price, t.opens_at,"
      " t.closes_at, t.per_user_limit FROM stock_ledger l FORCE INDEX (PRIMARY) STRAIGHT_JOIN sale_terms t"
      " ON t.product_id = l.product_id WHERE l.product_id IN ({}) ORDER BY l.product_id",
      products);
}

// Of rows that begin with product_id, version, total, committed, sold.
inline Ledger read_ledger(const db::MysqlResult& row) {
  return {ProductId{row.integer(0)}, row.integer(1), row.integer(2), row.integer(3), row.integer(4)};
}

// The sale of a row of all_sales or some_sales.
inline Sale read_sale(const db::MysqlResult& row) {
  Sale sale;
  sale.ledger = read_ledger(row);
  sale.terms.product = sale.ledger.product;
  sale.terms.version = row.integer(5);
  sale.terms.state = static_cast<SaleState>(row.integer(6));
  sale.terms.price = row.integer(7);
  if (!row.is_null(8)) sale.terms.opens_at = from_unix_ms(row.integer(8));
  if (!row.is_null(9)) sale.terms.closes_at = from_unix_ms(row.integer(9));
  if (!row.is_null(10)) sale.terms.per_user_limit = row.integer(10);
  return sale;
}

// "1,2,3", for IN lists; of numbers or identities.
std::string list_of(const auto& ids) {
  std::string list;
  for (const auto& id : ids) {
    if (!list.empty()) list += ',';
    fmt::format_to(std::back_inserter(list), "{}", id.value);
  }
  return list;
}

template <class Id>
std::vector<Id> read_ids(db::MysqlResult& row) {
  std::vector<Id> ids;
  while (row.next()) ids.push_back(Id{row.integer(0)});
  return ids;
}

}  // namespace buyme::order::rows
