// The terms of sales in the order file.
#include "order/store_sqlite_parts.hpp"

namespace buyme::order {

namespace {

using db::Statement;

// The new total, from the stored one, and why.
void write_total(db::Sqlite& database, const Plan& plan, const TermsChange& change) {
  const TermsUpdate& update = change.update;
  const std::int64_t product = update.terms.product.value;
  Statement stored = database.prepare("SELECT total FROM stock_ledger WHERE product_id=?");
  stored.bind(1, product);
  const Units old_total = stored.step() ? stored.integer(0) : 0;
  stored.reset();
  const Units total = update.total.value_or(old_total) + update.delta;
  Statement ledger = database.prepare(
      "INSERT INTO stock_ledger(product_id, total) VALUES (?1, ?2)"
      " ON CONFLICT(product_id) DO UPDATE SET total = excluded.total, version = version + 1");
  ledger.bind(1, product).bind(2, total).run();
  if (total == old_total) return;
  Statement history = database.prepare("INSERT INTO stock_history VALUES (?,?,?,?,?,?)");
  history.bind(1, product).bind(2, to_unix_ms(plan.now)).bind(3, old_total).bind(4, total);
  history.bind(5, update.actor.value).bind(6, update.reason).run();
}

// Who holds more than the limit keeps it: the row's cap is then what he holds.
void begin_limit(db::Sqlite& database, const TermsUpdate& update) {
  const std::int64_t product = update.terms.product.value;
  Statement backfill = database.prepare(
      "INSERT INTO purchase(product_id, user_id, units, cap, last_order)"
      " SELECT i.product_id, o.user_id, SUM(i.quantity), MAX(SUM(i.quantity), ?2), MAX(o.order_id)"
      " FROM order_items i JOIN orders o ON o.order_id = i.order_id"
      " WHERE i.product_id = ?1 AND i.status = 1 AND i.counted = 0 GROUP BY o.user_id"
      " ON CONFLICT(product_id, user_id) DO UPDATE SET units = units + excluded.units,"
      " cap = MAX(cap, units + excluded.units), last_order = MAX(last_order, excluded.last_order)");
  backfill.bind(1, product).bind(2, *update.terms.per_user_limit).run();
  Statement count = database.prepare("UPDATE order_items SET counted=1 WHERE product_id=? AND status=1");
  count.bind(1, product).run();
}

}  // namespace

void write_terms(db::Sqlite& database, const Plan& plan) {
  for (const auto& change : plan.terms) {
    const SaleTerms& terms = change.update.terms;
    const std::int64_t product = terms.product.value;
    Statement stored = database.prepare("SELECT version FROM sale_terms WHERE product_id=?");
    stored.bind(1, product);
    if ((stored.step() ? stored.integer(0) : 0) != change.old_version) throw TermsChanged(terms.product);
    stored.reset();
    write_total(database, plan, change);

    Statement row = database.prepare(
        "INSERT INTO sale_terms(product_id, version, state, price, opens_at, closes_at, per_user_limit)"
        " VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(product_id) DO UPDATE SET version = excluded.version,"
        " state = excluded.state, price = excluded.price, opens_at = excluded.opens_at,"
        " closes_at = excluded.closes_at, per_user_limit = excluded.per_user_limit");
    row.bind(1, product).bind(2, terms.version).bind(3, static_cast<std::int64_t>(terms.state));
    row.bind(4, terms.price);
    if (terms.opens_at) row.bind(5, to_unix_ms(*terms.opens_at));
    if (terms.closes_at) row.bind(6, to_unix_ms(*terms.closes_at));
    if (terms.per_user_limit) row.bind(7, *terms.per_user_limit);
    row.run();

    if (change.starts_limit) begin_limit(database, change.update);
  }
}

}  // namespace buyme::order
