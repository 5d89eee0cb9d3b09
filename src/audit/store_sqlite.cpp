#include <fmt/format.h>

#include "audit/books.hpp"
#include "audit/rows.hpp"
#include "audit/rows_sqlite.hpp"
#include "audit/snapshot.hpp"

namespace buyme::audit {

namespace {

constexpr std::string_view select_integrity = "PRAGMA integrity_check(20)";
constexpr std::string_view select_dangling = "PRAGMA foreign_key_check";

struct Rows {
  static constexpr std::string_view select_repeated_keys =
      "SELECT user_id, idempotency_key, count(*) FROM orders NOT INDEXED WHERE idempotency_key IS NOT NULL "
      "GROUP BY user_id, idempotency_key HAVING count(*) > 1 ORDER BY user_id, idempotency_key";

  const db::Sqlite& database;

  template <class Visit>
  void for_each(std::string_view sql, Visit visit) const {
    db::Statement row = database.prepare(sql);
    while (row.step()) visit(std::as_const(row));
  }
};

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

}  // namespace

void read_order_rows(const db::Sqlite& database, Books& books) {
  rows::read_stock(Rows{database}, books);
  rows::read_orders(Rows{database}, books);
}

void read_payment_rows(const db::Sqlite& database, Books& books) {
  rows::read_payments(Rows{database}, books);
}

void read_provider_rows(const db::Sqlite& database, Books& books) {
  rows::read_provider(Rows{database}, books);
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
  const auto from = [&](File file, auto read_rows) {
    read(file, [&](const db::Sqlite& database, Books&) { read_rows(Rows{database}, books); });
  };
  from(File::user, rows::read_accounts<Rows>);
  from(File::product, rows::read_catalogue<Rows>);
  from(File::order,
       rows::read_stock<Rows>);  // by itself, so that the orders are read though a stock table is broken
  from(File::order, rows::read_orders<Rows>);
  from(File::payment, rows::read_payments<Rows>);
  from(File::provider, rows::read_provider<Rows>);
  return books;
}

}  // namespace buyme::audit
