// The rows that an audit reads, the same SQL for both kinds of database. Private to the stores of this
// folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/books.hpp"

namespace buyme::audit::rows {

// 1 is DRAFT: all others sell, or did, so their terms must stand in the order database.
inline constexpr std::string_view select_catalogue =
    "SELECT product_id, state <> 1, version FROM products ORDER BY product_id";

inline constexpr std::string_view select_wishes =
    "SELECT user_id, MIN(added_at) FROM wishlist GROUP BY user_id ORDER BY user_id";

inline constexpr std::string_view select_ledgers =
    "SELECT product_id, total, committed, sold FROM stock_ledger ORDER BY product_id";
inline constexpr std::string_view select_terms =
    "SELECT product_id, per_user_limit, version FROM sale_terms ORDER BY product_id";
inline constexpr std::string_view select_orders =
    "SELECT order_id, user_id, status, amount, placed_at, hold_expires_at, paid_at, paid_attempt_id "
    "FROM orders ORDER BY order_id";
inline constexpr std::string_view select_items =
    "SELECT order_id, order_item_id, product_id, quantity, price, status, counted FROM order_items "
    "ORDER BY order_id, order_item_id";
inline constexpr std::string_view select_purchases =
    "SELECT product_id, user_id, units, cap FROM purchase ORDER BY product_id, user_id";
inline constexpr std::string_view select_outbox =
    "SELECT refund_id, order_id, attempt_id, amount, delivered_at IS NOT NULL, order_item_id FROM "
    "refund_outbox "
    "ORDER BY refund_id";

inline constexpr std::string_view select_attempts =
    "SELECT attempt_id, order_id, amount, state, open_order_id IS NOT NULL FROM payment_attempts "
    "ORDER BY attempt_id";
inline constexpr std::string_view select_refunds =
    "SELECT attempt_id, CASE WHEN refund_key LIKE 'order:%' THEN CAST(substr(refund_key, 7) AS SIGNED) ELSE "
    "0 END, "
    "amount, state = 2 FROM refunds ORDER BY attempt_id, refund_id";

inline constexpr std::string_view select_charges =
    "SELECT c.charge_key, c.order_id, CASE WHEN c.outcome = 1 THEN c.amount ELSE 0 END, "
    "(SELECT COALESCE(SUM(r.amount), 0) FROM refunds r WHERE r.charge_key = c.charge_key) "
    "FROM charges c ORDER BY c.charge_key";

inline constexpr std::string_view select_ended_accounts =
    "SELECT u.user_id, u.ended_at, "
    "u.name = '' AND u.phone = '' AND u.address = '' AND u.password_hash = '!' AND instr(u.email, '@') = 0, "
    "(SELECT COUNT(*) FROM sessions s WHERE s.user_id = u.user_id AND s.ended_at IS NULL), "
    "NOT EXISTS (SELECT 1 FROM account_endings e WHERE e.user_id = u.user_id) "
    "FROM users u WHERE u.ended_at IS NOT NULL ORDER BY u.user_id";

// As payment/schema.sql numbers them.
inline Books::AttemptState attempt_state(std::int64_t stored) {
  switch (stored) {
    case 2:
      return Books::AttemptState::succeeded;
    case 3:
      return Books::AttemptState::failed;
    case 4:
      return Books::AttemptState::unknown;
    default:
      return Books::AttemptState::requested;
  }
}

// `Database` has for_each(sql, visit): a row answers integer(column), text(column) and is_null(column); and
// select_repeated_keys: keys that two orders of one user share, not looked up in the unique index, which
// could be what is damaged.
template <class Row, class Database, class Read>
std::vector<Row> read_rows(const Database& database, std::string_view sql, Read read) {
  std::vector<Row> all;
  database.for_each(sql, [&](const auto& row) { all.push_back(read(row)); });
  return all;
}

template <class Database>
void read_accounts(const Database& database, Books& books) {
  books.ended_accounts = read_rows<Books::EndedAccount>(database, select_ended_accounts, [](const auto& row) {
    return Books::EndedAccount{UserId{row.integer(0)}, from_unix_ms(row.integer(1)), row.integer(2) != 0,
                               row.integer(3), row.integer(4) != 0};
  });
}

template <class Database>
void read_catalogue(const Database& database, Books& books) {
  books.catalogue = read_rows<Books::CatalogueProduct>(database, select_catalogue, [](const auto& row) {
    return Books::CatalogueProduct{ProductId{row.integer(0)}, row.integer(1) != 0, row.integer(2)};
  });
  books.wishes = read_rows<Books::Wish>(database, select_wishes, [](const auto& row) {
    return Books::Wish{UserId{row.integer(0)}, from_unix_ms(row.integer(1))};
  });
}

template <class Database>
void read_stock(const Database& database, Books& books) {
  books.ledgers = read_rows<Books::Ledger>(database, select_ledgers, [](const auto& row) {
    return Books::Ledger{ProductId{row.integer(0)}, row.integer(1), row.integer(2), row.integer(3)};
  });
  books.terms = read_rows<Books::Terms>(database, select_terms, [](const auto& row) {
    Books::Terms terms{ProductId{row.integer(0)}, std::nullopt, row.integer(2)};
    if (!row.is_null(1)) terms.per_user_limit = row.integer(1);
    return terms;
  });
  books.purchases = read_rows<Books::Purchase>(database, select_purchases, [](const auto& row) {
    return Books::Purchase{ProductId{row.integer(0)}, UserId{row.integer(1)}, row.integer(2), row.integer(3)};
  });
}

template <class Database>
void read_orders(const Database& database, Books& books) {
  books.orders = read_rows<Books::Order>(database, select_orders, [](const auto& row) {
    Books::Order order;
    order.order = OrderId{row.integer(0)};
    order.user = UserId{row.integer(1)};
    order.status = static_cast<int>(row.integer(2));
    order.amount = row.integer(3);
    order.placed_at = from_unix_ms(row.integer(4));
    order.hold_expires_at = from_unix_ms(row.integer(5));
    if (!row.is_null(6)) order.paid_at = from_unix_ms(row.integer(6));
    order.paid_attempt = AttemptId{row.integer(7)};
    return order;
  });
  books.items = read_rows<Books::Item>(database, select_items, [](const auto& row) {
    return Books::Item{
        OrderId{row.integer(0)}, OrderItemId{row.integer(1)},      ProductId{row.integer(2)}, row.integer(3),
        row.integer(4),          static_cast<int>(row.integer(5)), row.integer(6) != 0};
  });
  books.repeated_keys =
      read_rows<Books::RepeatedKey>(database, Database::select_repeated_keys, [](const auto& row) {
        return Books::RepeatedKey{UserId{row.integer(0)}, std::string(row.text(1)), row.integer(2)};
      });
  books.outbox = read_rows<Books::OutboxRefund>(database, select_outbox, [](const auto& row) {
    return Books::OutboxRefund{RefundId{row.integer(0)},  OrderId{row.integer(1)},
                               AttemptId{row.integer(2)}, row.integer(3),
                               row.integer(4) != 0,       OrderItemId{row.integer(5)}};
  });
}

template <class Database>
void read_payments(const Database& database, Books& books) {
  books.attempts = read_rows<Books::Attempt>(database, select_attempts, [](const auto& row) {
    return Books::Attempt{AttemptId{row.integer(0)}, OrderId{row.integer(1)}, row.integer(2),
                          attempt_state(row.integer(3)), row.integer(4) != 0};
  });
  books.refunds = read_rows<Books::Refund>(database, select_refunds, [](const auto& row) {
    return Books::Refund{AttemptId{row.integer(0)}, RefundId{row.integer(1)}, row.integer(2),
                         row.integer(3) != 0};
  });
}

template <class Database>
void read_provider(const Database& database, Books& books) {
  books.charges = read_rows<Books::Charge>(database, select_charges, [](const auto& row) {
    return Books::Charge{AttemptId{row.integer(0)}, OrderId{row.integer(1)}, row.integer(2), row.integer(3)};
  });
}

}  // namespace buyme::audit::rows
