// Reads of orders on the read pool, and the checkpoints. Each has connections of its own beside the writer's.
#include <fmt/format.h>

#include <mutex>

#include "core/log.hpp"
#include "order/rows_sqlite.hpp"
#include "order/store_sqlite.hpp"

namespace buyme::order {

namespace {

constexpr std::string_view newest_order = "SELECT MAX(order_id) FROM orders";
constexpr std::string_view oldest_unpaid =
    "SELECT COALESCE(MIN(order_id), 9223372036854775807) FROM orders INDEXED BY orders_by_hold WHERE status "
    "IN (1, 2, 3)";

// One per pool thread in use; made when first needed, so that no thread waits for another's.
class Connections {
 public:
  explicit Connections(std::string path) : path_(std::move(path)) {}

  // In one read transaction: what belongs together is of one moment, and many statements cost the file locks
  // of one. A connection whose work throws is closed.
  template <class Work>
  auto use(Work work) {
    std::unique_ptr<db::Sqlite> database = take();
    database->execute("BEGIN");
    auto result = work(*database);
    database->execute("COMMIT");
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(database));
    return result;
  }

 private:
  std::unique_ptr<db::Sqlite> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto database = std::move(idle_.back());
        idle_.pop_back();
        return database;
      }
    }
    return std::make_unique<db::Sqlite>(path_, db::Access::read_only);
  }

  std::string path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<db::Sqlite>> idle_;
};

template <class T, class Work>
Result<T> guarded(Work work) {
  try {
    return work();
  } catch (const db::SqliteError& error) {
    return Failure(Error::store_unavailable, "The orders cannot be read right now. Repeat in a second.")
        .retry_in(std::chrono::seconds{1});
  }
}

void read_hashes(db::Statement& rows, std::vector<std::uint64_t>& hashes, auto hash) {
  while (rows.step()) hashes.push_back(hash(rows));
  std::sort(hashes.begin(), hashes.end());
}

class SqliteOrderReads final : public OrderReads {
 public:
  SqliteOrderReads(const std::string& path, Pool& pool, Pool& lists)
      : connections_(path), pool_(pool), lists_(lists) {}

  Awaitable<Result<std::optional<Order>>> find(OrderId id) override {
    return read<std::optional<Order>>([id](db::Sqlite& database) {
      auto row = database.prepare(fmt::format("SELECT {} FROM orders WHERE order_id=?", rows::order_columns));
      row.bind(1, id.value);
      std::optional<Order> order;
      if (row.step()) order = rows::read_order(row);
      row.reset();
      auto items = database.prepare(rows::items_of_order);
      if (order) rows::read_items(items, *order);
      return order;
    });
  }

  Awaitable<Result<OrderPage>> list(OrderQuery query) override {
    Pool& pool = query.user ? pool_ : lists_;
    return read<OrderPage>([query](db::Sqlite& database) { return read_page(database, query); }, pool);
  }

  Awaitable<Result<SoldOutMarks>> sold_out_marks(ProductId product) override {
    return read<SoldOutMarks>([product](db::Sqlite& database) { return read_marks(database, product); });
  }

  Awaitable<Result<std::vector<OrderId>>> unpaid_orders(UserId user) override {
    return read<std::vector<OrderId>>([user](db::Sqlite& database) {
      auto row = database.prepare(
          "SELECT order_id FROM orders INDEXED BY orders_by_hold WHERE status IN (1, 2, 3) AND user_id = ?"
          " ORDER BY order_id");
      row.bind(1, user.value);
      std::vector<OrderId> orders;
      while (row.step()) orders.push_back(OrderId{row.integer(0)});
      return orders;
    });
  }

  Awaitable<Result<std::vector<OrderStep>>> history(OrderId order) override {
    return read<std::vector<OrderStep>>([order](db::Sqlite& database) {
      auto row = database.prepare(
          "SELECT moved_at, from_status, to_status, actor, reason, order_item_id FROM order_history WHERE "
          "order_id=?"
          " ORDER BY rowid");
      row.bind(1, order.value);
      std::vector<OrderStep> steps;
      while (row.step()) steps.push_back(rows::read_step(row));
      return steps;
    });
  }

  Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit) override {
    return read<std::vector<StockChange>>([product, before, limit](db::Sqlite& database) {
      auto row = database.prepare(
          "SELECT rowid, changed_at, old_total, new_total, actor, reason FROM stock_history"
          " WHERE product_id=? AND rowid < ? ORDER BY rowid DESC LIMIT ?");
      row.bind(1, product.value).bind(2, before.value_or(std::numeric_limits<std::int64_t>::max()));
      row.bind(3, static_cast<std::int64_t>(limit));
      std::vector<StockChange> changes;
      while (row.step()) changes.push_back(rows::read_stock_change(row));
      return changes;
    });
  }

 private:
  // On a pool thread, with a connection of its own.
  template <class T, class Query>
  Awaitable<Result<T>> read(Query query) {
    return read<T>(std::move(query), pool_);
  }
  template <class T, class Query>
  Awaitable<Result<T>> read(Query query, Pool& pool) {
    auto work = [this, query = std::move(query)] {
      return guarded<T>([&] { return connections_.use(query); });
    };
    co_return co_await pool.run(std::move(work));
  }

  // 0: any
  static std::int64_t status_of(const OrderQuery& query) {
    return query.status ? static_cast<std::int64_t>(*query.status) : 0;
  }

  // By the key or by an index in its order, so that a page reads little more than it shows.
  static void read_orders_of_all(db::Sqlite& database, const OrderQuery& query, std::int64_t below,
                                 std::vector<Order>& orders) {
    std::string_view condition = "WHERE";
    if (query.status) condition = "INDEXED BY orders_by_status WHERE status <> 1 AND status = ?4 AND";
    if (query.status == OrderStatus::pending) condition = "NOT INDEXED WHERE status = ?4 AND";
    auto row = database.prepare(fmt::format(
        "SELECT {} FROM orders {} order_id >= ?1 AND order_id < ?2 ORDER BY order_id DESC LIMIT ?3",
        rows::order_columns, condition));
    const auto read = [&](std::int64_t from, std::int64_t to) {
      row.bind(1, from).bind(2, to).bind(3, static_cast<std::int64_t>(query.limit + 1 - orders.size()));
      if (query.status) row.bind(4, status_of(query));
      while (row.step()) orders.push_back(rows::read_order(row));
      row.reset();
    };
    if (query.status != OrderStatus::pending) return read(0, below);
    // In no index by status, which placing would have to keep: they are among the newest, and none is older
    // than the oldest that is not paid.
    const std::int64_t newest = std::max<std::int64_t>(0, below - rows::orders_per_stretch);
    read(newest, below);
    if (orders.size() <= query.limit) read(database.query_integer(oldest_unpaid), newest);
  }

  static OrderPage read_page(db::Sqlite& database, const OrderQuery& query) {
    OrderPage page;
    const std::int64_t below = query.before ? query.before->value : database.query_integer(newest_order) + 1;
    if (query.user) {
      read_orders_of_user(database, query, below, page.orders);
    } else {
      read_orders_of_all(database, query, below, page.orders);
    }
    if (page.orders.size() > query.limit) {
      page.orders.pop_back();
      page.next_before = page.orders.back().id;
    }
    auto items = database.prepare(rows::items_of_order);
    for (auto& order : page.orders) rows::read_items(items, order);
    return page;
  }

  // Stretch by stretch of the index orders_by_user, newest first: one look-up each. One more than a page.
  static void read_orders_of_user(db::Sqlite& database, const OrderQuery& query, std::int64_t below,
                                  std::vector<Order>& orders) {
    const std::size_t limit = query.limit + 1;
    auto row = database.prepare(
        fmt::format("SELECT {} FROM orders WHERE order_id / {} = ?1 AND user_id = ?2 AND order_id < ?3"
                    " AND (?5 = 0 OR status = ?5) ORDER BY order_id DESC LIMIT ?4",
                    rows::order_columns, rows::orders_per_stretch));
    below = std::min(below, database.query_integer(newest_order) + 1);
    for (std::int64_t stretch = below / rows::orders_per_stretch; stretch >= 0 && orders.size() < limit;
         --stretch) {
      row.bind(1, stretch)
          .bind(2, query.user.value)
          .bind(5, status_of(query))
          .bind(3, below)
          .bind(4, static_cast<std::int64_t>(limit - orders.size()));
      while (row.step()) orders.push_back(rows::read_order(row));
      row.reset();
    }
  }

  static SoldOutMarks read_marks(db::Sqlite& database, ProductId product) {
    SoldOutMarks marks;
    auto keys = database.prepare(
        "SELECT o.user_id, o.idempotency_key FROM order_items i JOIN orders o ON o.order_id = i.order_id"
        " WHERE i.product_id=? AND o.idempotency_key IS NOT NULL");
    keys.bind(1, product.value);
    read_hashes(keys, marks.keys,
                [](const db::Statement& row) { return hash_key(UserId{row.integer(0)}, row.text(1)); });
    auto holders = database.prepare("SELECT user_id FROM purchase WHERE product_id=? AND units > 0");
    holders.bind(1, product.value);
    read_hashes(holders, marks.holders,
                [](const db::Statement& row) { return hash_user(UserId{row.integer(0)}); });
    return marks;
  }

  Connections connections_;
  Pool& pool_;
  Pool& lists_;
};

}  // namespace

std::unique_ptr<OrderReads> make_sqlite_order_reads(const std::string& path, Pool& pool, Pool& lists) {
  return std::make_unique<SqliteOrderReads>(path, pool, lists);
}

struct OrderCheckpointer::State {
  db::Sqlite database;
};

OrderCheckpointer::OrderCheckpointer(const std::string& path)
    : state_(std::make_unique<State>(State{db::Sqlite(path, db::Access::read_write)})) {}

OrderCheckpointer::~OrderCheckpointer() = default;

std::int64_t OrderCheckpointer::checkpoint() {
  auto statement = state_->database.prepare("PRAGMA wal_checkpoint(PASSIVE)");
  std::int64_t left = 0;
  if (statement.step()) left = statement.integer(1) - statement.integer(2);
  statement.reset();
  return left;
}

}  // namespace buyme::order
