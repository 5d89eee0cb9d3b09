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

}  // namespace buyme::order
