// The catalogue. What a product sells, the order service knows (stock and terms); what it is, this service.
//
// Registering and editing are sagas of two databases, driven by the request and finished by the sweeper after
// a crash or a failure in between; all steps are idempotent. Registering: a DRAFT row, its terms at the order
// service, the row ACTIVE. Editing: the change is written down with a version of its own, the order service
// takes it, it becomes the product's row. So the catalogue keeps no total: it is the ledger's.
//
// service.cpp registers, reads and sweeps; edit.cpp, import.cpp and wishlist.cpp hold the rest.
//
// Thread safety: all calls from any executor. The contexts on which they run must have stopped when the
// service is destroyed.
#pragma once

#include "core/caller.hpp"
#include "core/log.hpp"
#include "core/pool.hpp"
#include "db/lease.hpp"
#include "order/api.hpp"
#include "product/api.hpp"
#include "product/edit_locks.hpp"
#include "product/store.hpp"

namespace buyme::product {

struct ProductView {
  Product product;
  order::StockLevel stock;
};

// Names what can be edited of a product, the total too, never what is held or sold: "3-700".
std::string entity_tag(const ProductView& view);

struct RegisterRequest {
  ProductDetails details;
  Units total = 0;
  UserId created_by;
  RequestKey key;
  Trace trace;
};

struct RegisteredView {
  ProductView view;
  bool replayed = false;
};

// What changes; the rest stays. Of an optional field the inner nullopt clears it.
struct Edit {
  std::optional<std::string> name, description;
  std::optional<Money> price;
  std::optional<ProductType> type;
  std::optional<std::optional<Time>> opens_at, closes_at;
  std::optional<std::optional<Units>> per_user_limit;
  std::optional<std::optional<std::string>> image_url;
  std::optional<ProductState> state;
  StockWish stock;

  ProductDetails applied_to(ProductDetails details) const;
};

struct IfMatch {
  bool any = false;               // "*"
  std::vector<std::string> tags;  // entity tags that compare strongly, without their quotes
};

struct EditRequest {
  ProductId product;
  Edit edit;
  std::optional<IfMatch> if_match;
  UserId actor;
  Trace trace;
};

struct AdjustRequest {
  ProductId product;
  Units delta = 0;
  std::string reason;
  UserId actor;
  RequestKey key;
  Trace trace;
};

struct Adjusted {
  order::StockLevel stock;  // as it is now
  bool replayed = false;
};

struct ProductPage {
  std::vector<ProductView> items;
  std::optional<Position> next;  // ask for those behind it
};

struct HistoryPage {
  std::vector<order::StockChange> items;
  std::optional<std::int64_t> next;
};

// A line of a file to import, each cell read and right by itself.
struct ImportRow {
  std::int64_t line = 0;
  ProductId product;       // 0: create one
  Edit given;              // of an existing one: the cells that are not empty
  ProductDetails details;  // of a new one
  Units total = 0;
};

struct ImportRequest {
  std::vector<ImportRow> rows;
  UserId actor;
  RequestKey key;
  Trace trace;
};

struct WishView {
  Wish wish;
  ProductView product;
};

struct WishPage {
  std::vector<WishView> items;
  std::optional<std::int64_t> next;
};

struct AddedWish {
  WishView view;
  bool found = false;  // it was there
};

class ProductService final : public ProductApi {
 public:
  // The export reads all products on `lists`, everything else is done on `database`.
  ProductService(ProductStore& store, order::OrderApi& orders, Pool& database, Pool& lists, Clock& clock,
                 Log log);

  // Errors: idempotency_mismatch; overloaded and store_unavailable: nothing was registered; outcome_unknown:
  // it may have been, and if so the sweeper finishes it.
  Awaitable<Result<RegisteredView>> register_product(RegisterRequest request);

  // Errors: not_found; precondition_failed; invalid (fields that do not go together); illegal_state: the
  // product is ARCHIVED, or fewer units than are committed were wanted ("committed"); overloaded and
  // store_unavailable: nothing was done; outcome_unknown: it is written down and finishes by itself.
  Awaitable<Result<ProductView>> edit(EditRequest request);
  Awaitable<Result<Adjusted>> adjust(AdjustRequest request);  // idempotency_mismatch besides
  Awaitable<Result<HistoryPage>> history(ProductId product, std::optional<std::int64_t> before,
                                         std::size_t limit, Trace trace = {});

  // All lines or none are taken; a change that only the order service could refuse, because units were sold
  // meanwhile, says so in its line. Errors as above; invalid names line and field.
  Awaitable<Result<Import>> import(ImportRequest request);

  Awaitable<Result<ProductPage>> list(ListQuery query, Trace trace = {});
  Awaitable<Result<ProductPage>> all(ProductId after, Trace trace = {});    // ascending, ARCHIVED ones too
  Awaitable<Result<ProductView>> get(ProductId product, Trace trace = {});  // not_found
  Awaitable<Result<order::StockLevel>> stock(ProductId product,
                                             Trace trace = {});  // not_found; reads no database of ours

  // The caller's wishes. Errors as the store's.
  Awaitable<Result<AddedWish>> add_wish(UserId user, ProductId product, std::string note, Trace trace = {});
  Awaitable<Result<WishView>> set_wish_note(UserId user, ProductId product, std::string note,
                                            Trace trace = {});
  Awaitable<Result<WishView>> wish(UserId user, ProductId product, Trace trace = {});
  Awaitable<Result<void>> remove_wish(UserId user, ProductId product);
  Awaitable<Result<void>> forget_user(UserId user, Trace trace = {}) override;
  Awaitable<Result<WishPage>> wishes(UserId user, std::optional<std::int64_t> before, std::size_t limit,
                                     Trace trace = {});

  // Spawned once, on any executor: finishes what is DRAFT and what is pending, at once and then every
  // limits::product_sweep_pause, until its context ends.
  Awaitable<void> run_sweeper(db::JobLease& lease = db::sole_server());
  Awaitable<void> sweep(db::JobLease& lease = db::sole_server());  // one pass

 private:
  Awaitable<void> sweep_drafts(db::JobLease& lease);
  Awaitable<void> sweep_changes(db::JobLease& lease);
  Awaitable<Result<void>> publish(const Product& product, Trace trace);
  Awaitable<Result<std::vector<ProductView>>> with_stock(std::vector<Product> products, Trace trace);

  Awaitable<Result<Product>> settled(ProductId product, Trace trace);
  Awaitable<Result<void>> make(PendingChange change, Trace trace);
  Awaitable<Result<void>> finish(PendingChange change, Trace trace);

  Awaitable<Result<NewImport>> checked_import(ImportRequest request);
  Awaitable<void> drive(const Import& import, Trace trace);

  ProductStore& store_;
  order::OrderApi& orders_;
  Pool& database_;
  Pool& lists_;
  Clock& clock_;
  Log log_;
  EditLocks locks_;
};

}  // namespace buyme::product
