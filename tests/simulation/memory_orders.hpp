// The order database in memory: what a database server keeps, and the two ports over it.
//
// An OrderDatabase is the server: it survives every store that is opened over it, as a database survives the
// processes that use it. Every call takes effect at once and whole, so what it models is a serializable
// database; being slow, lost or refused is the business of decorators. It knows the rule by which an unknown
// commit is settled (writer_batch), which the embedded SQLite file has no use for.
//
// Single-threaded.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "audit/books.hpp"
#include "order/store.hpp"

namespace buyme::simulation {

class OrderDatabase {
 public:
  struct OrderRecord {
    order::OrderRow row;
    std::string key;
    std::int64_t body_hash = 0;
    order::Stamp moved;  // the round that moved it last
  };

  order::CommitResult commit(const order::Plan& plan);
  order::RoundFate settle(order::Stamp round);

  // Fills what the audit reads from the order database.
  void add_to(audit::Books& books) const;

  const OrderRecord* find(OrderId order) const;
  bool has_unpaid() const { return !unpaid_.empty(); }  // some order still holds units without being paid
  bool has_undelivered() const { return undelivered_ > 0; }

 private:
  friend class MemoryOrderStore;
  friend class MemoryOrderReads;
  class Transaction;

  struct PurchaseRow {
    Units units = 0;
    Units cap = 0;
    OrderId last_order;
  };
  struct OutboxRow {
    order::OpenRefund refund;
    bool delivered = false;
  };
  using Limit = std::pair<ProductId, UserId>;

  static bool is_unpaid_row(const OrderRecord& record);
  void index(const OrderRecord& record, bool add);

  std::map<ProductId, order::Sale> sales_;
  std::map<OrderId, OrderRecord> orders_;
  std::map<std::pair<UserId, std::string>, OrderId, std::less<>> keys_;
  std::set<std::pair<Time, OrderId>> unpaid_;  // by hold
  std::map<Limit, PurchaseRow> purchases_;
  std::vector<OutboxRow> outbox_;
  std::int64_t undelivered_ = 0;
  std::vector<std::pair<OrderId, order::OrderStep>> steps_;
  std::vector<std::pair<ProductId, order::StockChange>> stock_history_;
  std::map<std::string, std::int64_t, std::less<>> numbers_{{"writer", 1}, {"order", 1}, {"item", 1}};
  std::map<std::pair<std::int64_t, std::int64_t>, bool> rounds_;  // writer_batch: (writer, seq) -> burned
};

std::unique_ptr<order::OrderStore> make_memory_order_store(OrderDatabase& database);
std::unique_ptr<order::OrderReads> make_memory_order_reads(OrderDatabase& database);

}  // namespace buyme::simulation
