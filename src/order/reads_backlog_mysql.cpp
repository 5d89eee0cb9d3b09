#include <fmt/format.h>

#include "db/mysql.hpp"
#include "order/backlog.hpp"

namespace buyme::order {

namespace {

// Answered from orders_by_due and refund_outbox_open alone.
constexpr std::string_view count_holds =
    "SELECT COUNT(*), COALESCE(SUM(due <= {0} + 60000), 0), COALESCE(SUM(due <= {0}), 0) "
    "FROM orders WHERE phase = 1";
constexpr std::string_view count_refunds = "SELECT COUNT(*) FROM refund_outbox WHERE delivered_at IS NULL";

}  // namespace

Result<Backlog> read_backlog(const db::MysqlAddress& server, Time now) {
  try {
    db::Mysql database(db::settings_of(server));
    db::MysqlResult holds = database.query(fmt::format(fmt::runtime(count_holds), to_unix_ms(now)));
    holds.next();
    Backlog backlog;
    backlog.holds = holds.integer(0);
    backlog.holds_expiring = holds.integer(1);
    backlog.holds_lapsed = holds.integer(2);
    db::MysqlResult refunds = database.query(count_refunds);
    refunds.next();
    backlog.refunds_to_deliver = refunds.integer(0);
    return backlog;
  } catch (const db::MysqlError& error) {
    return Failure(Error::store_unavailable, error.what());
  }
}

}  // namespace buyme::order
