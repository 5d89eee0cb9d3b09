// The port to the catalogue's database. Its calls block: they belong on a pool thread.
//
// Thread-safe. Every call may fail with store_unavailable (nothing was done) and a write with
// outcome_unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/log.hpp"
#include "core/money.hpp"
#include "core/result.hpp"
#include "db/address.hpp"

namespace buyme::product {

// What the database stores as an integer: never renumber.
enum class ProductType : std::uint8_t { normal = 1, reserved = 2 };
std::string_view to_string(ProductType type);  // "NORMAL"

enum class ProductState : std::uint8_t { draft = 1, active = 2, paused = 3, archived = 4 };
std::string_view to_string(ProductState state);  // "ACTIVE"

// What a merchant says about a product. How many there are, the order service keeps.
struct ProductDetails {
  std::string name;
  std::string description;
  Money price = 0;
  ProductType type = ProductType::normal;
  std::optional<Time> opens_at;
  std::optional<Time> closes_at;
  std::optional<Units> per_user_limit;
  std::optional<std::string> image_url;
  bool operator==(const ProductDetails&) const = default;
};

struct Product {
  ProductId id;
  std::int64_t version = 1;
  ProductState state = ProductState::draft;
  Time created_at;
  UserId created_by;
  ProductDetails details;
  Units first_total = 0;  // what its ledger begins with; means nothing once it is no draft
};

// An Idempotency-Key and the hash of the body it came with; scope (user, endpoint).
struct RequestKey {
  std::string key;  // empty when none was sent
  std::uint64_t body_hash = 0;
};

struct NewProduct {
  ProductDetails details;
  Units total = 0;
  UserId created_by;
  Time created_at;
  RequestKey key;
};

struct Registered {
  Product product;
  bool replayed = false;  // it was there already, by an earlier request with the same key
};

// --- edits

// What an edit wants of the stock: a new total, or a change of it, or neither.
struct StockWish {
  std::optional<Units> total;
  Units delta = 0;
  bool wants() const { return total || delta != 0; }
};

// An edit that is begun: the order service is told, then the product is changed. At most one per product.
struct PendingChange {
  ProductId product;
  std::int64_t base_version = 0;  // of the product that it changes
  std::int64_t version = 0;       // of the product that it makes; given by begin(), never twice
  ProductState state = ProductState::active;
  ProductDetails details;
  StockWish stock;
  UserId actor;
  std::string reason;
  RequestKey key;                // kept once the change is made
  std::int64_t import_line = 0;  // the row of the import that wants it; 0: none
};

struct Editable {
  Product product;
  std::optional<PendingChange> pending;
};

// --- imports

enum class ImportAction : std::uint8_t { create = 1, change = 2, keep = 3 };
enum class ImportOutcome : std::uint8_t { open = 1, done = 2, refused = 3 };

struct ImportLine {
  std::int64_t id = 0;
  std::int64_t line = 0;  // of the file
  ImportAction action = ImportAction::keep;
  ImportOutcome outcome = ImportOutcome::open;
  ProductId product;
};

// One import, checked: all of it is written in one transaction.
struct NewImport {
  struct Row {
    std::int64_t line = 0;
    ImportAction action = ImportAction::keep;
    NewProduct product;    // create
    PendingChange change;  // change; of keep only its product
  };
  UserId actor;
  Time at;
  RequestKey key;
  std::vector<Row> rows;
};

struct Import {
  std::vector<ImportLine> lines;  // ascending
  bool replayed = false;
};

// --- lists

enum class SortOrder : std::uint8_t { newest, price_ascending, price_descending, name };

// A place in a list: that of one entry. `price` and `name` where the order needs them.
struct Position {
  std::int64_t id = 0;
  Money price = 0;
  std::string name;
};

struct ListQuery {
  std::optional<ProductType> type;
  std::optional<ProductState> state;  // none: ACTIVE and PAUSED
  // That the name holds, whatever the case of ASCII letters (MySQL: of any letters); empty: any.
  std::string words;
  std::optional<Money> min_price, max_price;
  SortOrder sort = SortOrder::newest;
  std::optional<Position> after;
  std::size_t limit = 0;
};

// --- wishes

struct Wish {
  std::int64_t id = 0;
  ProductId product;
  std::string note;  // empty: none
  Time added_at;
};

struct WishedProduct {
  Wish wish;
  Product product;
};

class ProductStore {
 public:
  virtual ~ProductStore() = default;

  // Inserts a DRAFT of version 1, or finds the one that this user and key made. idempotency_mismatch when
  // that one had another body.
  virtual Result<Registered> insert(const NewProduct& product) = 0;

  virtual Result<void> activate(ProductId product) = 0;  // a repeat changes nothing
  virtual Result<std::vector<Product>> drafts(ProductId after, std::size_t limit) = 0;  // ascending by id

  virtual Result<std::vector<Product>> list(const ListQuery& query) = 0;  // never a DRAFT
  // All but drafts, ascending by id.
  virtual Result<std::vector<Product>> all(ProductId after, std::size_t limit) = 0;
  virtual Result<Product> find(ProductId product) = 0;  // not_found, also for a DRAFT

  virtual Result<Editable> find_editable(ProductId product) = 0;  // not_found, also for a DRAFT
  // True when this (actor, key) has changed a product's stock. idempotency_mismatch when its body was
  // another.
  virtual Result<bool> find_adjustment(UserId actor, const RequestKey& key) = 0;

  // Writes the change down and gives it its version. nullopt when the product is not of its base_version any
  // more, or another change is pending: read again.
  virtual Result<std::optional<PendingChange>> begin(const PendingChange& change) = 0;
  // Makes the product what the change says and ends it. A repeat, or one that a newer version has overtaken,
  // changes nothing.
  virtual Result<void> apply(const PendingChange& change) = 0;
  virtual Result<void> discard(const PendingChange& change) = 0;  // its version is not used again
  virtual Result<std::vector<PendingChange>> pending(ProductId after,
                                                     std::size_t limit) = 0;  // ascending by product

  // Writes drafts, changes and what became of each line; or finds what this actor and key imported
  // (idempotency_mismatch for another body). nullopt when one of the products changed meanwhile: nothing was
  // written, read again.
  virtual Result<std::optional<Import>> insert_import(const NewImport& import) = 0;
  virtual Result<std::optional<Import>> find_import(UserId actor, const RequestKey& key) = 0;
  // The lines as they stand now.
  virtual Result<std::vector<ImportLine>> import_lines(std::int64_t first, std::size_t count) = 0;

  // Adds an entry or finds it. Errors: not_found, illegal_state (the product is archived), limit_exceeded.
  struct Wished {
    Wish wish;
    bool found = false;
  };
  virtual Result<Wished> add_wish(UserId user, const Wish& wish, std::size_t max_entries) = 0;
  virtual Result<Wish> set_wish_note(UserId user, ProductId product,
                                     const std::string& note) = 0;       // not_found
  virtual Result<void> remove_wish(UserId user, ProductId product) = 0;  // one that is not there is no error
  virtual Result<void> remove_wishes(UserId user) = 0;                   // all of them
  virtual Result<WishedProduct> find_wish(UserId user, ProductId product) = 0;  // not_found
  // Newest first, those before `before`.
  virtual Result<std::vector<WishedProduct>> wishes(UserId user, std::optional<std::int64_t> before,
                                                    std::size_t limit) = 0;
};

// `sessions`: as many as threads of the pool it is called from. Several servers may have one MySQL database.
std::unique_ptr<ProductStore> make_sql_product_store(db::DatabaseAddress address, std::size_t sessions,
                                                     Log log);

}  // namespace buyme::product
