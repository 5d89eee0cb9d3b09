// The wishes of one user. They live in the catalogue's database, beside the products that they name.
#include "core/limits.hpp"
#include "product/service.hpp"

namespace buyme::product {

Awaitable<Result<AddedWish>> ProductService::add_wish(UserId user, ProductId product, std::string note,
                                                      Trace trace) {
  Wish wanted{0, product, std::move(note), clock_.now()};
  auto add = [this, user, wanted = std::move(wanted)] {
    return store_.add_wish(user, wanted, limits::max_wishes);
  };
  const auto added = co_await database_.run(std::move(add));
  if (!added) co_return added.error();
  auto view = co_await wish(user, product, trace);
  if (!view) co_return view.error();
  co_return AddedWish{std::move(*view), added->found};
}

Awaitable<Result<WishView>> ProductService::set_wish_note(UserId user, ProductId product, std::string note,
                                                          Trace trace) {
  auto set = [this, user, product, note = std::move(note)] {
    return store_.set_wish_note(user, product, note);
  };
  const auto changed = co_await database_.run(std::move(set));
  if (!changed) co_return changed.error();
  co_return co_await wish(user, product, trace);
}

Awaitable<Result<WishView>> ProductService::wish(UserId user, ProductId product, Trace trace) {
  auto find = [this, user, product] { return store_.find_wish(user, product); };
  auto found = co_await database_.run(std::move(find));
  if (!found) co_return found.error();
  const auto level = co_await orders_.stock(product, trace);
  if (!level) co_return level.error();
  co_return WishView{std::move(found->wish), {std::move(found->product), *level}};
}

Awaitable<Result<void>> ProductService::remove_wish(UserId user, ProductId product) {
  auto remove = [this, user, product] { return store_.remove_wish(user, product); };
  co_return co_await database_.run(std::move(remove));
}

Awaitable<Result<void>> ProductService::forget_user(UserId user, Trace) {
  auto remove = [this, user] { return store_.remove_wishes(user); };
  co_return co_await database_.run(std::move(remove));
}

Awaitable<Result<WishPage>> ProductService::wishes(UserId user, std::optional<std::int64_t> before,
                                                   std::size_t limit, Trace trace) {
  auto read = [this, user, before, limit] { return store_.wishes(user, before, limit + 1); };
  auto wishes = co_await database_.run(std::move(read));
  if (!wishes) co_return wishes.error();
  WishPage page;
  if (wishes->size() > limit) {
    wishes->resize(limit);
    page.next = wishes->back().wish.id;
  }
  std::vector<Product> products;
  for (WishedProduct& wish : *wishes) products.push_back(std::move(wish.product));
  auto views = co_await with_stock(std::move(products), trace);
  if (!views) co_return views.error();
  auto view = views->begin();
  for (WishedProduct& wish : *wishes) {  // with_stock keeps the order, and skips what it knows no stock of
    if (view == views->end() || view->product.id != wish.wish.product) continue;
    page.items.push_back({std::move(wish.wish), std::move(*view++)});
  }
  co_return page;
}

}  // namespace buyme::product
