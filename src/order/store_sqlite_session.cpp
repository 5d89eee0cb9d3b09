// Placing orders one at a time in the order file. Reads stand outside of the transaction unless the file is
// locked first: SQLite itself would refuse to write on what a transaction has read too early, and that is
// what the guards are to be seen doing.
#include <fmt/format.h>

#include "core/log.hpp"
#include "db/sqlite.hpp"
#include "order/rows_sqlite.hpp"
#include "order/store_sqlite.hpp"
#include "order/store_sqlite_parts.hpp"
#include "order/strategy_limits.hpp"

namespace buyme::order {

namespace {

using db::SqliteError;
using db::Statement;

Written fate_of(const SqliteError& error) {
  if (error.is_constraint()) return Written::overtaken;
  return error.is_busy() ? Written::contended : Written::unavailable;
}

class SqliteSession final : public PlacementSession {
 public:
  SqliteSession(const std::string& path, Log log);

  std::optional<std::int64_t> reserve_numbers(std::string_view name, std::int64_t count) override;
  ReadResult read(const PlaceOrder& order, Guard guard) override;
  WriteResult write(const Plan& plan, const Seen& seen, Guard guard, const Fences& fences) override;
  void give_up() override;

 private:
  Seen look(const PlaceOrder& order);
  Written raise(const Ledger& to, Guard guard, const Fences& fences);

  Log log_;
  db::Sqlite database_;
  PlacementStatements placements_;
  Statement begin_, commit_, rollback_, find_sale_, find_fence_;
  Statement write_ledger_, write_same_version_, write_fenced_;
  bool open_ = false;  // a transaction
};

db::Sqlite open_session(const std::string& path) {
  db::Sqlite database(path, db::Access::read_write);
  database.execute(
      fmt::format("PRAGMA wal_autocheckpoint=20000; PRAGMA temp_store=MEMORY; PRAGMA busy_timeout={}",
                  Milliseconds{limits::strategy_busy_timeout}.count()));
  return database;
}

SqliteSession::SqliteSession(const std::string& path, Log log)
    : log_(std::move(log)),
      database_(open_session(path)),
      placements_(database_),
      begin_(database_.prepare("BEGIN IMMEDIATE")),
      commit_(database_.prepare("COMMIT")),
      rollback_(database_.prepare("ROLLBACK")),
      find_sale_(database_.prepare(rows::one_sale)),
      find_fence_(database_.prepare("SELECT fence FROM stock_ledger WHERE product_id=?")),
      write_ledger_(database_.prepare(
          "UPDATE stock_ledger SET committed = ?2, version = version + 1 WHERE product_id = ?1")),
      write_same_version_(database_.prepare(
          "UPDATE stock_ledger SET committed = ?2, version = ?3 WHERE product_id = ?1 AND version = ?3 - 1")),
      write_fenced_(database_.prepare("UPDATE stock_ledger SET committed = ?2, version = ?3, fence = ?4"
                                      " WHERE product_id = ?1 AND version = ?3 - 1 AND fence < ?4")) {}

std::optional<std::int64_t> SqliteSession::reserve_numbers(std::string_view name, std::int64_t count) try {
  db::Transaction transaction(database_);
  const std::int64_t first = take_numbers(database_, name, count);
  transaction.commit();
  return first;
} catch (const SqliteError& error) {
  log_->warn("reserving numbers: {}", error.what());
  return std::nullopt;
}

ReadResult SqliteSession::read(const PlaceOrder& order, Guard guard) try {
  if (guard == Guard::row_lock) {
    begin_.run();
    open_ = true;
  }
  return {Written::committed, look(order), {}};
} catch (const SqliteError& error) {
  give_up();
  return {fate_of(error), {}, error.what()};
}

Seen SqliteSession::look(const PlaceOrder& order) {
  Seen seen;
  for (const auto& line : order.lines) {
    find_sale_.bind(1, line.product.value);
    if (find_sale_.step()) seen.sales.emplace(line.product, rows::read_sale(find_sale_));
    find_sale_.reset();
  }
  const Questions questions = questions_about(order, seen.sales);
  for (const auto& question : questions.keys) seen.known.keys.push_back(placements_.kept_order(question));
  for (const auto& question : questions.limits) seen.known.limits.push_back(placements_.limit_row(question));
  return seen;
}

WriteResult SqliteSession::write(const Plan& plan, const Seen& seen, Guard guard, const Fences& fences) try {
  WriteResult result;
  if (!open_) {
    begin_.run();
    open_ = true;
  }
  for (const auto& raise_of : plan.raises) {
    const Ledger to = raised(seen.sales.at(raise_of.product).ledger, raise_of);
    result.fate = raise(to, guard, fences);
    if (result.fate != Written::committed) {
      give_up();
      return result;
    }
    result.ledgers.push_back(to);
  }
  placements_.write_limits(plan);
  placements_.write_orders(plan);
  finish(commit_, log_);
  open_ = false;
  return result;
} catch (const SqliteError& error) {
  give_up();
  return {fate_of(error), {}, error.what()};
}

// committed: the row is written, within this transaction.
Written SqliteSession::raise(const Ledger& to, Guard guard, const Fences& fences) {
  const bool by_version = guard == Guard::version || guard == Guard::fence;
  const std::int64_t fence = guard == Guard::fence ? fence_of(fences, to.product) : 0;
  Statement& statement = guard == Guard::fence ? write_fenced_
                         : by_version          ? write_same_version_
                                               : write_ledger_;
  statement.bind(1, to.product.value).bind(2, to.committed);
  if (by_version) statement.bind(3, to.version);
  if (guard == Guard::fence) statement.bind(4, fence);
  statement.run();
  if (database_.changes() == 1) return Written::committed;
  if (guard != Guard::fence) return Written::overtaken;
  find_fence_.bind(1, to.product.value);
  const std::int64_t stands = find_fence_.step() ? find_fence_.integer(0) : 0;
  find_fence_.reset();
  return stands >= fence ? Written::fenced : Written::overtaken;
}

void SqliteSession::give_up() {
  if (!std::exchange(open_, false)) return;
  try {
    rollback_.run();
  } catch (const SqliteError&) {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
}

}  // namespace

std::unique_ptr<PlacementSession> open_sqlite_session(const std::string& path, Log log) {
  return std::make_unique<SqliteSession>(path, std::move(log));
}

}  // namespace buyme::order
