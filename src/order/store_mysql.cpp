// The writer's side of the order database on MySQL. A commit ends in one of four ways: it took; the database
// refused it, and it was rolled back; other transactions were in its way, and it is tried again; or the
// connection was lost, and only settle() can say.
#include "order/store_mysql.hpp"

#include <fmt/format.h>

#include <map>
#include <unordered_map>

#include "db/mysql_migrations.hpp"
#include "db/reachability.hpp"
#include "embedded/order_schema_defaults_mysql.hpp"
#include "embedded/order_schema_fence.hpp"
#include "embedded/order_schema_mysql.hpp"
#include "order/rows_mysql.hpp"
#include "order/store_mysql_parts.hpp"

namespace buyme::order {

namespace {

using db::Mysql;
using db::MysqlError;

constexpr db::Migration migrations[] = {
    {1, "ledger, terms, orders, shipping and returns", embedded::order_schema_mysql},
    {2, "the fence of a ledger", embedded::order_schema_fence},
    {3, "what a new order begins with", embedded::order_schema_defaults_mysql}};

// A cluster certifies transactions against those of its other nodes, which a packet does not survive.
bool is_galera(Mysql& database) {
  auto row = database.query("SHOW GLOBAL VARIABLES LIKE 'wsrep_on'");
  return row.next() && row.text(1) == "ON";
}

class MysqlOrderStore final : public OrderStore {
 public:
  MysqlOrderStore(const MysqlOrderSettings& settings, Clock& clock, Random random, Log log)
      : server_(settings.server), clock_(clock), random_(random), log_(std::move(log)) {
    db::migrate(server_, migrations);
    Mysql& database = connected();
    db::require_durable(database);
    one_by_one_ = settings.one_by_one || is_galera(database);
  }

  Awaitable<Result<std::int64_t>> next_writer_number() override { return reserve_numbers("writer", 1); }
  Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name, std::int64_t count) override;
  Awaitable<Result<std::vector<Sale>>> load_sales() override;
  Awaitable<Result<Known>> read(const Questions& questions) override;
  Awaitable<CommitResult> commit(const Plan& plan) override;
  Awaitable<Result<RoundFate>> settle(Stamp round) override;
  Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) override;
  Awaitable<Result<std::vector<OpenRefund>>> open_refunds(RefundId after, std::size_t limit) override;

 private:
  Mysql& connected();
  template <class Work>
  auto guarded(std::string_view what, Work work) -> Result<decltype(work(std::declval<Mysql&>()))>;

  std::optional<CommitResult> try_to_commit(const Plan& plan, bool last);
  std::optional<CommitResult> judge(const MysqlError& error, const Round& round, bool last);
  void roll_back();
  RoundFate fate_of(Stamp round);

  db::MysqlSettings server_;
  Clock& clock_;
  Random random_;
  Log log_;
  bool one_by_one_ = false;
  std::unique_ptr<Mysql> connection_;  // none: make one when it is needed
  db::Reachability reachability_{clock_};
  Monotonic used_at_{};
};

// A connection that rested may have been ended by the server: what is sent to it would be lost, and a round's
// fate would have to be asked for.
Mysql& MysqlOrderStore::connected() {
  const Monotonic now = clock_.monotonic();
  if (connection_ && now - used_at_ > limits::database_rest && !connection_->answers()) connection_.reset();
  if (!connection_) {
    connection_ = reachability_.reach([this] {
      auto made = std::make_unique<Mysql>(server_);
      made->query(create_round_move);
      return made;
    });
  }
  used_at_ = now;
  return *connection_;
}

// For what may be done twice: a lost connection is made anew, once, unless the server has been silent for as
// long as it may be: this is the writer's thread, and buyers wait behind it.
template <class Work>
auto MysqlOrderStore::guarded(std::string_view what, Work work)
    -> Result<decltype(work(std::declval<Mysql&>()))> {
  for (bool again = false;; again = true) {
    const Failure unusable(Error::store_unavailable, "The order store cannot be used right now.");
    if (!connection_ && reachability_.is_away()) return unusable;
    const Monotonic asked = clock_.monotonic();
    try {
      return work(connected());
    } catch (const MysqlError& error) {
      if (error.is_lost()) connection_.reset();
      const bool silent = clock_.monotonic() - asked >= limits::database_connect_timeout;
      if (error.is_lost() && !silent && !again) continue;
      log_->error("{}: {}", what, error.what());
      return unusable;
    }
  }
}

// --- reading

// An answer that gets lost costs a block of numbers.
Awaitable<Result<std::int64_t>> MysqlOrderStore::reserve_numbers(std::string_view name, std::int64_t count) {
  co_return guarded("reserving numbers",
                    [&](Mysql& database) { return take_numbers(database, name, count); });
}

Awaitable<Result<std::vector<Sale>>> MysqlOrderStore::load_sales() {
  co_return guarded("reading the sales", [](Mysql& database) {
    auto row = database.query(rows::all_sales);
    std::vector<Sale> sales;
    while (row.next()) sales.push_back(rows::read_sale(row));
    return sales;
  });
}

// One packet asks all questions of a round; the answers are sorted to them here.
class Interview {
 public:
  Interview(const Mysql& database, const Questions& questions) : questions_(questions) {
    if (!questions.keys.empty()) keys_ = packet_.add(keys_query(database));
    if (!questions.limits.empty()) limits_ = packet_.add(limits_query());
    std::string items;
    for (const auto& question : questions.returns) {
      items += fmt::format("{}{}", items.empty() ? "" : ",", question.item.value);
      if (!question.key.empty()) kept_returns_.push_back(packet_.add(kept_return_query(database, question)));
    }
    if (!questions.orders.empty()) orders_ = packet_.add(orders_query(rows::list_of(questions.orders)));
    if (!items.empty()) {
      returns_ = packet_.add(orders_query(
          fmt::format("SELECT r.order_id FROM order_items r WHERE r.order_item_id IN ({})", items)));
    }
  }

  Known ask(Mysql& database) {
    auto results = database.run(packet_);
    Known known;
    known.keys.resize(questions_.keys.size());
    known.limits.resize(questions_.limits.size());
    known.orders.resize(questions_.orders.size());
    known.returns.resize(questions_.returns.size());
    if (keys_) read_keys(results[*keys_], known);
    if (limits_) read_limits(results[*limits_], known);
    if (orders_) read_orders(results[*orders_], known);
    if (returns_) read_returns(results, known);
    return known;
  }

 private:
  std::string keys_query(const Mysql& database) const {
    std::string any;
    for (const auto& [user, key] : questions_.keys) {
      fmt::format_to(std::back_inserter(any), "{}(o.user_id = {} AND o.idempotency_key = {})",
                     any.empty() ? "" : " OR ", user.value, database.quote(key));
    }
    return fmt::format(
        "{} orders o FORCE INDEX (orders_by_key) {} WHERE {} ORDER BY o.order_id, i.order_item_id",
        rows::order_and_item, rows::with_items, any);
  }
  std::string limits_query() const {
    std::map<ProductId, std::vector<UserId>> users;
    for (const auto& [product, user] : questions_.limits) users[product].push_back(user);
    std::string any;
    for (const auto& [product, list] : users) {
      fmt::format_to(std::back_inserter(any), "{}(p.product_id = {} AND p.user_id IN ({}))",
                     any.empty() ? "" : " OR ", product.value, rows::list_of(list));
    }
    return fmt::format(
        "SELECT p.product_id, p.user_id, p.units, CASE WHEN o.status IN (1, 2, 3) THEN o.order_id END"
        " FROM purchase p LEFT JOIN orders o ON o.order_id = p.last_order WHERE {}",
        any);
  }
  // `list`: numbers, or a query for them.
  static std::string orders_query(std::string_view list) {
    return fmt::format("{} orders o {} WHERE o.order_id IN ({}) ORDER BY o.order_id, i.order_item_id",
                       rows::order_and_item, rows::with_items, list);
  }

  void read_keys(db::MysqlResult& result, Known& known) const {
    std::map<std::pair<UserId, std::string_view>, const rows::FullOrder*> found;
    const auto kept = rows::read_orders(result);
    for (const auto& full : kept) found[{full.row.order.user, full.key}] = &full;
    for (std::size_t i = 0; i < questions_.keys.size(); ++i) {
      const auto at = found.find({questions_.keys[i].user, questions_.keys[i].key});
      if (at != found.end()) known.keys[i] = Known::KeptOrder{at->second->row.order, at->second->body_hash};
    }
  }
  void read_limits(db::MysqlResult& row, Known& known) const {
    std::map<std::pair<ProductId, UserId>, Known::LimitRow> found;
    while (row.next()) {
      found[{ProductId{row.integer(0)}, UserId{row.integer(1)}}] = {row.integer(2), OrderId{row.integer(3)}};
    }
    for (std::size_t i = 0; i < questions_.limits.size(); ++i) {
      const auto at = found.find({questions_.limits[i].product, questions_.limits[i].user});
      if (at != found.end()) known.limits[i] = at->second;
    }
  }
  void read_orders(db::MysqlResult& result, Known& known) const {
    std::unordered_map<OrderId, OrderRow> found;
    for (auto& full : rows::read_orders(result)) found.emplace(full.row.order.id, std::move(full.row));
    for (std::size_t i = 0; i < questions_.orders.size(); ++i) {
      const auto at = found.find(questions_.orders[i]);
      if (at != found.end()) known.orders[i] = at->second;
    }
  }
  void read_returns(std::vector<db::MysqlResult>& results, Known& known) const {
    std::unordered_map<OrderItemId, OrderRow> order_of;
    for (const auto& full : rows::read_orders(results[*returns_])) {
      for (const auto& item : full.row.order.items) order_of.emplace(item.id, full.row);
    }
    auto kept = kept_returns_.begin();
    for (std::size_t i = 0; i < questions_.returns.size(); ++i) {
      const auto& [item, key] = questions_.returns[i];
      db::MysqlResult* row = key.empty() ? nullptr : &results[*kept++];
      const auto at = order_of.find(item);
      if (at == order_of.end()) continue;
      ReturnRow& answer = known.returns[i].emplace(ReturnRow{at->second, std::nullopt});
      if (row != nullptr && row->next()) {
        answer.kept = ReturnRow::Kept{OrderItemId{row->integer(0)}, row->integer(1)};
      }
    }
  }

  const Questions& questions_;
  db::MysqlPacket packet_;
  std::optional<std::size_t> keys_, limits_, orders_, returns_;  // where the answers stand
  std::vector<std::size_t> kept_returns_;                        // of each return with a key
};

Awaitable<Result<Known>> MysqlOrderStore::read(const Questions& questions) {
  if (questions.empty()) co_return Known{};
  co_return guarded("reading for a round", [&](Mysql& database) { return ask(database, questions); });
}

Awaitable<Result<std::vector<OrderId>>> MysqlOrderStore::lapsed_holds(Time now, std::size_t limit) {
  co_return guarded("reading lapsed holds", [&](Mysql& database) {
    auto row =
        database.query(fmt::format("SELECT order_id FROM orders FORCE INDEX (orders_by_due)"
                                   " WHERE phase = 1 AND due <= {} ORDER BY due, order_id LIMIT {}",
                                   to_unix_ms(now), limit));
    return rows::read_ids<OrderId>(row);
  });
}

Awaitable<Result<std::vector<OpenRefund>>> MysqlOrderStore::open_refunds(RefundId after, std::size_t limit) {
  co_return guarded("reading the refund outbox", [&](Mysql& database) {
    auto row = database.query(
        fmt::format("SELECT refund_id, order_id, attempt_id, amount FROM refund_outbox"
                    " WHERE delivered_at IS NULL AND refund_id > {} ORDER BY refund_id LIMIT {}",
                    after.value, limit));
    std::vector<OpenRefund> open;
    while (row.next()) {
      open.push_back(
          {RefundId{row.integer(0)}, OrderId{row.integer(1)}, AttemptId{row.integer(2)}, row.integer(3)});
    }
    return open;
  });
}

// --- writing

Awaitable<CommitResult> MysqlOrderStore::commit(const Plan& plan) {
  for (int tries = 1;; ++tries) {
    auto result = try_to_commit(plan, tries == limits::contended_tries);
    if (result) co_return std::move(*result);
    constexpr auto most = std::chrono::nanoseconds{limits::contended_pause}.count();
    const std::chrono::nanoseconds pause(random_.below(static_cast<std::uint64_t>(most)));
    co_await clock_.sleep_for(pause);
  }
}

// nullopt: others were in the way, everything is undone, and it may be tried again.
std::optional<CommitResult> MysqlOrderStore::try_to_commit(const Plan& plan, bool last) {
  auto prepared = guarded("preparing a round", [&](Mysql& database) {
    return write_round(database, plan, look_around(database, plan));
  });
  if (!prepared) return Rejected{Rejected::Why::unavailable, prepared.error().detail};
  try {
    auto results = connection_->run(prepared->packet, one_by_one_);
    return read_round(*prepared, results);
  } catch (const MysqlError& error) {
    return judge(error, *prepared, last);
  }
}

// An answer to a statement says that it was not run, and that none behind it was. No answer says nothing, and
// an error at COMMIT may have come after it took.
std::optional<CommitResult> MysqlOrderStore::judge(const MysqlError& error, const Round& round, bool last) {
  if (error.is_lost() || (error.statement() == round.commit && !error.is_deadlock())) {
    connection_.reset();
    return Unknown{error.what()};
  }
  roll_back();
  if (error.is_contended() && !last) {
    log_->debug("others hold what a round needs ({}); it is tried again", error.what());
    return std::nullopt;
  }
  const auto why = error.is_constraint() ? Rejected::Why::constraint : Rejected::Why::unavailable;
  return Rejected{why, fmt::format("statement {}: {}", error.statement(), error.what())};
}

void MysqlOrderStore::roll_back() {
  try {
    connection_->query("ROLLBACK");
  } catch (const MysqlError&) {
    connection_.reset();  // the server rolls back what a connection leaves behind
  }
}

// On a connection that has not seen the round. While the round's transaction is still open its row is locked,
// and this is refused until it is known which of the two came first.
Awaitable<Result<RoundFate>> MysqlOrderStore::settle(Stamp round) {
  co_return guarded("settling a round", [&](Mysql&) { return fate_of(round); });
}

RoundFate MysqlOrderStore::fate_of(Stamp round) {
  const auto [writer, seq] = round;
  try {
    connection_->query(
        fmt::format("INSERT INTO writer_batch(writer, seq, burned) VALUES ({}, {}, 1)", writer, seq));
    return RoundFate::dead;
  } catch (const MysqlError& error) {
    if (!error.is_duplicate()) throw;
  }
  auto row = connection_->query(
      fmt::format("SELECT burned FROM writer_batch WHERE writer = {} AND seq = {}", writer, seq));
  if (!row.next()) throw std::logic_error("the row of a round has gone");
  return row.integer(0) == 0 ? RoundFate::committed : RoundFate::dead;
}

}  // namespace

std::int64_t take_numbers(db::Mysql& database, std::string_view name, std::int64_t count) {
  const auto taken =
      database.query(fmt::format("UPDATE number_block SET next = LAST_INSERT_ID(next) + {} WHERE name = {}",
                                 count, database.quote(name)));
  if (taken.affected() != 1) throw std::logic_error("no number block of this name");
  return taken.insert_id();
}

Known ask(db::Mysql& database, const Questions& questions) {
  return Interview(database, questions).ask(database);
}

std::unique_ptr<OrderStore> make_mysql_order_store(const MysqlOrderSettings& settings, Clock& clock,
                                                   Random random, Log log) {
  return std::make_unique<MysqlOrderStore>(settings, clock, random, std::move(log));
}

}  // namespace buyme::order
