// Reads of orders on the read pool, over MySQL.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "db/reachability.hpp"
#include "order/rows_mysql.hpp"
#include "order/store_mysql.hpp"

namespace buyme::order {

namespace {

using db::Mysql;
using db::MysqlError;
using db::MysqlResult;

// One per pool thread in use; made when first needed, so that no thread waits for another's. The server ends
// those that rest for long: a lost one is replaced, once.
class Connections {
 public:
  explicit Connections(db::MysqlSettings server) : server_(std::move(server)) {}

  template <class Work>
  auto use(Work work) {
    for (bool again = false;; again = true) {
      try {
        std::unique_ptr<Mysql> connection = again ? nullptr : take();
        if (!connection && reachability_.is_away()) throw MysqlError(0, 0, "it cannot be reached");
        if (!connection)
          connection = reachability_.reach([this] { return std::make_unique<Mysql>(server_); });
        auto result = work(*connection);
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(connection));
        return result;
      } catch (const MysqlError& error) {
        if (!error.is_lost() || again) throw;
      }
    }
  }

 private:
  std::unique_ptr<Mysql> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  db::MysqlSettings server_;
  const std::unique_ptr<Clock> clock_ = make_system_clock();
  db::Reachability reachability_{*clock_};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Mysql>> idle_;
};

template <class T, class Work>
Result<T> guarded(Work work) {
  try {
    return work();
  } catch (const MysqlError& error) {
    return Failure(Error::store_unavailable, "The orders cannot be read right now. Repeat in a second.")
        .retry_in(std::chrono::seconds{1});
  }
}

std::vector<std::uint64_t> read_hashes(MysqlResult row, auto hash) {
  std::vector<std::uint64_t> hashes;
  while (row.next()) hashes.push_back(hash(row));
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

std::optional<Order> read_order(Mysql& database, OrderId id) {
  auto result = database.query(fmt::format("{} orders o {} WHERE o.order_id = {} ORDER BY i.order_item_id",
                                           rows::order_and_item, rows::with_items, id.value));
  auto found = rows::read_orders(result);
  if (found.empty()) return std::nullopt;
  return std::move(found.front().row.order);
}

OrderPage read_page(Mysql& database, const OrderQuery& query) {
  std::string where = "TRUE";
  if (query.user) where += fmt::format(" AND user_id = {}", query.user.value);
  if (query.before) where += fmt::format(" AND order_id < {}", query.before->value);
  if (query.status) where += fmt::format(" AND status = {}", static_cast<int>(*query.status));
  auto result = database.query(
      fmt::format("{} (SELECT * FROM orders FORCE INDEX ({}) WHERE {} ORDER BY order_id DESC LIMIT {}) o {}"
                  " ORDER BY o.order_id DESC, i.order_item_id",
                  rows::order_and_item, query.user ? "orders_by_user" : "PRIMARY", where, query.limit + 1,
                  rows::with_items));
  OrderPage page;
  for (auto& full : rows::read_orders(result)) page.orders.push_back(std::move(full.row.order));
  if (page.orders.size() > query.limit) {
    page.orders.pop_back();
    page.next_before = page.orders.back().id;
  }
  return page;
}

SoldOutMarks read_marks(Mysql& database, ProductId product) {
  SoldOutMarks marks;
  marks.keys =
      read_hashes(database.query(fmt::format("SELECT o.user_id, o.idempotency_key FROM order_items i"
                                             " JOIN orders o ON o.order_id = i.order_id"
                                             " WHERE i.product_id = {} AND o.idempotency_key IS NOT NULL",
                                             product.value)),
                  [](const MysqlResult& row) { return hash_key(UserId{row.integer(0)}, row.text(1)); });
  marks.holders =
      read_hashes(database.query(fmt::format(
                      "SELECT user_id FROM purchase WHERE product_id = {} AND units > 0", product.value)),
                  [](const MysqlResult& row) { return hash_user(UserId{row.integer(0)}); });
  return marks;
}

std::vector<OrderId> read_unpaid(Mysql& database, UserId user) {
  auto row =
      database.query(fmt::format("SELECT order_id FROM orders FORCE INDEX (orders_by_user)"
                                 " WHERE user_id = {} AND status IN (1, 2, 3) ORDER BY order_id",
                                 user.value));
  return rows::read_ids<OrderId>(row);
}

std::vector<OrderStep> read_steps(Mysql& database, OrderId order) {
  auto row = database.query(
      fmt::format("SELECT moved_at, from_status, to_status, actor, reason, order_item_id FROM order_history"
                  " WHERE order_id = {} ORDER BY step_id",
                  order.value));
  std::vector<OrderStep> steps;
  while (row.next()) {
    const OrderItemId item{row.integer(5)};
    const auto name = [&](unsigned column) {
      return item ? to_string(static_cast<ItemStatus>(row.integer(column)), OrderStatus::delivered)
                  : to_string(static_cast<OrderStatus>(row.integer(column)));
    };
    steps.push_back({from_unix_ms(row.integer(0)), item, name(1), name(2), UserId{row.integer(3)},
                     std::string(row.text(4))});
  }
  return steps;
}

std::vector<StockChange> read_stock_changes(Mysql& database, ProductId product,
                                            std::optional<std::int64_t> before, std::size_t limit) {
  auto row = database.query(
      fmt::format("SELECT change_id, changed_at, old_total, new_total, actor, reason FROM stock_history"
                  " WHERE product_id = {} AND change_id < {} ORDER BY change_id DESC LIMIT {}",
                  product.value, before.value_or(std::numeric_limits<std::int64_t>::max()), limit));
  std::vector<StockChange> changes;
  while (row.next()) {
    changes.push_back({row.integer(0), from_unix_ms(row.integer(1)), row.integer(2), row.integer(3),
                       UserId{row.integer(4)}, std::string(row.text(5))});
  }
  return changes;
}

class MysqlOrderReads final : public OrderReads {
 public:
  MysqlOrderReads(const db::MysqlSettings& server, Pool& pool, Pool& lists)
      : connections_(server), pool_(pool), lists_(lists) {}

  Awaitable<Result<std::optional<Order>>> find(OrderId id) override {
    return read<std::optional<Order>>([id](Mysql& database) { return read_order(database, id); });
  }
  Awaitable<Result<OrderPage>> list(OrderQuery query) override {
    Pool& pool = query.user ? pool_ : lists_;
    return read<OrderPage>([query](Mysql& database) { return read_page(database, query); }, pool);
  }
  Awaitable<Result<SoldOutMarks>> sold_out_marks(ProductId product) override {
    return read<SoldOutMarks>([product](Mysql& database) { return read_marks(database, product); });
  }
  Awaitable<Result<std::vector<OrderId>>> unpaid_orders(UserId user) override {
    return read<std::vector<OrderId>>([user](Mysql& database) { return read_unpaid(database, user); });
  }
  Awaitable<Result<std::vector<OrderStep>>> history(OrderId order) override {
    return read<std::vector<OrderStep>>([order](Mysql& database) { return read_steps(database, order); });
  }
  Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit) override {
    return read<std::vector<StockChange>>([product, before, limit](Mysql& database) {
      return read_stock_changes(database, product, before, limit);
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

  Connections connections_;
  Pool& pool_;
  Pool& lists_;
};

}  // namespace

std::unique_ptr<OrderReads> make_mysql_order_reads(const db::MysqlSettings& server, Pool& pool, Pool& lists) {
  return std::make_unique<MysqlOrderReads>(server, pool, lists);
}

}  // namespace buyme::order
