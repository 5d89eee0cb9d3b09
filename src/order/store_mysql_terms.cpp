// The terms of sales on MySQL.
#include <fmt/format.h>

#include "order/store_mysql_parts.hpp"

namespace buyme::order {

namespace {

std::string or_null(const std::optional<std::int64_t>& value) {
  return value ? fmt::format("{}", *value) : std::string("NULL");
}

std::string or_null(const std::optional<Time>& time) {
  return time ? fmt::format("{}", to_unix_ms(*time)) : std::string("NULL");
}

// The new total, and why. Of a product that was changed since it was read the total becomes -1, which the
// CHECK refuses; one that is new here but stands there already violates its key.
void write_total(const db::Mysql& database, const Plan& plan, const TermsChange& change, Round& round) {
  const TermsUpdate& update = change.update;
  const std::int64_t product = update.terms.product.value;
  const std::string why = fmt::format("{}, {}", update.actor.value, database.quote(update.reason));
  if (change.old_version == 0) {
    const Units total = update.total.value_or(0) + update.delta;
    round.packet.add(
        fmt::format("INSERT INTO stock_ledger(product_id, total) VALUES ({}, {})", product, total));
    if (total == 0) return;
    round.packet.add(
        fmt::format("INSERT INTO stock_history(product_id, changed_at, old_total, new_total, actor,"
                    " reason) VALUES ({}, {}, 0, {}, {})",
                    product, to_unix_ms(plan.now), total, why));
    return;
  }
  const std::string total = update.total ? fmt::format("{}", *update.total + update.delta)
                                         : fmt::format("total + ({})", update.delta);
  round.packet.add(fmt::format(
      "INSERT INTO stock_history(product_id, changed_at, old_total, new_total, actor, reason)"
      " SELECT product_id, {1}, total, {2}, {3} FROM stock_ledger WHERE product_id = {0} AND total <> {2}",
      product, to_unix_ms(plan.now), total, why));
  round.packet.add(
      fmt::format("UPDATE stock_ledger SET total = IF((SELECT version FROM sale_terms WHERE product_id = "
                  "{0}) = {1}, {2}, -1),"
                  " version = version + 1 WHERE product_id = {0}",
                  product, change.old_version, total));
}

// Who holds more than the limit keeps it: the row's cap is then what he holds. The cap is set before the
// units that it is computed from.
void begin_limit(const TermsUpdate& update, Round& round) {
  const std::int64_t product = update.terms.product.value;
  round.packet.add(fmt::format(
      "INSERT INTO purchase(product_id, user_id, units, cap, last_order)"
      " SELECT i.product_id, o.user_id, SUM(i.quantity), GREATEST(SUM(i.quantity), {1}), MAX(o.order_id)"
      " FROM order_items i JOIN orders o ON o.order_id = i.order_id"
      " WHERE i.product_id = {0} AND i.status <> 2 AND i.counted = 0 GROUP BY i.product_id, o.user_id"
      " ON DUPLICATE KEY UPDATE cap = GREATEST(cap, units + VALUES(units)), units = units + VALUES(units),"
      " last_order = GREATEST(last_order, VALUES(last_order))",
      product, *update.terms.per_user_limit));
  round.packet.add(
      fmt::format("UPDATE order_items SET counted = 1 WHERE product_id = {} AND status <> 2", product));
}

}  // namespace

void write_terms(const db::Mysql& database, const Plan& plan, Round& round) {
  for (const auto& change : plan.terms) {
    const SaleTerms& terms = change.update.terms;
    write_total(database, plan, change, round);
    round.packet.add(fmt::format(
        "INSERT INTO sale_terms(product_id, version, state, price, opens_at, closes_at, per_user_limit)"
        " VALUES ({},{},{},{},{},{},{}) ON DUPLICATE KEY UPDATE version = VALUES(version), state = "
        "VALUES(state),"
        " price = VALUES(price), opens_at = VALUES(opens_at), closes_at = VALUES(closes_at),"
        " per_user_limit = VALUES(per_user_limit)",
        terms.product.value, terms.version, static_cast<std::int64_t>(terms.state), terms.price,
        or_null(terms.opens_at), or_null(terms.closes_at), or_null(terms.per_user_limit)));
    if (change.starts_limit) begin_limit(change.update, round);
  }
}

}  // namespace buyme::order
