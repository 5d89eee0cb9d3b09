// Reads of orders on the read pool, and the checkpoints. Each has connections of its own beside the writer's.
#include <fmt/format.h>

#include <mutex>

#include "core/log.hpp"
#include "order/rows_sqlite.hpp"
#include "order/store_sqlite.hpp"

namespace buyme::order {

namespace {

// One per pool thread in use; made when first needed, so that no thread waits for another's.
class Connections {
 public:
  explicit Connections(std::string path) : path_(std::move(path)) {}

  template <class Work>
  auto use(Work work) {
    std::unique_ptr<db::Sqlite> database = take();
    auto result = work(*database);
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
  SqliteOrderReads(const std::string& path, Pool& pool) : connections_(path), pool_(pool) {}

  Awaitable<Result<std::optional<Order>>> find(OrderId id) override {
    co_return co_await pool_.run([this, id] {
      return guarded<std::optional<Order>>([&] {
        return connections_.use([&](db::Sqlite& database) {
          auto row =
              database.prepare(fmt::format("SELECT {} FROM orders WHERE order_id=?", rows::order_columns));
          row.bind(1, id.value);
          std::optional<Order> order;
          if (row.step()) order = rows::read_order(row);
          row.reset();
          auto items = database.prepare(rows::items_of_order);
          if (order) rows::read_items(items, *order);
          return order;
        });
      });
    });
  }

  Awaitable<Result<OrderPage>> list(UserId user, std::optional<OrderId> before, std::size_t limit) override {
    co_return co_await pool_.run([this, user, before, limit] {
      return guarded<OrderPage>([&] {
        return connections_.use(
            [&](db::Sqlite& database) { return read_page(database, user, before, limit); });
      });
    });
  }

  Awaitable<Result<SoldOutMarks>> sold_out_marks(ProductId product) override {
    co_return co_await pool_.run([this, product] {
      return guarded<SoldOutMarks>([&] {
        return connections_.use([&](db::Sqlite& database) { return read_marks(database, product); });
      });
    });
  }

 private:
  static OrderPage read_page(db::Sqlite& database, UserId user, std::optional<OrderId> before,
                             std::size_t limit) {
    auto row = database.prepare(
        fmt::format("SELECT {} FROM orders WHERE {} order_id < ?1 ORDER BY order_id DESC LIMIT ?2",
                    rows::order_columns, user ? "user_id = ?3 AND" : ""));
    row.bind(1, before ? before->value : std::numeric_limits<std::int64_t>::max());
    row.bind(2, static_cast<std::int64_t>(limit) + 1);
    if (user) row.bind(3, user.value);
    OrderPage page;
    while (row.step()) page.orders.push_back(rows::read_order(row));
    if (page.orders.size() > limit) {
      page.orders.pop_back();
      page.next_before = page.orders.back().id;
    }
    auto items = database.prepare(rows::items_of_order);
    for (auto& order : page.orders) rows::read_items(items, order);
    return page;
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
};

}  // namespace

std::unique_ptr<OrderReads> make_sqlite_order_reads(const std::string& path, Pool& pool) {
  return std::make_unique<SqliteOrderReads>(path, pool);
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
