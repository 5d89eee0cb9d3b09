// The order database of a sale: in memory, or SQLite's own in memory.
#include <fmt/format.h>

#include <atomic>

#include "audit/rows_sqlite.hpp"
#include "order/store_sqlite.hpp"
#include "simulation/world.hpp"

namespace buyme::simulation {

namespace {

class MemoryBackend final : public OrderBackend {
 public:
  std::unique_ptr<order::OrderStore> open() override { return make_memory_order_store(database_); }
  std::unique_ptr<order::OrderReads> open_reads() override { return make_memory_order_reads(database_); }
  void add_to(audit::Books& books) override { database_.add_to(books); }
  std::size_t state_of(OrderId order) override {
    const auto* record = database_.find(order);
    return record == nullptr ? Coverage::no_order : static_cast<std::size_t>(record->row.order.status);
  }
  bool at_rest() override { return !database_.has_unpaid() && !database_.has_undelivered(); }
  std::function<order::CommitResult(const order::Plan&)> late_commits() override {
    return [this](const order::Plan& plan) { return database_.commit(plan); };
  }

 private:
  OrderDatabase database_;
};

// All connections of the process that name the same memdb share it; it lives as long as one is open.
std::string fresh_name() {
  static std::atomic<int> next{0};
  return fmt::format("file:/simulation-{}?vfs=memdb", next++);
}

class SqliteBackend final : public OrderBackend {
 public:
  std::unique_ptr<order::OrderStore> open() override {
    return order::make_sqlite_order_store(name_, make_null_log());
  }
  std::unique_ptr<order::OrderReads> open_reads() override {
    return order::make_sqlite_order_reads(name_, pool_);
  }
  void add_to(audit::Books& books) override { audit::read_order_rows(database_, books); }
  std::size_t state_of(OrderId order) override {
    auto row = database_.prepare("SELECT status FROM orders WHERE order_id=?");
    row.bind(1, order.value);
    return row.step() ? static_cast<std::size_t>(row.integer(0)) : Coverage::no_order;
  }
  bool at_rest() override {
    return database_.query_integer(
               "SELECT (SELECT count(*) FROM orders WHERE status IN (1, 2, 3))"
               " + (SELECT count(*) FROM refund_outbox WHERE delivered_at IS NULL)") == 0;
  }
  std::function<order::CommitResult(const order::Plan&)> late_commits() override { return nullptr; }

 private:
  std::string name_ = fresh_name();
  Pool pool_{"reads", 1, 64};
  db::Sqlite database_{name_, db::Access::read_write};
};

}  // namespace

std::unique_ptr<OrderBackend> make_memory_backend() {
  return std::make_unique<MemoryBackend>();
}

std::unique_ptr<OrderBackend> make_sqlite_backend() {
  auto backend = std::make_unique<SqliteBackend>();
  (void)backend->open();  // makes the tables
  return backend;
}

}  // namespace buyme::simulation
