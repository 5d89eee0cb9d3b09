// An import: every line is checked against the catalogue and the ledgers, then drafts and changes are written
// in one transaction, and each goes the way of a product that was registered or edited alone.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/limits.hpp"
#include "product/rules.hpp"
#include "product/service.hpp"
#include "product/terms.hpp"

namespace buyme::product {

namespace {

Failure imported_later() {
  return Failure(
             Error::outcome_unknown,
             "The import is written down and takes effect by itself within seconds. Repeat it with the same "
             "Idempotency-Key to see what became of it.")
      .retry_in(std::chrono::ceil<std::chrono::seconds>(limits::product_sweep_pause));
}

std::string field_of(const ImportRow& row, std::string_view field) {
  return fmt::format("lines[{}].{}", row.line, field);
}

// What one line wants of a product that exists; problems go to `errors`.
NewImport::Row change_row(const ImportRow& row, const ProductView& view, UserId actor,
                          std::vector<FieldError>& errors) {
  const Product& product = view.product;
  const order::StockLevel& stock = view.stock;
  NewImport::Row wanted;
  wanted.line = row.line;
  for (const auto field : differences(product.details, row.given.applied_to(product.details))) {
    errors.push_back({field_of(row, field), "An import changes totals only: leave it empty or as it is."});
  }
  StockWish wish = row.given.stock;
  if (wish.total == stock.total) wish.total.reset();
  PendingChange& change = wanted.change;
  change.product = product.id;
  if (!wish.wants()) return wanted;

  const Units total = wish.total.value_or(stock.total + wish.delta);
  const Units committed = stock.held + stock.sold;
  if (product.state == ProductState::archived) {
    errors.push_back({field_of(row, "productId"), "The product is archived."});
  } else if (total < committed || total > limits::max_total_units) {
    errors.push_back({field_of(row, "productStock"),
                      fmt::format("The total would be {}; it must be from {} (held or sold) to {}.", total,
                                  committed, limits::max_total_units)});
  }
  wanted.action = ImportAction::change;
  change.base_version = product.version;
  change.state = product.state;
  change.details = product.details;
  change.stock = wish;
  change.actor = actor;
  change.reason = fmt::format("imported, line {}", row.line);
  return wanted;
}

std::vector<ProductId> changed_products(const ImportRequest& request) {
  std::vector<ProductId> products;
  for (const ImportRow& row : request.rows) {
    if (row.product) products.push_back(row.product);
  }
  return products;
}

}  // namespace

Awaitable<Result<Import>> ProductService::import(ImportRequest request) {
  std::vector<ProductId> products = changed_products(request);
  const Trace trace = request.trace;
  const auto held = co_await locks_.hold(std::move(products));
  if (!held) co_return held.error();
  auto look = [this, actor = request.actor, key = request.key] { return store_.find_import(actor, key); };
  auto known = co_await database_.run(std::move(look));
  if (!known) co_return known.error();
  if (!*known) {
    auto checked = co_await checked_import(std::move(request));
    if (!checked) co_return checked.error();
    auto insert = [this, wanted = std::move(*checked)] { return store_.insert_import(wanted); };
    known = co_await database_.run(std::move(insert));
    if (!known) co_return known.error();
    if (!*known) {
      co_return Failure(Error::overloaded, "A product was edited meanwhile; nothing was imported. Repeat.")
          .retry_in(std::chrono::seconds{1});
    }
  }
  Import import = std::move(**known);
  if (import.lines.empty()) co_return import;
  co_await drive(import, trace);
  auto read = [this, first = import.lines.front().id, count = import.lines.size()] {
    return store_.import_lines(first, count);
  };
  auto lines = co_await database_.run(std::move(read));
  if (!lines) co_return imported_later();
  import.lines = std::move(*lines);
  co_return import;
}

// Every line against what is there. The caller holds the products.
Awaitable<Result<NewImport>> ProductService::checked_import(ImportRequest request) {
  NewImport import;
  import.actor = request.actor;
  import.at = clock_.now();
  import.key = std::move(request.key);
  std::vector<FieldError> errors;
  for (ImportRow& row : request.rows) {
    if (!row.product) {
      NewImport::Row created;
      created.line = row.line;
      created.action = ImportAction::create;
      created.product = {std::move(row.details), row.total, request.actor, import.at, {}};
      import.rows.push_back(std::move(created));
      continue;
    }
    auto product = co_await settled(row.product, request.trace);
    if (!product && product.error().error != Error::not_found) co_return product.error();
    const auto level = co_await orders_.stock(row.product, request.trace);
    if (!level && level.error().error != Error::not_found) co_return level.error();
    if (!product || !level) {
      errors.push_back({field_of(row, "productId"), "There is no such product."});
      continue;
    }
    const ProductView view{std::move(*product), *level};
    import.rows.push_back(change_row(row, view, request.actor, errors));
  }
  if (errors.empty()) co_return import;
  Failure failure(Error::invalid, "Nothing was imported. Correct the lines named in errors.");
  failure.fields = std::move(errors);
  co_return failure;
}

// Best effort: where the order service does not answer, the sweeper goes on.
Awaitable<void> ProductService::drive(const Import& import, Trace trace) {
  for (const ImportLine& line : import.lines) {
    if (line.outcome != ImportOutcome::open) continue;
    Result<void> done = Result<void>();
    if (line.action == ImportAction::create) {
      auto find = [this, before = ProductId{line.product.value - 1}] { return store_.drafts(before, 1); };
      const auto drafts = co_await database_.run(std::move(find));
      if (!drafts) co_return;
      if (drafts->empty() || drafts->front().id != line.product) continue;  // published by the sweeper
      done = co_await publish(drafts->front(), trace);
    } else {
      const auto product = co_await settled(line.product, trace);
      if (!product) done = product.error();
    }
    if (!done) co_return;
  }
}

}  // namespace buyme::product
