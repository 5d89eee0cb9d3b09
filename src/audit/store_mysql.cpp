#include "audit/store_mysql.hpp"

#include <fmt/format.h>

#include "audit/rows.hpp"

namespace buyme::audit {

namespace {

struct Rows {
  static constexpr std::string_view select_repeated_keys =
      "SELECT user_id, idempotency_key, count(*) FROM orders IGNORE INDEX (orders_by_key) WHERE "
      "idempotency_key IS NOT NULL "
      "GROUP BY user_id, idempotency_key HAVING count(*) > 1 ORDER BY user_id, idempotency_key";

  db::Mysql& connection;

  template <class Visit>
  void for_each(std::string_view sql, Visit visit) const {
    db::MysqlResult row = connection.query(sql);
    while (row.next()) visit(std::as_const(row));
  }
};

}  // namespace

Books read_books(db::MysqlSettings server, const std::string& prefix, Time now) {
  server.answer_timeout = limits::audit_answer_timeout;
  db::Mysql connection(server);
  connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  Books books;
  books.read_at = now;
  const Rows here{connection};
  const auto from = [&](std::string_view service, auto read_rows) {
    connection.query(fmt::format("USE `{}_{}`", prefix, service));
    read_rows(here, books);
  };
  from("user", rows::read_accounts<Rows>);
  from("product", rows::read_catalogue<Rows>);
  from("order", rows::read_stock<Rows>);
  from("order", rows::read_orders<Rows>);
  from("payment", rows::read_payments<Rows>);
  from("provider", rows::read_provider<Rows>);
  connection.query("ROLLBACK");
  return books;
}

}  // namespace buyme::audit
