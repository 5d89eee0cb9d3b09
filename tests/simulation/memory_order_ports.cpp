// The two ports over an order database in memory.
#include <algorithm>

#include "order/states.hpp"
#include "simulation/memory_orders.hpp"

namespace buyme::simulation {

class MemoryOrderStore final : public order::OrderStore {
 public:
  explicit MemoryOrderStore(OrderDatabase& database) : database_(database) {}

  Awaitable<Result<std::int64_t>> next_writer_number() override { return reserve_numbers("writer", 1); }

  Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name, std::int64_t count) override {
    std::int64_t& next = database_.numbers_.find(name)->second;
    const std::int64_t first = std::exchange(next, next + count);
    co_return first;
  }

  Awaitable<Result<std::vector<order::Sale>>> load_sales() override {
    std::vector<order::Sale> sales;
    sales.reserve(database_.sales_.size());
    for (const auto& [product, sale] : database_.sales_) sales.push_back(sale);
    co_return sales;
  }

  Awaitable<Result<order::Known>> read(const order::Questions& questions) override {
    order::Known known;
    known.keys.reserve(questions.keys.size());
    for (const auto& question : questions.keys) {
      auto& kept = known.keys.emplace_back();
      const auto found = database_.keys_.find(std::pair{question.user, std::string(question.key)});
      if (found == database_.keys_.end()) continue;
      const auto& record = database_.orders_.at(found->second);
      kept.emplace(order::Known::KeptOrder{record.row.order, record.body_hash});
    }
    for (const auto& question : questions.limits) {
      order::Known::LimitRow& row = known.limits.emplace_back();
      const auto found = database_.purchases_.find({question.product, question.user});
      if (found == database_.purchases_.end()) continue;
      row.units = found->second.units;
      const auto* last = database_.find(found->second.last_order);
      if (last != nullptr && order::is_unpaid(last->row.order.status))
        row.open_order = found->second.last_order;
    }
    for (const auto id : questions.orders) {
      auto& row = known.orders.emplace_back();
      if (const auto* record = database_.find(id)) row = record->row;
    }
    for (const auto& question : questions.returns) known.returns.push_back(return_row(question));
    co_return known;
  }

  Awaitable<order::CommitResult> commit(const order::Plan& plan) override {
    co_return database_.commit(plan);
  }

  Awaitable<Result<order::RoundFate>> settle(order::Stamp round) override {
    co_return database_.settle(round);
  }

  Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) override {
    std::vector<OrderId> lapsed;
    for (const auto& [hold, id] : database_.unpaid_) {
      if (hold > now || lapsed.size() == limit) break;
      lapsed.push_back(id);
    }
    co_return lapsed;
  }

  Awaitable<Result<std::vector<order::OpenRefund>>> open_refunds(RefundId after, std::size_t limit) override {
    std::vector<order::OpenRefund> open;
    for (const auto& row : database_.outbox_) {
      if (database_.undelivered_ == 0 || open.size() == limit) break;
      if (!row.delivered && row.refund.id > after) open.push_back(row.refund);
    }
    co_return open;
  }

 private:
  std::optional<order::ReturnRow> return_row(const order::Questions::Return& question) const {
    const auto order = database_.items_.find(question.item);
    const auto* record = order == database_.items_.end() ? nullptr : database_.find(order->second);
    if (record == nullptr) return std::nullopt;
    const auto& items = record->row.order.items;
    if (std::ranges::find(items, question.item, &order::OrderItem::id) == items.end()) return std::nullopt;
    order::ReturnRow row{record->row, std::nullopt};
    const auto kept = record->returns.find(question.key);
    if (!question.key.empty() && kept != record->returns.end()) row.kept = kept->second;
    return row;
  }

  OrderDatabase& database_;
};

class MemoryOrderReads final : public order::OrderReads {
 public:
  explicit MemoryOrderReads(OrderDatabase& database) : database_(database) {}

  Awaitable<Result<std::optional<order::Order>>> find(OrderId id) override {
    const auto* record = database_.find(id);
    co_return record == nullptr ? std::nullopt : std::optional(record->row.order);
  }

  Awaitable<Result<order::OrderPage>> list(order::OrderQuery query) override {
    order::OrderPage page;
    auto at = query.before ? database_.orders_.lower_bound(*query.before) : database_.orders_.end();
    while (at != database_.orders_.begin() && page.orders.size() <= query.limit) {
      const order::Order& placed = (--at)->second.row.order;
      const bool wanted =
          (!query.user || placed.user == query.user) && (!query.status || placed.status == *query.status);
      if (wanted) page.orders.push_back(placed);
    }
    if (page.orders.size() > query.limit) {
      page.orders.pop_back();
      page.next_before = page.orders.back().id;
    }
    co_return page;
  }

  Awaitable<Result<order::SoldOutMarks>> sold_out_marks(ProductId product) override {
    order::SoldOutMarks marks;
    for (const auto& [id, record] : database_.orders_) {
      const auto& items = record.row.order.items;
      const bool names_it =
          std::ranges::any_of(items, [product](const auto& item) { return item.product == product; });
      if (names_it && !record.key.empty()) {
        marks.keys.push_back(order::hash_key(record.row.order.user, record.key));
      }
    }
    for (auto row = database_.purchases_.lower_bound({product, UserId{}});
         row != database_.purchases_.end() && row->first.first == product; ++row) {
      if (row->second.units > 0) marks.holders.push_back(order::hash_user(row->first.second));
    }
    std::ranges::sort(marks.keys);
    std::ranges::sort(marks.holders);
    co_return marks;
  }

  Awaitable<Result<std::vector<OrderId>>> unpaid_orders(UserId user) override {
    std::vector<OrderId> orders;
    for (const auto& [hold, id] : database_.unpaid_) {
      if (database_.orders_.at(id).row.order.user == user) orders.push_back(id);
    }
    std::ranges::sort(orders);
    co_return orders;
  }

  Awaitable<Result<std::vector<order::OrderStep>>> history(OrderId id) override {
    std::vector<order::OrderStep> steps;
    for (const auto& [order, step] : database_.steps_) {
      if (order == id) steps.push_back(step);
    }
    co_return steps;
  }

  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId product,
                                                                   std::optional<std::int64_t> before,
                                                                   std::size_t limit) override {
    std::vector<order::StockChange> changes;
    for (auto row = database_.stock_history_.rbegin(); row != database_.stock_history_.rend(); ++row) {
      if (changes.size() == limit) break;
      if (row->first == product && (!before || row->second.id < *before)) changes.push_back(row->second);
    }
    co_return changes;
  }

 private:
  OrderDatabase& database_;
};

std::unique_ptr<order::OrderStore> make_memory_order_store(OrderDatabase& database) {
  return std::make_unique<MemoryOrderStore>(database);
}

std::unique_ptr<order::OrderReads> make_memory_order_reads(OrderDatabase& database) {
  return std::make_unique<MemoryOrderReads>(database);
}

}  // namespace buyme::simulation
