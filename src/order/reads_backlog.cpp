#include "db/sqlite.hpp"
#include "order/backlog.hpp"

namespace buyme::order {

namespace {

// Answered from the partial indexes of unpaid orders and undelivered refunds alone.
constexpr std::string_view count_holds =
    "SELECT COUNT(*), COALESCE(SUM(hold_expires_at <= ?1 + 60000), 0), COALESCE(SUM(hold_expires_at <= ?1), "
    "0) "
    "FROM orders WHERE status IN (1, 2, 3)";
constexpr std::string_view count_refunds = "SELECT COUNT(*) FROM refund_outbox WHERE delivered_at IS NULL";

}  // namespace

Result<Backlog> read_backlog(const std::string& path, Time now) {
  try {
    const db::Sqlite database(path, db::Access::read_only);
    db::Statement holds = database.prepare(count_holds);
    holds.bind(1, to_unix_ms(now)).step();
    Backlog backlog;
    backlog.holds = holds.integer(0);
    backlog.holds_expiring = holds.integer(1);
    backlog.holds_lapsed = holds.integer(2);
    backlog.refunds_to_deliver = database.query_integer(count_refunds);
    return backlog;
  } catch (const db::SqliteError& error) {
    return Failure(Error::store_unavailable, error.what());
  }
}

}  // namespace buyme::order
