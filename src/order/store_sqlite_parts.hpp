// Steps of a round's transaction that stand in files of their own. Private to the SQLite store.
#pragma once

#include <fmt/format.h>

#include <stdexcept>

#include "db/sqlite.hpp"
#include "order/store.hpp"

namespace buyme::order {

struct TermsChanged : std::runtime_error {
  explicit TermsChanged(ProductId product)
      : std::runtime_error(fmt::format("the terms of product {} have changed", product.value)) {}
};

// Terms, totals and the limits that begin with them. Throws TermsChanged.
void write_terms(db::Sqlite& database, const Plan& plan);

// Moves what Plan::shipping says, in the order of payment, and answers how many. Orders that this very round
// has shipped are not delivered by it.
std::size_t advance_shipping(db::Sqlite& database, const Plan& plan);

// Requests and completions; those that find their item changed are named in committed.not_moved. What the
// ledger gives back is computed from the rows that carry this round's stamp.
void write_returns(db::Sqlite& database, const Plan& plan, Committed& committed);

// For the questions of a round.
std::optional<OrderId> order_of_item(db::Sqlite& database, OrderItemId item);
std::optional<ReturnRow::Kept> kept_return(db::Sqlite& database, OrderId order, std::string_view key);

}  // namespace buyme::order
