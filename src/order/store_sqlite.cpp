// One round is one transaction: BEGIN IMMEDIATE, moves, ledger, limits, orders and items, COMMIT (one fsync).
// Rules that the SQL below carries:
//  - Release only what you moved: a move is conditional on the order being as it was read and stamps it with
//    (writer, seq); what the ledger and the limits give back is computed from the rows that carry this stamp.
//  - Let the database refuse: the ledger's update has no stock predicate; an overrun violates the CHECK.
//  - Limits are rows, raised and lowered in the order's transaction.
#include "order/store_sqlite.hpp"

#include <fmt/format.h>

#include <set>

#include "db/sqlite.hpp"
#include "embedded/order_schema.hpp"
#include "embedded/order_schema_fence.hpp"
#include "embedded/order_schema_fulfilment.hpp"
#include "embedded/order_schema_lists.hpp"
#include "order/rows_sqlite.hpp"
#include "order/store_sqlite_parts.hpp"

namespace buyme::order {

namespace {

using db::SqliteError;
using db::Statement;

// Rows of this round: ?1 writer, ?2 seq, ?3 a JSON array of the orders it moved. A row that was paid before
// it died takes its units out of `sold` as well.
constexpr std::string_view stamped_units =
    "SELECT i.product_id AS product_id,"
    " SUM(CASE WHEN o.status IN (7, 8) THEN i.quantity ELSE 0 END) AS released_units,"
    " SUM(CASE WHEN o.status = 4 THEN i.quantity"
    "          WHEN o.status IN (7, 8) AND o.paid_at IS NOT NULL THEN -i.quantity ELSE 0 END) AS sold_units"
    " FROM json_each(?3) m JOIN orders o ON o.order_id = m.value JOIN order_items i USING (order_id)"
    " WHERE o.moved_writer = ?1 AND o.moved_seq = ?2 AND i.status = 1 GROUP BY i.product_id";

class SqliteOrderStore final : public OrderStore {
 public:
  SqliteOrderStore(const std::string& path, Log log);

  Awaitable<Result<std::int64_t>> next_writer_number() override { return reserve_numbers("writer", 1); }
  Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name, std::int64_t count) override;
  Awaitable<Result<std::vector<Sale>>> load_sales() override;
  Awaitable<Result<Known>> read(const Questions& questions) override;
  Awaitable<CommitResult> commit(const Plan& plan) override;
  Awaitable<Result<RoundFate>> settle(Stamp round) override;
  Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) override;
  Awaitable<Result<std::vector<OpenRefund>>> open_refunds(RefundId after, std::size_t limit) override;

 private:
  std::optional<OrderRow> order_row(OrderId order);
  std::optional<ReturnRow> return_row(const Questions::Return& question);

  std::string write_moves(const Plan& plan, Committed& committed);
  bool move(const Plan& plan, const OrderMove& move);
  void release(const Plan& plan, const std::string& moved);
  void write_raises(const Plan& plan);
  void read_ledgers(const Plan& plan, const std::string& moved, Committed& committed);
  void roll_back();

  template <class Work>
  auto guarded(std::string_view what, Work work) -> Result<decltype(work())> {
    try {
      return work();
    } catch (const SqliteError& error) {
      log_->error("{}: {}", what, error.what());
      return Failure(Error::store_unavailable, "The order store cannot be used right now.");
    }
  }

  Log log_;
  db::Sqlite database_;
  PlacementStatements placements_;
  Statement begin_, commit_, rollback_;
  Statement raise_ledger_, find_order_;
  Statement move_order_, insert_history_, insert_refund_, release_ledger_, release_limits_, cancel_items_;
  Statement find_products_, find_ledger_;
};

db::Sqlite open_order_database(const std::string& path) {
  static constexpr db::Migration migrations[] = {
      {1, "ledger, terms, orders", embedded::order_schema},
      {2, "shipping and returns", embedded::order_schema_fulfilment},
      {3, "lists by status", embedded::order_schema_lists},
      {4, "the fence of a ledger", embedded::order_schema_fence}};
  db::Sqlite database(path, db::Access::read_write);
  db::migrate(database, migrations);
  // Checkpoints are made by OrderCheckpointer; this is what holds if that thread cannot keep up.
  database.execute("PRAGMA wal_autocheckpoint=20000; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;");
  return database;
}

SqliteOrderStore::SqliteOrderStore(const std::string& path, Log log)
    : log_(std::move(log)),
      database_(open_order_database(path)),
      placements_(database_),
      begin_(database_.prepare("BEGIN IMMEDIATE")),
      commit_(database_.prepare("COMMIT")),
      rollback_(database_.prepare("ROLLBACK")),
      raise_ledger_(database_.prepare(
          "UPDATE stock_ledger SET committed = committed + ?2, version = version + 1 WHERE product_id = ?1"
          " AND ?3 = (SELECT version FROM sale_terms WHERE product_id = ?1)")),
      find_order_(database_.prepare(rows::order_row)),
      move_order_(database_.prepare(
          "UPDATE orders SET status=?1, hold_expires_at=?2, hold_extended=?3, settled_attempt_no=?4,"
          " paid_at=?5, paid_attempt_id=?6, moved_writer=?7, moved_seq=?8"
          " WHERE order_id=?9 AND status=?10 AND hold_extended=?11 AND settled_attempt_no=?12")),
      insert_history_(database_.prepare(
          "INSERT INTO order_history(order_id, moved_at, from_status, to_status, actor, reason)"
          " VALUES (?,?,?,?,?,?)")),
      insert_refund_(
          database_.prepare("INSERT INTO refund_outbox(order_id, attempt_id, amount) VALUES (?,?,?)")),
      release_ledger_(
          database_.prepare(fmt::format("UPDATE stock_ledger SET committed = committed - d.released_units,"
                                        " sold = sold + d.sold_units, version = version + 1"
                                        " FROM ({}) d WHERE stock_ledger.product_id = d.product_id",
                                        stamped_units))),
      release_limits_(database_.prepare(
          "UPDATE purchase SET units = units - d.released FROM"
          " (SELECT i.product_id AS product_id, o.user_id AS user_id, SUM(i.quantity) AS released"
          "  FROM json_each(?3) m JOIN orders o ON o.order_id = m.value JOIN order_items i USING (order_id)"
          "  WHERE o.moved_writer = ?1 AND o.moved_seq = ?2 AND o.status IN (7, 8)"
          "  AND i.status = 1 AND i.counted = 1 GROUP BY i.product_id, o.user_id) d"
          " WHERE purchase.product_id = d.product_id AND purchase.user_id = d.user_id")),
      cancel_items_(
          database_.prepare("UPDATE order_items SET status = 2 WHERE status = 1 AND order_id IN"
                            " (SELECT o.order_id FROM json_each(?3) m JOIN orders o ON o.order_id = m.value"
                            "  WHERE o.moved_writer = ?1 AND o.moved_seq = ?2 AND o.status IN (7, 8))")),
      find_products_(database_.prepare(
          "SELECT DISTINCT i.product_id FROM json_each(?) m JOIN order_items i ON i.order_id = m.value")),
      find_ledger_(
          database_.prepare("SELECT version, total, committed, sold FROM stock_ledger WHERE product_id=?")) {}

// --- reading

Awaitable<Result<std::int64_t>> SqliteOrderStore::reserve_numbers(std::string_view name, std::int64_t count) {
  co_return guarded("reserving numbers", [&] {
    db::Transaction transaction(database_);
    const std::int64_t first = take_numbers(database_, name, count);
    transaction.commit();
    return first;
  });
}

Awaitable<Result<std::vector<Sale>>> SqliteOrderStore::load_sales() {
  co_return guarded("reading the sales", [&] {
    Statement row = database_.prepare(rows::all_sales);
    std::vector<Sale> sales;
    while (row.step()) sales.push_back(rows::read_sale(row));
    return sales;
  });
}

Awaitable<Result<Known>> SqliteOrderStore::read(const Questions& questions) {
  co_return guarded("reading for a round", [&] {
    Known known;
    known.keys.reserve(questions.keys.size());
    known.limits.reserve(questions.limits.size());
    known.orders.reserve(questions.orders.size());
    for (const auto& question : questions.keys) known.keys.push_back(placements_.kept_order(question));
    for (const auto& question : questions.limits) known.limits.push_back(placements_.limit_row(question));
    for (const auto order : questions.orders) known.orders.push_back(order_row(order));
    for (const auto& question : questions.returns) known.returns.push_back(return_row(question));
    return known;
  });
}

std::optional<OrderRow> SqliteOrderStore::order_row(OrderId order) {
  find_order_.bind(1, order.value);
  std::optional<OrderRow> row;
  if (find_order_.step()) row = rows::read_order_row(find_order_);
  find_order_.reset();
  if (row) placements_.read_items(row->order);
  return row;
}

std::optional<ReturnRow> SqliteOrderStore::return_row(const Questions::Return& question) {
  const auto order = order_of_item(database_, question.item);
  auto row = order ? order_row(*order) : std::nullopt;
  if (!row) return std::nullopt;
  return ReturnRow{std::move(*row), kept_return(database_, *order, question.key)};
}

Awaitable<Result<std::vector<OrderId>>> SqliteOrderStore::lapsed_holds(Time now, std::size_t limit) {
  co_return guarded("reading lapsed holds", [&] {
    Statement rows = database_.prepare(
        "SELECT order_id FROM orders WHERE status IN (1, 2, 3) AND hold_expires_at <= ?"
        " ORDER BY hold_expires_at, order_id LIMIT ?");
    rows.bind(1, to_unix_ms(now)).bind(2, static_cast<std::int64_t>(limit));
    std::vector<OrderId> lapsed;
    while (rows.step()) lapsed.push_back(OrderId{rows.integer(0)});
    return lapsed;
  });
}

Awaitable<Result<std::vector<OpenRefund>>> SqliteOrderStore::open_refunds(RefundId after, std::size_t limit) {
  co_return guarded("reading the refund outbox", [&] {
    Statement rows = database_.prepare(
        "SELECT refund_id, order_id, attempt_id, amount FROM refund_outbox"
        " WHERE delivered_at IS NULL AND refund_id > ? ORDER BY refund_id LIMIT ?");
    rows.bind(1, after.value).bind(2, static_cast<std::int64_t>(limit));
    std::vector<OpenRefund> open;
    while (rows.step()) {
      open.push_back(
          {RefundId{rows.integer(0)}, OrderId{rows.integer(1)}, AttemptId{rows.integer(2)}, rows.integer(3)});
    }
    return open;
  });
}

// --- writing

Awaitable<CommitResult> SqliteOrderStore::commit(const Plan& plan) {
  Committed committed;
  try {
    begin_.run();
    write_terms(database_, plan);
    const std::string moved = write_moves(plan, committed);
    committed.shipped = advance_shipping(database_, plan);
    write_returns(database_, plan, committed);
    write_raises(plan);
    placements_.write_limits(plan);
    placements_.write_orders(plan);
    read_ledgers(plan, moved, committed);
    for (const auto& refund : plan.delivered_refunds) {
      Statement mark = database_.prepare("UPDATE refund_outbox SET delivered_at=? WHERE refund_id=?");
      mark.bind(1, to_unix_ms(plan.now)).bind(2, refund.value).run();
    }
    finish(commit_, log_);
    co_return committed;
  } catch (const TermsChanged& changed) {
    roll_back();
    co_return Rejected{Rejected::Why::constraint, changed.what()};
  } catch (const SqliteError& error) {
    roll_back();
    co_return Rejected{error.is_constraint() ? Rejected::Why::constraint : Rejected::Why::unavailable,
                       error.what()};
  }
}

void SqliteOrderStore::roll_back() {
  try {
    rollback_.run();
  } catch (const SqliteError&) {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
}

// A commit into a local file has taken, was refused, or has ended the process (finish()).
Awaitable<Result<RoundFate>> SqliteOrderStore::settle(Stamp) {
  throw std::logic_error("no commit of this store is ever unknown");
}

// Answers the orders whose move changes ledgers, as a JSON array.
std::string SqliteOrderStore::write_moves(const Plan& plan, Committed& committed) {
  std::string moved = "[";
  for (const auto& change : plan.moves) {
    if (!move(plan, change)) {
      committed.not_moved.push_back(change.order);
      continue;
    }
    if (!change.changes_ledgers()) continue;
    if (moved.size() > 1) moved += ',';
    fmt::format_to(std::back_inserter(moved), "{}", change.order.value);
  }
  moved += ']';
  if (moved.size() > 2) release(plan, moved);
  return moved;
}

bool SqliteOrderStore::move(const Plan& plan, const OrderMove& move) {
  move_order_.bind(1, static_cast<std::int64_t>(move.to)).bind(2, to_unix_ms(move.hold_expires_at));
  move_order_.bind(3, std::int64_t{move.hold_extended}).bind(4, move.settled_attempt_no);
  if (move.paid_at) {
    move_order_.bind(5, to_unix_ms(*move.paid_at)).bind(6, move.paid_attempt.value);
  } else {
    move_order_.bind_null(5).bind_null(6);
  }
  move_order_.bind(7, plan.stamp.writer).bind(8, plan.stamp.seq).bind(9, move.order.value);
  move_order_.bind(10, static_cast<std::int64_t>(move.from)).bind(11, std::int64_t{move.was_extended});
  move_order_.bind(12, move.was_settled_attempt_no).run();
  if (database_.changes() == 0) return false;

  insert_history_.bind(1, move.order.value).bind(2, to_unix_ms(plan.now));
  insert_history_.bind(3, static_cast<std::int64_t>(move.from)).bind(4, static_cast<std::int64_t>(move.to));
  insert_history_.bind(5, move.actor.value).bind(6, move.reason).run();
  if (move.refund > 0) {
    insert_refund_.bind(1, move.order.value).bind(2, move.paid_attempt.value).bind(3, move.refund).run();
  }
  return true;
}

void SqliteOrderStore::release(const Plan& plan, const std::string& moved) {
  for (Statement* statement : {&release_ledger_, &release_limits_, &cancel_items_}) {
    statement->bind(1, plan.stamp.writer).bind(2, plan.stamp.seq).bind(3, moved).run();
  }
}

void SqliteOrderStore::write_raises(const Plan& plan) {
  for (const auto& raise : plan.raises) {
    raise_ledger_.bind(1, raise.product.value).bind(2, raise.units).bind(3, raise.terms_version).run();
    if (database_.changes() != 1) throw TermsChanged(raise.product);
  }
}

// Every ledger that the plan touches, as this transaction leaves it.
void SqliteOrderStore::read_ledgers(const Plan& plan, const std::string& moved, Committed& committed) {
  std::set<ProductId> touched;
  for (const auto& change : plan.terms) touched.insert(change.update.terms.product);
  for (const auto& raise : plan.raises) touched.insert(raise.product);
  for (const auto& completion : plan.return_completions) touched.insert(completion.product);
  if (moved.size() > 2) {
    find_products_.bind(1, moved);
    while (find_products_.step()) touched.insert(ProductId{find_products_.integer(0)});
    find_products_.reset();
  }
  for (const auto product : touched) {
    find_ledger_.bind(1, product.value);
    if (find_ledger_.step()) {
      committed.ledgers.push_back({product, find_ledger_.integer(0), find_ledger_.integer(1),
                                   find_ledger_.integer(2), find_ledger_.integer(3)});
    }
    find_ledger_.reset();
  }
}

}  // namespace

std::unique_ptr<OrderStore> make_sqlite_order_store(const std::string& path, Log log) {
  return std::make_unique<SqliteOrderStore>(path, std::move(log));
}

}  // namespace buyme::order
