#include "db/mysql.hpp"
#include "db/sqlite.hpp"
#include "order/backlog.hpp"

#include <fmt/format.h>

namespace buyme::order {

namespace {

// Answered from indexes alone: of unpaid orders by the end of their hold, and of undelivered refunds.
constexpr std::string_view holds_of_file =
    "SELECT COUNT(*), COALESCE(SUM(hold_expires_at <= ?1 + 60000), 0), COALESCE(SUM(hold_expires_at <= ?1), "
    "0) "
    "FROM orders WHERE status IN (1, 2, 3)";
constexpr std::string_view count_refunds = "SELECT COUNT(*) FROM refund_outbox WHERE delivered_at IS NULL";

std::string holds_of_server(Time now) {
  return fmt::format(
      "SELECT COUNT(*), COALESCE(SUM(due <= {0} + 60000), 0), COALESCE(SUM(due <= {0}), 0)"
      " FROM orders FORCE INDEX (orders_by_due) WHERE phase = 1",
      to_unix_ms(now));
}

Backlog read(const std::string& path, Time now) {
  const db::Sqlite database(path, db::Access::read_only);
  db::Statement holds = database.prepare(holds_of_file);
  holds.bind(1, to_unix_ms(now)).step();
  return {holds.integer(0), holds.integer(1), holds.integer(2), database.query_integer(count_refunds)};
}

Backlog read(const db::MysqlSettings& server, Time now) {
  db::Mysql database(server);
  auto holds = database.query(holds_of_server(now));
  holds.next();
  auto refunds = database.query(count_refunds);
  refunds.next();
  return {holds.integer(0), holds.integer(1), holds.integer(2), refunds.integer(0)};
}

}  // namespace

Result<Backlog> read_backlog(const db::DatabaseAddress& place, Time now) {
  try {
    return place.file() != nullptr ? read(*place.file(), now) : read(*place.mysql(), now);
  } catch (const std::runtime_error& error) {
    return Failure(Error::store_unavailable, error.what());
  }
}

}  // namespace buyme::order
