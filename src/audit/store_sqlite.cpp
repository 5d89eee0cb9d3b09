#include <fmt/format.h>

#include "audit/books.hpp"
#include "audit/rows_sqlite.hpp"
#include "audit/snapshot.hpp"

namespace buyme::audit {

namespace {

constexpr std::string_view select_integrity = "PRAGMA integrity_check(20)";
constexpr std::string_view select_dangling = "PRAGMA foreign_key_check";

// 1 is DRAFT: all others sell, or did, so their terms must stand in the order database.
constexpr std::string_view select_catalogue =
    "SELECT product_id, state <> 1, version FROM products ORDER BY product_id";

constexpr std::string_view select_ledgers =
    "SELECT product_id, total, committed, sold FROM stock_ledger ORDER BY product_id";
constexpr std::string_view select_terms =
    "SELECT product_id, per_user_limit, version FROM sale_terms ORDER BY product_id";
constexpr std::string_view select_orders =
    "SELECT order_id, user_id, status, amount, placed_at, hold_expires_at, paid_at, paid_attempt_id "
    "FROM orders ORDER BY order_id";
constexpr std::string_view select_items =
    "SELECT order_id, order_item_id, product_id, quantity, price, status, counted FROM order_items "
    "ORDER BY order_id, order_item_id";
constexpr std::string_view select_purchases =
    "SELECT product_id, user_id, units, cap FROM purchase ORDER BY product_id, user_id";
// Not through the unique index, which could be what is damaged.
constexpr std::string_view select_repeated_keys =
    "SELECT user_id, idempotency_key, count(*) FROM orders NOT INDEXED WHERE idempotency_key IS NOT NULL "
    "GROUP BY user_id, idempotency_key HAVING count(*) > 1 ORDER BY user_id, idempotency_key";
constexpr std::string_view select_outbox =
    "SELECT refund_id, order_id, attempt_id, amount, delivered_at IS NOT NULL, order_item_id FROM "
    "refund_outbox "
    "ORDER BY refund_id";

constexpr std::string_view select_attempts =
    "SELECT attempt_id, order_id, amount, state, open_order_id IS NOT NULL FROM payment_attempts "
    "ORDER BY attempt_id";
constexpr std::string_view select_refunds =
    "SELECT attempt_id, CASE WHEN refund_key LIKE 'order:%' THEN CAST(substr(refund_key, 7) AS INTEGER) ELSE "
    "0 END, "
    "amount, state = 2 FROM refunds ORDER BY attempt_id, refund_id";

constexpr std::string_view select_charges =
    "SELECT c.charge_key, c.order_id, CASE WHEN c.outcome = 1 THEN c.amount ELSE 0 END, "
    "(SELECT COALESCE(SUM(r.amount), 0) FROM refunds r WHERE r.charge_key = c.charge_key) "
    "FROM charges c ORDER BY c.charge_key";

constexpr std::string_view select_ended_accounts =
    "SELECT u.user_id, u.ended_at, "
    "u.name = '' AND u.phone = '' AND u.address = '' AND u.password_hash = '!' AND instr(u.email, '@') = 0, "
    "(SELECT COUNT(*) FROM sessions s WHERE s.user_id = u.user_id AND s.ended_at IS NULL), "
    "NOT EXISTS (SELECT 1 FROM account_endings e WHERE e.user_id = u.user_id) "
    "FROM users u WHERE u.ended_at IS NOT NULL ORDER BY u.user_id";

// As payment/schema.sql numbers them.
Books::AttemptState attempt_state(std::int64_t stored) {
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

template <class Row, class Read>
std::vector<Row> read_rows(const db::Sqlite& database, std::string_view sql, Read read) {
  std::vector<Row> rows;
  db::Statement statement = database.prepare(sql);
  while (statement.step()) rows.push_back(read(statement));
  return rows;
}

void read_damage(const db::Sqlite& database, File file, Books& books) {
  const std::string name(file_name(file));
  db::Statement integrity = database.prepare(select_integrity);
  while (integrity.step()) {
    if (integrity.text(0) != "ok") books.damage.push_back({name, std::string(integrity.text(0))});
  }
  db::Statement dangling = database.prepare(select_dangling);
  while (dangling.step()) {
    books.damage.push_back({name, fmt::format("row {} of {} refers to a row of {} that is not there",
                                              dangling.integer(1), dangling.text(0), dangling.text(2))});
  }
}

void read_accounts(const db::Sqlite& database, Books& books) {
  books.ended_accounts =
      read_rows<Books::EndedAccount>(database, select_ended_accounts, [](const db::Statement& row) {
        return Books::EndedAccount{UserId{row.integer(0)}, from_unix_ms(row.integer(1)), row.integer(2) != 0,
                                   row.integer(3), row.integer(4) != 0};
      });
}

void read_catalogue(const db::Sqlite& database, Books& books) {
  books.catalogue =
      read_rows<Books::CatalogueProduct>(database, select_catalogue, [](const db::Statement& row) {
        return Books::CatalogueProduct{ProductId{row.integer(0)}, row.integer(1) != 0, row.integer(2)};
      });
}

void read_stock(const db::Sqlite& database, Books& books) {
  books.ledgers = read_rows<Books::Ledger>(database, select_ledgers, [](const db::Statement& row) {
    return Books::Ledger{ProductId{row.integer(0)}, row.integer(1), row.integer(2), row.integer(3)};
  });
  books.terms = read_rows<Books::Terms>(database, select_terms, [](const db::Statement& row) {
    Books::Terms terms{ProductId{row.integer(0)}, std::nullopt, row.integer(2)};
    if (!row.is_null(1)) terms.per_user_limit = row.integer(1);
    return terms;
  });
  books.purchases = read_rows<Books::Purchase>(database, select_purchases, [](const db::Statement& row) {
    return Books::Purchase{ProductId{row.integer(0)}, UserId{row.integer(1)}, row.integer(2), row.integer(3)};
  });
}

void read_orders(const db::Sqlite& database, Books& books) {
  books.orders = read_rows<Books::Order>(database, select_orders, [](const db::Statement& row) {
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
  books.items = read_rows<Books::Item>(database, select_items, [](const db::Statement& row) {
    return Books::Item{
        OrderId{row.integer(0)}, OrderItemId{row.integer(1)},      ProductId{row.integer(2)}, row.integer(3),
        row.integer(4),          static_cast<int>(row.integer(5)), row.integer(6) != 0};
  });
  books.repeated_keys =
      read_rows<Books::RepeatedKey>(database, select_repeated_keys, [](const db::Statement& row) {
        return Books::RepeatedKey{UserId{row.integer(0)}, std::string(row.text(1)), row.integer(2)};
      });
  books.outbox = read_rows<Books::OutboxRefund>(database, select_outbox, [](const db::Statement& row) {
    return Books::OutboxRefund{RefundId{row.integer(0)},  OrderId{row.integer(1)},
                               AttemptId{row.integer(2)}, row.integer(3),
                               row.integer(4) != 0,       OrderItemId{row.integer(5)}};
  });
}

}  // namespace

void read_order_rows(const db::Sqlite& database, Books& books) {
  read_stock(database, books);
  read_orders(database, books);
}

void read_payment_rows(const db::Sqlite& database, Books& books) {
  books.attempts = read_rows<Books::Attempt>(database, select_attempts, [](const db::Statement& row) {
    return Books::Attempt{AttemptId{row.integer(0)}, OrderId{row.integer(1)}, row.integer(2),
                          attempt_state(row.integer(3)), row.integer(4) != 0};
  });
  books.refunds = read_rows<Books::Refund>(database, select_refunds, [](const db::Statement& row) {
    return Books::Refund{AttemptId{row.integer(0)}, RefundId{row.integer(1)}, row.integer(2),
                         row.integer(3) != 0};
  });
}

void read_provider_rows(const db::Sqlite& database, Books& books) {
  books.charges = read_rows<Books::Charge>(database, select_charges, [](const db::Statement& row) {
    return Books::Charge{AttemptId{row.integer(0)}, OrderId{row.integer(1)}, row.integer(2), row.integer(3)};
  });
}

Books read_books(const Snapshot& snapshot, Time now) {
  Books books;
  books.read_at = now;
  // A file that cannot be read to its end is a finding like any other; what was read of it is still audited.
  const auto read = [&](File file, auto read_file) {
    try {
      read_file(snapshot.database(file), books);
    } catch (const db::SqliteError& error) {
      books.damage.push_back({std::string(file_name(file)), error.what()});
    }
  };
  for (const File file : all_files) {
    read(file, [&](const db::Sqlite& database, Books&) { read_damage(database, file, books); });
  }
  read(File::user, read_accounts);
  read(File::product, read_catalogue);
  read(File::order, read_stock);  // by itself, so that the orders are read though a stock table is broken
  read(File::order, read_orders);
  read(File::payment, read_payment_rows);
  read(File::provider, read_provider_rows);
  return books;
}

}  // namespace buyme::audit
