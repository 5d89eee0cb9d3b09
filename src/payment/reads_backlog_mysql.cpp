#include "db/mysql.hpp"
#include "payment/backlog.hpp"

namespace buyme::payment {

namespace {

// state 4 is UNKNOWN of an attempt; 1 is REQUESTED and 3 RETRY of a refund.
constexpr std::string_view count_attempts =
    "SELECT COUNT(*), COALESCE(SUM(state = 4), 0) FROM payment_attempts WHERE open_order_id IS NOT NULL";
constexpr std::string_view count_refunds =
    "SELECT state, COUNT(*) FROM refunds WHERE state IN (1, 3) GROUP BY state";

}  // namespace

Result<Backlog> read_backlog(const db::MysqlAddress& server) {
  try {
    db::Mysql database(db::settings_of(server));
    Backlog backlog;
    db::MysqlResult attempts = database.query(count_attempts);
    attempts.next();
    backlog.attempts_open = attempts.integer(0);
    backlog.attempts_unknown = attempts.integer(1);
    db::MysqlResult refunds = database.query(count_refunds);
    while (refunds.next()) {
      (refunds.integer(0) == 1 ? backlog.refunds_waiting : backlog.refunds_retried) = refunds.integer(1);
    }
    return backlog;
  } catch (const db::MysqlError& error) {
    return Failure(Error::store_unavailable, error.what());
  }
}

}  // namespace buyme::payment
