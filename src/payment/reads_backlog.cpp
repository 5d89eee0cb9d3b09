#include "db/mysql.hpp"
#include "db/sqlite.hpp"
#include "payment/backlog.hpp"

namespace buyme::payment {

namespace {

// state 4 is UNKNOWN of an attempt; 1 is REQUESTED and 3 RETRY of a refund.
constexpr std::string_view count_attempts =
    "SELECT COUNT(*), COALESCE(SUM(state = 4), 0) FROM payment_attempts WHERE open_order_id IS NOT NULL";
constexpr std::string_view count_refunds =
    "SELECT state, COUNT(*) FROM refunds WHERE state IN (1, 3) GROUP BY state";

void add_refunds(Backlog& backlog, std::int64_t state, std::int64_t count) {
  (state == 1 ? backlog.refunds_waiting : backlog.refunds_retried) = count;
}

Backlog read(const std::string& path) {
  const db::Sqlite database(path, db::Access::read_only);
  db::Statement attempts = database.prepare(count_attempts);
  attempts.step();
  Backlog backlog{attempts.integer(0), attempts.integer(1)};
  db::Statement refunds = database.prepare(count_refunds);
  while (refunds.step()) add_refunds(backlog, refunds.integer(0), refunds.integer(1));
  return backlog;
}

Backlog read(const db::MysqlSettings& server) {
  db::Mysql database(server);
  auto attempts = database.query(count_attempts);
  attempts.next();
  Backlog backlog{attempts.integer(0), attempts.integer(1)};
  auto refunds = database.query(count_refunds);
  while (refunds.next()) add_refunds(backlog, refunds.integer(0), refunds.integer(1));
  return backlog;
}

}  // namespace

Result<Backlog> read_backlog(const db::DatabaseAddress& place) {
  try {
    return place.file() != nullptr ? read(*place.file()) : read(*place.mysql());
  } catch (const std::runtime_error& error) {
    return Failure(Error::store_unavailable, error.what());
  }
}

}  // namespace buyme::payment
