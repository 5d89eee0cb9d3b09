// The catalogue. What a product sells, the order service knows (stock and terms); what it is, this service.
//
// Registering is a saga of two databases: a DRAFT row, its terms at the order service, the row ACTIVE. A
// request drives it; after a crash or a failure in between the sweeper finishes it. All steps are idempotent.
//
// Thread safety: all calls from any executor. The contexts on which they run must have stopped when the
// service is destroyed.
#pragma once

#include "core/caller.hpp"
#include "core/log.hpp"
#include "core/pool.hpp"
#include "order/api.hpp"
#include "product/store.hpp"

namespace buyme::product {

struct ProductView {
  Product product;
  order::StockLevel stock;
};

struct RegisterRequest {
  ProductDraft details;
  UserId created_by;
  std::string key;  // Idempotency-Key; empty when none was sent
  std::uint64_t body_hash = 0;
};

struct RegisteredView {
  ProductView view;
  bool replayed = false;
};

struct ProductPage {
  std::vector<ProductView> items;
  std::optional<ProductId> next;  // ask for those before it
};

class ProductService {
 public:
  ProductService(ProductStore& store, order::OrderApi& orders, Pool& database, Clock& clock, Log log);

  // Errors: idempotency_mismatch; overloaded and store_unavailable: nothing was registered; outcome_unknown:
  // it may have been, and if so the sweeper finishes it.
  Awaitable<Result<RegisteredView>> register_product(RegisterRequest request);

  Awaitable<Result<ProductPage>> list(ListQuery query);
  Awaitable<Result<ProductView>> get(ProductId product);          // not_found
  Awaitable<Result<order::StockLevel>> stock(ProductId product);  // not_found; reads no database of ours

  // Spawned once, on any executor: finishes what is DRAFT, at once and then every
  // limits::product_sweep_pause, until its context ends.
  Awaitable<void> run_sweeper();
  Awaitable<void> sweep();  // one pass

 private:
  Awaitable<Result<void>> publish(const Product& product);
  Awaitable<Result<std::vector<ProductView>>> with_stock(std::vector<Product> products);

  ProductStore& store_;
  order::OrderApi& orders_;
  Pool& database_;
  Clock& clock_;
  Log log_;
};

}  // namespace buyme::product
