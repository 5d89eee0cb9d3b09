// Placing orders one at a time over MySQL: statement by statement, each answered before the next is sent.
// The ledger is written before the rows that refer to it: their foreign key would lock it shared, and two
// orders that both want more then would be a deadlock.
#include <fmt/format.h>

#include "order/rows_mysql.hpp"
#include "order/store_mysql.hpp"
#include "order/store_mysql_parts.hpp"

namespace buyme::order {

namespace {

using db::Mysql;
using db::MysqlError;

class MysqlSession final : public PlacementSession {
 public:
  MysqlSession(db::MysqlSettings server, Clock& clock, Log log)
      : server_(std::move(server)), clock_(clock), log_(std::move(log)) {}

  std::optional<std::int64_t> reserve_numbers(std::string_view name, std::int64_t count) override;
  ReadResult read(const PlaceOrder& order, Guard guard) override;
  WriteResult write(const Plan& plan, const Seen& seen, Guard guard, const Fences& fences) override;
  void give_up() override;

 private:
  Mysql& connected();
  Written fate_of(const MysqlError& error);
  Written raise(const Ledger& to, Guard guard, const Fences& fences);
  void begin();

  db::MysqlSettings server_;
  Clock& clock_;
  Log log_;
  std::unique_ptr<Mysql> connection_;  // none: make one when it is needed
  Monotonic used_at_{};
  bool open_ = false;  // a transaction
};

// A connection that rested may have been ended by the server.
Mysql& MysqlSession::connected() {
  const Monotonic now = clock_.monotonic();
  if (connection_ && now - used_at_ > limits::database_rest && !connection_->answers()) connection_.reset();
  if (!connection_) connection_ = std::make_unique<Mysql>(server_);
  used_at_ = now;
  return *connection_;
}

// Of a statement before COMMIT. What a lost connection leaves behind is rolled back by the server.
Written MysqlSession::fate_of(const MysqlError& error) {
  const bool first = connection_ == nullptr;
  if (error.is_lost()) {
    connection_.reset();
    open_ = false;
    return first ? Written::unavailable : Written::contended;
  }
  give_up();
  if (error.is_contended()) return Written::contended;
  return error.is_constraint() ? Written::overtaken : Written::unavailable;
}

std::optional<std::int64_t> MysqlSession::reserve_numbers(std::string_view name, std::int64_t count) try {
  Mysql& database = connected();
  return take_numbers(database, name, count);
} catch (const MysqlError& error) {
  log_->warn("reserving numbers: {}", error.what());
  (void)fate_of(error);
  return std::nullopt;
}

void MysqlSession::begin() {
  connected().query("START TRANSACTION");
  open_ = true;
}

ReadResult MysqlSession::read(const PlaceOrder& order, Guard guard) try {
  if (guard == Guard::row_lock) begin();
  std::string products;
  for (const auto& line : order.lines) {
    fmt::format_to(std::back_inserter(products), "{}{}", products.empty() ? "" : ",", line.product.value);
  }
  std::string query = rows::some_sales(products);
  if (guard == Guard::row_lock) query += " FOR UPDATE";
  Mysql& database = connected();
  auto row = database.query(query);
  Seen seen;
  while (row.next()) {
    Sale sale = rows::read_sale(row);
    const ProductId product = sale.terms.product;
    seen.sales.emplace(product, std::move(sale));
  }
  const Questions questions = questions_about(order, seen.sales);
  if (!questions.empty()) seen.known = ask(database, questions);
  return {Written::committed, std::move(seen), {}};
} catch (const MysqlError& error) {
  return {fate_of(error), {}, error.what()};
}

WriteResult MysqlSession::write(const Plan& plan, const Seen& seen, Guard guard, const Fences& fences) {
  WriteResult result;
  Round rows;
  try {
    if (!open_) begin();
    for (const auto& raise_of : plan.raises) {
      const Ledger to = raised(seen.sales.at(raise_of.product).ledger, raise_of);
      result.fate = raise(to, guard, fences);
      if (result.fate != Written::committed) {
        give_up();
        return result;
      }
      result.ledgers.push_back(to);
    }
    write_limits(plan, rows);
    write_orders(*connection_, plan, rows);
    (void)connection_->run(rows.packet, true);
  } catch (const MysqlError& error) {
    return {fate_of(error), {}, error.what()};
  }
  try {
    connection_->query("COMMIT");
    open_ = false;
    return result;
  } catch (const MysqlError& error) {
    if (error.is_deadlock()) return {fate_of(error), {}, error.what()};
    connection_.reset();
    open_ = false;
    return {Written::unknown, {}, error.what()};
  }
}

// committed: the row is written, within this transaction.
Written MysqlSession::raise(const Ledger& to, Guard guard, const Fences& fences) {
  const std::int64_t product = to.product.value;
  if (guard == Guard::row_lock || guard == Guard::nothing) {
    connection_->query(
        fmt::format("UPDATE stock_ledger SET committed = {}, version = version + 1 WHERE product_id = {}",
                    to.committed, product));
    return Written::committed;
  }
  const bool fenced = guard == Guard::fence;
  const std::int64_t fence = fenced ? fence_of(fences, to.product) : 0;
  const std::string set_fence = fenced ? fmt::format(", fence = {}", fence) : std::string();
  const std::string is_newest = fenced ? fmt::format(" AND fence < {}", fence) : std::string();
  const auto written = connection_->query(fmt::format(
      "UPDATE stock_ledger SET committed = {}, version = {}{} WHERE product_id = {} AND version = {}{}",
      to.committed, to.version, set_fence, product, to.version - 1, is_newest));
  if (written.affected() == 1) return Written::committed;
  if (!fenced) return Written::overtaken;
  auto row = connection_->query(fmt::format("SELECT fence FROM stock_ledger WHERE product_id = {}", product));
  return row.next() && row.integer(0) >= fence ? Written::fenced : Written::overtaken;
}

void MysqlSession::give_up() {
  if (!std::exchange(open_, false) || !connection_) return;
  try {
    connection_->query("ROLLBACK");
  } catch (const MysqlError&) {
    connection_.reset();  // the server rolls back what a connection leaves behind
  }
}

}  // namespace

std::unique_ptr<PlacementSession> open_mysql_session(const db::MysqlSettings& server, Clock& clock, Log log) {
  return std::make_unique<MysqlSession>(server, clock, std::move(log));
}

}  // namespace buyme::order
