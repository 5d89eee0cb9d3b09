// Servers that place orders by one strategy each over one database: the order path below HTTP, with threads.
#pragma once

#include "contract/stores.hpp"
#include "core/concurrent.hpp"
#include "db/sqlite.hpp"
#include "order/per_order.hpp"
#include "order/service.hpp"
#include "support/redis_loop.hpp"
#include "support/test_database.hpp"

namespace buyme::test {

using order::Outcome;
using order::PlaceOrder;
using order::Strategy;

struct PlacementKind {
  Strategy strategy = Strategy::group_commit;
  DatabaseKind database = DatabaseKind::sqlite;
};

inline void PrintTo(const PlacementKind& kind, std::ostream* out) {
  *out << order::to_string(kind.strategy);
}

inline StoreKind store_of(DatabaseKind database) {
  return database == DatabaseKind::sqlite ? sqlite_store() : mysql_store();
}

inline order::OpenSession sessions_of(DatabaseKind database, const TempDir& place, Clock& clock) {
  if (database == DatabaseKind::sqlite) {
    return [file = place.file("order.sqlite")] { return order::open_sqlite_session(file, make_null_log()); };
  }
  return [server = mysql_database(place), &clock] {
    return order::open_mysql_session(server, clock, make_null_log());
  };
}

// One server: threads, writer, placer. Its clock is the real one.
class PlacingServer {
 public:
  struct Options {
    const RedisServer* redis = nullptr;  // for Strategy::distributed
    Milliseconds lease = limits::lock_lease;
    Milliseconds deadline{20'000};  // long, so that a busy machine makes nobody give up
    std::function<order::OpenSession(order::OpenSession)> decorate;  // the sessions
  };

  PlacingServer(PlacementKind kind, const TempDir& place, Options options)
      : store_(store_of(kind.database).open(place)),
        reads_(store_of(kind.database).open_reads(place, pool_)) {
    const bool one_by_one = kind.strategy != Strategy::group_commit;
    order::WriterSettings settings;
    settings.shares_store = one_by_one || kind.database == DatabaseKind::mysql;
    writer_.emplace(settings, *store_, *reads_, *gate_, board_, *clock_, loop_.executor(),
                    std::vector<Executor>{loop_.executor()}, make_null_log());
    loop_.run(writer_->start());
    loop_.call([this] { asio::co_spawn(loop_.executor(), writer_->run(), asio::detached); });
    if (!one_by_one) return;
    order::PerOrderPlacer::LockPlace lock_place;
    if (kind.strategy == Strategy::distributed) {
      locks_.emplace(settings_for(*options.redis), *clock_, locking_.executor(), make_null_log(),
                     options.lease);
      locks_->start();
      lock_place = {&*locks_, locking_.executor()};
    }
    order::OpenSession open = sessions_of(kind.database, place, *clock_);
    if (options.decorate) open = options.decorate(std::move(open));
    order::PerOrderSettings each;
    each.strategy = kind.strategy;
    each.deadline = options.deadline;
    placer_.emplace(each, std::move(open), *writer_, lock_place, *clock_, Random(1, "placements"),
                    make_null_log());
  }
  ~PlacingServer() {
    if (placer_) placer_->stop();
    writer_->stop();
    loop_.stop();
    locking_.stop();
    pool_.stop();  // before what its reads read from
    locks_.reset();
  }

  // All at once; outcomes in their order.
  std::vector<Outcome> place(std::vector<PlaceOrder> orders) {
    std::vector<std::optional<Outcome>> outcomes(orders.size());
    std::vector<Awaitable<void>> works;
    for (std::size_t i = 0; i < orders.size(); ++i) works.push_back(keep(std::move(orders[i]), outcomes[i]));
    loop_.run(all(std::move(works)));
    std::vector<Outcome> answers;
    for (auto& outcome : outcomes) answers.push_back(std::move(*outcome));
    return answers;
  }
  Outcome place(PlaceOrder order) {
    std::vector<PlaceOrder> one;
    one.push_back(std::move(order));
    return std::move(place(std::move(one)).front());
  }
  Outcome submit(order::Command::What what) { return loop_.run(writer_->submit(std::move(what))); }
  // Places an order, and ends it again in another round of the writer.
  Awaitable<void> place_and_cancel(PlaceOrder order, int& canceled) {
    Outcome placed = co_await placer().place(std::move(order));
    if (!placed) co_return;
    order::MoveOrder move;
    move.order = placed->order.id;
    move.event = order::OrderEvent::cancel;
    move.caller = Caller::the_shop();
    order::Command::What what = std::move(move);
    const Outcome ended = co_await writer_->submit(std::move(what));
    if (ended) ++canceled;
  }
  template <class T>
  T run(Awaitable<T> coroutine) {
    return loop_.run(std::move(coroutine));
  }
  const order::StockBoard& board() const { return board_; }
  const order::PerOrderPlacer::Counters& counters() const { return placer_->counters(); }
  Loop& locking() { return locking_; }

 private:
  order::Placer& placer() {
    if (placer_) return *placer_;
    return *writer_;
  }
  Awaitable<void> keep(PlaceOrder order, std::optional<Outcome>& outcome) {
    outcome.emplace(co_await placer().place(std::move(order)));
  }

  std::unique_ptr<Clock> clock_ = make_system_clock();
  Loop loop_, locking_;
  Pool pool_{"reads", 1, 64};
  order::StockBoard board_;
  std::unique_ptr<stock::StockGate> gate_ = stock::make_local_gate();
  std::unique_ptr<order::OrderStore> store_;
  std::unique_ptr<order::OrderReads> reads_;
  std::optional<order::OrderWriter> writer_;
  std::optional<redis::Locks> locks_;
  std::optional<order::PerOrderPlacer> placer_;
};

class PlacementTest : public ::testing::TestWithParam<PlacementKind> {
 protected:
  PlacingServer& server() {
    if (!server_) server_.emplace(GetParam(), place, options());
    return *server_;
  }
  PlacingServer::Options options() {
    PlacingServer::Options wanted;
    if (GetParam().strategy == Strategy::distributed) {
      if (!redis_) redis_.emplace();
      wanted.redis = &*redis_;
    }
    return wanted;
  }

  void open_sale(std::int64_t product, Units total, std::optional<Units> limit = {},
                 order::SaleState state = order::SaleState::active) {
    order::PutTerms terms;
    terms.update.terms.product = ProductId{product};
    terms.update.terms.version = ++version_;
    terms.update.terms.price = 1'000;
    terms.update.terms.per_user_limit = limit;
    terms.update.terms.state = state;
    terms.update.total = total;
    const Outcome outcome = server().submit(std::move(terms));
    ASSERT_TRUE(outcome.has_value()) << outcome.error().detail;
  }
  static PlaceOrder buy(std::int64_t user, std::vector<order::OrderLine> lines, std::string key = {}) {
    PlaceOrder order;
    order.user = UserId{user};
    order.body_hash = static_cast<std::int64_t>(lines.size());
    order.lines = std::move(lines);
    order.key = std::move(key);
    return order;
  }
  static PlaceOrder buy(std::int64_t user, std::int64_t product, Units quantity = 1) {
    return buy(user, {{ProductId{product}, quantity}});
  }
  static std::vector<PlaceOrder> crowd(int buyers, std::int64_t product) {
    std::vector<PlaceOrder> orders;
    for (int i = 1; i <= buyers; ++i) orders.push_back(buy(i, product));
    return orders;
  }

  static int placed(const std::vector<Outcome>& outcomes) {
    return static_cast<int>(std::ranges::count_if(outcomes, [](const Outcome& o) { return o.has_value(); }));
  }
  static int refused(const std::vector<Outcome>& outcomes, Error error) {
    return static_cast<int>(std::ranges::count_if(
        outcomes, [&](const Outcome& o) { return !o.has_value() && o.error().error == error; }));
  }

  // Read past every layer under test.
  std::int64_t integer(const std::string& query) {
    if (GetParam().database == DatabaseKind::sqlite) {
      return db::Sqlite(place.file("order.sqlite"), db::Access::read_write).query_integer(query);
    }
    db::Mysql database(mysql_database(place));
    auto row = database.query(query);
    return row.next() ? row.integer(0) : 0;
  }
  Units committed(std::int64_t product) {
    return integer("SELECT committed FROM stock_ledger WHERE product_id = " + std::to_string(product));
  }
  Units live_items(std::int64_t product) {
    return integer("SELECT COALESCE(SUM(quantity), 0) FROM order_items WHERE status = 1 AND product_id = " +
                   std::to_string(product));
  }
  void expect_books(std::int64_t product, Units units) {
    EXPECT_EQ(committed(product), units) << "by the ledger";
    EXPECT_EQ(live_items(product), units) << "by the items";
  }

  TempDir place;
  std::optional<RedisServer> redis_;
  std::optional<PlacingServer> server_;
  std::int64_t version_ = 0;
};

inline std::string placement_name(const ::testing::TestParamInfo<PlacementKind>& info) {
  std::string name(order::to_string(info.param.strategy));
  std::ranges::replace(name, '-', '_');
  return name + (info.param.database == DatabaseKind::sqlite ? "_sqlite" : "_mysql");
}

}  // namespace buyme::test
