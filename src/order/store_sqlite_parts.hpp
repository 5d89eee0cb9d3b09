// Steps of a round's transaction that stand in files of their own. Private to the SQLite store.
#pragma once

#include <fmt/format.h>

#include <stdexcept>

#include "core/log.hpp"
#include "db/sqlite.hpp"
#include "order/store.hpp"

namespace buyme::order {

struct TermsChanged : std::runtime_error {
  explicit TermsChanged(ProductId product)
      : std::runtime_error(fmt::format("the terms of product {} have changed", product.value)) {}
};

// A step of a transaction: the first of `count` numbers that nobody else gets.
std::int64_t take_numbers(db::Sqlite& database, std::string_view name, std::int64_t count);

// Runs COMMIT. Refused, it left nothing behind; one that failed half-way in the operating system may have
// taken, and ends the process.
void finish(db::Statement& commit, const Log& log);

// Terms, totals and the limits that begin with them. Throws TermsChanged.
void write_terms(db::Sqlite& database, const Plan& plan);

// Moves what Plan::shipping says, in the order of payment, and answers how many. Orders that this very round
// has shipped are not delivered by it.
std::size_t advance_shipping(db::Sqlite& database, const Plan& plan);

// Requests and completions; those that find their item changed are named in committed.not_moved. What the
// ledger gives back is computed from the rows that carry this round's stamp.
void write_returns(db::Sqlite& database, const Plan& plan, Committed& committed);

// How orders are placed, and found again by their keys; of one connection, which must outlive it.
class PlacementStatements {
 public:
  explicit PlacementStatements(db::Sqlite& database);

  std::optional<Known::KeptOrder> kept_order(const Questions::Key& question);
  Known::LimitRow limit_row(const Questions::Limit& question);
  void read_items(Order& order);

  // Steps of a transaction.
  void write_limits(const Plan& plan);
  void write_orders(const Plan& plan);

 private:
  db::Statement insert_order_, insert_item_, raise_limit_, find_by_key_, find_limit_, find_items_;
};

// For the questions of a round.
std::optional<OrderId> order_of_item(db::Sqlite& database, OrderItemId item);
std::optional<ReturnRow::Kept> kept_return(db::Sqlite& database, OrderId order, std::string_view key);

}  // namespace buyme::order
