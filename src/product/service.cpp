#include "product/service.hpp"

#include <map>

#include "core/limits.hpp"

namespace buyme::product {

namespace {

order::TermsUpdate terms_of(const Product& product) {
  order::TermsUpdate update;
  update.total = product.details.total;
  update.reason = "the product is put on sale";
  order::SaleTerms& terms = update.terms;
  terms.product = product.id;
  terms.version = product.version;
  terms.state = order::SaleState::active;
  terms.price = product.details.price;
  terms.opens_at = product.details.opens_at;
  terms.closes_at = product.details.closes_at;
  terms.per_user_limit = product.details.per_user_limit;
  return update;
}

// Whatever the cause: the row stands, so "certainly not done" would be a lie.
Failure registered_later(ProductId product) {
  return Failure(Error::outcome_unknown,
                 "The product is registered and goes on sale by itself within seconds. To see it, repeat "
                 "with the "
                 "same Idempotency-Key; without one, look at the list before you register it again.")
      .with("productId", product.value)
      .retry_in(std::chrono::ceil<std::chrono::seconds>(limits::product_sweep_pause));
}

}  // namespace

std::string_view to_string(ProductType type) {
  return type == ProductType::normal ? "NORMAL" : "RESERVED";
}

std::string_view to_string(ProductState state) {
  return state == ProductState::draft ? "DRAFT" : "ACTIVE";
}

ProductService::ProductService(ProductStore& store, order::OrderApi& orders, Pool& database, Clock& clock,
                               Log log)
    : store_(store), orders_(orders), database_(database), clock_(clock), log_(std::move(log)) {}

Awaitable<Result<RegisteredView>> ProductService::register_product(RegisterRequest request) {
  NewProduct wanted{std::move(request.details), request.created_by, clock_.now(), std::move(request.key),
                    request.body_hash};
  // Named, not written into the call: g++ 12 destroys a lambda's captures twice there.
  auto insert = [this, wanted = std::move(wanted)] { return store_.insert(wanted); };
  auto registered = co_await database_.run(std::move(insert));
  if (!registered) co_return registered.error();
  Product& product = registered->product;
  if (product.state == ProductState::draft) {
    const auto published = co_await publish(product);
    if (!published) co_return registered_later(product.id);
    product.state = ProductState::active;
  }
  const auto level = co_await orders_.stock(product.id);
  if (!level) co_return registered_later(product.id);
  co_return RegisteredView{{std::move(product), *level}, registered->replayed};
}

Awaitable<Result<void>> ProductService::publish(const Product& product) {
  const auto taken = co_await orders_.put_terms(terms_of(product));
  if (!taken) {
    log_->warn("the terms of product {} were not taken: {}", product.id.value, taken.error().detail);
    co_return taken.error();
  }
  auto activated = co_await database_.run([this, id = product.id] { return store_.activate(id); });
  if (!activated) {
    log_->warn("product {} stays a draft: {}", product.id.value, activated.error().detail);
  }
  co_return activated;
}

Awaitable<Result<ProductPage>> ProductService::list(ListQuery query) {
  const std::size_t wanted = query.limit;
  ++query.limit;  // one more tells whether there is a next page
  auto products = co_await database_.run([this, query] { return store_.list(query); });
  if (!products) co_return products.error();
  ProductPage page;
  if (products->size() > wanted) {
    products->resize(wanted);
    page.next = products->back().id;
  }
  auto views = co_await with_stock(std::move(*products));
  if (!views) co_return views.error();
  page.items = std::move(*views);
  co_return page;
}

Awaitable<Result<ProductView>> ProductService::get(ProductId id) {
  auto product = co_await database_.run([this, id] { return store_.find(id); });
  if (!product) co_return product.error();
  const auto level = co_await orders_.stock(id);
  if (!level) co_return level.error();
  co_return ProductView{std::move(*product), *level};
}

Awaitable<Result<order::StockLevel>> ProductService::stock(ProductId product) {
  return orders_.stock(product);
}

Awaitable<Result<std::vector<ProductView>>> ProductService::with_stock(std::vector<Product> products) {
  std::vector<ProductId> ids;
  for (const Product& product : products) ids.push_back(product.id);
  const auto levels = co_await orders_.stock(std::move(ids));
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

Awaitable<void> ProductService::run_sweeper() {
  for (;;) {
    co_await sweep();
    co_await clock_.sleep_for(limits::product_sweep_pause);
  }
}

Awaitable<void> ProductService::sweep() {
  ProductId after;
  for (;;) {
    const auto drafts =
        co_await database_.run([this, after] { return store_.drafts(after, limits::product_sweep_chunk); });
    if (!drafts) co_return;  // logged by the store, and met again in the next pass
    for (const Product& draft : *drafts) {
      const auto published = co_await publish(draft);
      if (published) log_->info("product {} was taken up again and is on sale", draft.id.value);
    }
    if (drafts->size() < limits::product_sweep_chunk) co_return;
    after = drafts->back().id;
  }
}

}  // namespace buyme::product
