// Edits of a product: written down with a version of their own, taken by the order service, made.
//
//   begin   the change is durable; another one has to wait
//   tell    the order service takes terms and total, or refuses; idempotent by the version
//   apply   the change becomes the product's row and is over, in one transaction (refused: it is over)
//
// A version is given once, made or refused, so that a call which arrives late can never be taken for a later
// edit. After a crash the sweeper goes on from "tell", as does the next edit of the product.
#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "product/rules.hpp"
#include "product/service.hpp"
#include "product/terms.hpp"

namespace buyme::product {

namespace {

Failure edited_later(ProductId product) {
  return Failure(Error::outcome_unknown,
                 "The change is written down and takes effect by itself within seconds. Look at the product "
                 "before you repeat it.")
      .with("productId", product.value)
      .retry_in(std::chrono::ceil<std::chrono::seconds>(limits::product_sweep_pause));
}

Failure earlier_edit_open() {
  return Failure(Error::overloaded,
                 "An earlier change of this product is not finished; nothing was done. Repeat in a second.")
      .retry_in(std::chrono::seconds{1});
}

Failure archived() {
  return Failure(Error::illegal_state, "The product is archived: it cannot be changed any more.")
      .with("state", "ARCHIVED");
}

Failure edited_meanwhile(const ProductView& view) {
  return Failure(Error::precondition_failed,
                 "The product is not in the state that If-Match names. Read it, and edit what it is now.")
      .with("etag", fmt::format("\"{}\"", entity_tag(view)));
}

bool names(const IfMatch& condition, const ProductView& view) {
  return condition.any || std::ranges::find(condition.tags, entity_tag(view)) != condition.tags.end();
}

// A total that differs from the one that the caller saw is wanted as the difference from it: what the order
// service takes away meanwhile (a return that is not restocked) is then not given back by the edit.
StockWish stock_wish(const EditRequest& request, const ProductView& view) {
  StockWish wish = request.edit.stock;
  if (!wish.total) return wish;
  const Units difference = *wish.total - view.stock.total;
  const bool saw_total = request.if_match && !request.if_match->any;
  if (difference == 0 || saw_total) return {std::nullopt, difference};
  return wish;
}

// nullopt when nothing would change.
Result<std::optional<PendingChange>> change_of(const EditRequest& request, const ProductView& view) {
  const Product& product = view.product;
  PendingChange change;
  change.product = product.id;
  change.base_version = product.version;
  change.state = request.edit.state.value_or(product.state);
  change.details = request.edit.applied_to(product.details);
  change.stock = stock_wish(request, view);
  change.actor = request.actor;
  change.reason = "edited";
  const bool same = change.state == product.state && change.details == product.details;
  if (same && !change.stock.wants()) return std::optional<PendingChange>();
  if (product.state == ProductState::archived) return archived();
  auto problems = problems_of(change.details);
  if (!problems.empty()) {
    Failure failure(Error::invalid, "Correct the fields named in errors.");
    failure.fields = std::move(problems);
    return failure;
  }
  return std::optional(std::move(change));
}

template <class Value>
void put(const std::optional<Value>& wanted, Value& field) {
  if (wanted) field = *wanted;
}

}  // namespace

ProductDetails Edit::applied_to(ProductDetails details) const {
  put(name, details.name);
  put(description, details.description);
  put(price, details.price);
  put(type, details.type);
  put(opens_at, details.opens_at);
  put(closes_at, details.closes_at);
  put(per_user_limit, details.per_user_limit);
  put(image_url, details.image_url);
  return details;
}

Awaitable<Result<ProductView>> ProductService::edit(EditRequest request) {
  std::vector<ProductId> products{request.product};
  const auto held = co_await locks_.hold(std::move(products));
  if (!held) co_return held.error();
  auto product = co_await settled(request.product, request.trace);
  if (!product) co_return product.error();
  const auto level = co_await orders_.stock(request.product, request.trace);
  if (!level) co_return level.error();
  ProductView view{std::move(*product), *level};
  if (request.if_match && !names(*request.if_match, view)) co_return edited_meanwhile(view);

  auto change = change_of(request, view);
  if (!change) co_return change.error();
  if (!*change) co_return view;
  const auto made = co_await make(std::move(**change), request.trace);
  if (!made) co_return made.error();
  auto now = co_await get(request.product, request.trace);
  if (!now) co_return edited_later(request.product);
  co_return now;
}

Awaitable<Result<Adjusted>> ProductService::adjust(AdjustRequest request) {
  std::vector<ProductId> products{request.product};
  const auto held = co_await locks_.hold(std::move(products));
  if (!held) co_return held.error();
  auto product = co_await settled(request.product, request.trace);
  if (!product) co_return product.error();

  auto look = [this, actor = request.actor, key = request.key] { return store_.find_adjustment(actor, key); };
  const auto replayed = co_await database_.run(std::move(look));
  if (!replayed) co_return replayed.error();
  if (!*replayed) {
    if (product->state == ProductState::archived) co_return archived();
    PendingChange change;
    change.product = product->id;
    change.base_version = product->version;
    change.state = product->state;
    change.details = std::move(product->details);
    change.stock.delta = request.delta;
    change.actor = request.actor;
    change.reason = std::move(request.reason);
    change.key = std::move(request.key);
    const auto made = co_await make(std::move(change), request.trace);
    if (!made) co_return made.error();
  }
  const auto level = co_await orders_.stock(request.product, request.trace);
  if (!level) co_return edited_later(request.product);
  co_return Adjusted{*level, *replayed};
}

// The product with no change under way: one that was left behind is finished first. The caller holds it.
Awaitable<Result<Product>> ProductService::settled(ProductId id, Trace trace) {
  for (;;) {
    auto find = [this, id] { return store_.find_editable(id); };
    auto editable = co_await database_.run(std::move(find));
    if (!editable) co_return editable.error();
    if (!editable->pending) co_return std::move(editable->product);
    const auto finished = co_await finish(std::move(*editable->pending), trace);
    if (!finished && !is_refusal(finished.error())) co_return earlier_edit_open();
  }
}

// The caller holds the product.
Awaitable<Result<void>> ProductService::make(PendingChange change, Trace trace) {
  auto begin = [this, change = std::move(change)] { return store_.begin(change); };
  auto begun = co_await database_.run(std::move(begin));
  if (!begun) co_return begun.error();
  if (!*begun) co_return earlier_edit_open();  // of another server
  co_return co_await finish(std::move(**begun), trace);
}

// From "tell" on. A refusal is answered as the order service put it; what failed in another way stays
// pending.
Awaitable<Result<void>> ProductService::finish(PendingChange change, Trace trace) {
  order::TermsUpdate update = update_of(change);
  const auto taken = co_await orders_.put_terms(std::move(update), trace);
  const bool refused = !taken && is_refusal(taken.error());
  if (!taken && !refused) {
    log_->warn("a change of product {} was not taken: {}", change.product.value, taken.error().detail);
    co_return edited_later(change.product);
  }
  auto end = [this, change, refused] { return refused ? store_.discard(change) : store_.apply(change); };
  const auto ended = co_await database_.run(std::move(end));
  if (!ended) {
    log_->warn("a change of product {} stays pending: {}", change.product.value, ended.error().detail);
    co_return edited_later(change.product);
  }
  co_return taken;
}

}  // namespace buyme::product
