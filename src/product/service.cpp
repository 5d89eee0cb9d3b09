#include "product/service.hpp"

#include <fmt/format.h>

#include <map>

#include "core/limits.hpp"
#include "product/terms.hpp"

namespace buyme::product {

namespace {

// Whatever the cause: the row stands, so "certainly not done" would be a lie.
Failure registered_later(ProductId product) {
  return Failure(Error::outcome_unknown,
                 "The product is registered and goes on sale by itself within seconds. To see it, repeat "
                 "with the "
                 "same Idempotency-Key; without one, look at the list before you register it again.")
      .with("productId", product.value)
      .retry_in(std::chrono::ceil<std::chrono::seconds>(limits::product_sweep_pause));
}

Position position_of(const Product& product, SortOrder sort) {
  Position position;
  position.id = product.id.value;
  const bool by_price = sort == SortOrder::price_ascending || sort == SortOrder::price_descending;
  if (by_price) position.price = product.details.price;
  if (sort == SortOrder::name) position.name = product.details.name;
  return position;
}

}  // namespace

std::string entity_tag(const ProductView& view) {
  return fmt::format("{}-{}", view.product.version, view.stock.total);
}

ProductService::ProductService(ProductStore& store, order::OrderApi& orders, Pool& database, Pool& lists,
                               Clock& clock, Log log)
    : store_(store),
      orders_(orders),
      database_(database),
      lists_(lists),
      clock_(clock),
      log_(std::move(log)),
      locks_(clock) {}

Awaitable<Result<RegisteredView>> ProductService::register_product(RegisterRequest request) {
  NewProduct wanted{std::move(request.details), request.total, request.created_by, clock_.now(),
                    std::move(request.key)};
  // Named, not written into the call: g++ 12 destroys a lambda's captures twice there.
  auto insert = [this, wanted = std::move(wanted)] { return store_.insert(wanted); };
  auto registered = co_await database_.run(std::move(insert));
  if (!registered) co_return registered.error();
  Product& product = registered->product;
  if (product.state == ProductState::draft) {
    const auto published = co_await publish(product, request.trace);
    if (!published) co_return registered_later(product.id);
    product.state = ProductState::active;
  }
  const auto level = co_await orders_.stock(product.id, request.trace);
  if (!level) co_return registered_later(product.id);
  co_return RegisteredView{{std::move(product), *level}, registered->replayed};
}

Awaitable<Result<void>> ProductService::publish(const Product& product, Trace trace) {
  order::TermsUpdate update = update_of(product);
  const auto taken = co_await orders_.put_terms(std::move(update), trace);
  if (!taken) {
    log_->warn("the terms of product {} were not taken: {}", product.id.value, taken.error().detail);
    co_return taken.error();
  }
  auto activate = [this, id = product.id] { return store_.activate(id); };
  auto activated = co_await database_.run(std::move(activate));
  if (!activated) {
    log_->warn("product {} stays a draft: {}", product.id.value, activated.error().detail);
  }
  co_return activated;
}

Awaitable<Result<ProductPage>> ProductService::list(ListQuery query, Trace trace) {
  const std::size_t wanted = query.limit;
  const SortOrder sort = query.sort;
  ++query.limit;  // one more tells whether there is a next page
  auto read = [this, query = std::move(query)] { return store_.list(query); };
  auto products = co_await database_.run(std::move(read));
  if (!products) co_return products.error();
  ProductPage page;
  if (products->size() > wanted) {
    products->resize(wanted);
    page.next = position_of(products->back(), sort);
  }
  auto views = co_await with_stock(std::move(*products), trace);
  if (!views) co_return views.error();
  page.items = std::move(*views);
  co_return page;
}

Awaitable<Result<ProductPage>> ProductService::all(ProductId after, Trace trace) {
  auto read = [this, after] { return store_.all(after, limits::csv_chunk_rows); };
  auto products = co_await lists_.run(std::move(read));
  if (!products) co_return products.error();
  ProductPage page;
  if (products->size() == limits::csv_chunk_rows) {
    page.next = position_of(products->back(), SortOrder::newest);
  }
  auto views = co_await with_stock(std::move(*products), trace);
  if (!views) co_return views.error();
  page.items = std::move(*views);
  co_return page;
}

Awaitable<Result<ProductView>> ProductService::get(ProductId id, Trace trace) {
  auto find = [this, id] { return store_.find(id); };
  auto product = co_await database_.run(std::move(find));
  if (!product) co_return product.error();
  const auto level = co_await orders_.stock(id, trace);
  if (!level) co_return level.error();
  co_return ProductView{std::move(*product), *level};
}

Awaitable<Result<order::StockLevel>> ProductService::stock(ProductId product, Trace trace) {
  return orders_.stock(product, trace);
}

Awaitable<Result<HistoryPage>> ProductService::history(ProductId id, std::optional<std::int64_t> before,
                                                       std::size_t limit, Trace trace) {
  auto find = [this, id] { return store_.find(id); };
  const auto product = co_await database_.run(std::move(find));
  if (!product) co_return product.error();
  auto entries = co_await orders_.stock_history(id, before, limit + 1, trace);
  if (!entries) co_return entries.error();
  HistoryPage page;
  if (entries->size() > limit) {
    entries->resize(limit);
    page.next = entries->back().id;
  }
  page.items = std::move(*entries);
  co_return page;
}

Awaitable<Result<std::vector<ProductView>>> ProductService::with_stock(std::vector<Product> products,
                                                                       Trace trace) {
  std::vector<ProductId> ids;
  for (const Product& product : products) ids.push_back(product.id);
  const auto levels = co_await orders_.stock(std::move(ids), trace);
  if (!levels) co_return levels.error();
  std::map<ProductId, order::StockLevel> level_of;
  for (const auto& level : *levels) level_of[level.product] = level;
  std::vector<ProductView> views;
  for (Product& product : products) {
    const auto level = level_of.find(product.id);
    if (level != level_of.end()) views.push_back({std::move(product), level->second});
  }
  co_return views;
}

Awaitable<void> ProductService::run_sweeper(db::JobLease& lease) {
  for (;;) {
    co_await sweep(lease);
    co_await clock_.sleep_for(limits::product_sweep_pause);
  }
}

// No step needs the lease's fence: terms are taken by their version, and a row changes only from the state or
// the version that was read. A server that wakes up in mid-sweep says what has been said already.
Awaitable<void> ProductService::sweep(db::JobLease& lease) {
  co_await sweep_drafts(lease);
  co_await sweep_changes(lease);
}

Awaitable<void> ProductService::sweep_drafts(db::JobLease& lease) {
  ProductId after;
  for (;;) {
    const auto held = co_await lease.hold();
    if (!held) co_return;
    auto read = [this, after] { return store_.drafts(after, limits::product_sweep_chunk); };
    const auto drafts = co_await database_.run(std::move(read));
    if (!drafts) co_return;  // logged by the store, and met again in the next pass
    for (const Product& draft : *drafts) {
      const auto published = co_await publish(draft, Trace());
      if (published) log_->info("product {} was taken up again and is on sale", draft.id.value);
    }
    if (drafts->size() < limits::product_sweep_chunk) co_return;
    after = drafts->back().id;
  }
}

// Most of what it finds is under way and needs nobody: settled() then waits for its turn and finds it done.
Awaitable<void> ProductService::sweep_changes(db::JobLease& lease) {
  ProductId after;
  for (;;) {
    const auto mine = co_await lease.hold();
    if (!mine) co_return;
    auto read = [this, after] { return store_.pending(after, limits::product_sweep_chunk); };
    const auto changes = co_await database_.run(std::move(read));
    if (!changes) co_return;
    for (const PendingChange& change : *changes) {
      std::vector<ProductId> products{change.product};
      const auto held = co_await locks_.hold(std::move(products));
      if (!held) continue;
      const auto product = co_await settled(change.product, Trace());
      if (product)
        log_->info("an edit of product {} was taken up again and is finished", change.product.value);
    }
    if (changes->size() < limits::product_sweep_chunk) co_return;
    after = changes->back().product;
  }
}

}  // namespace buyme::product
