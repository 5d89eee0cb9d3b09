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

namespace buyme::product {

// What the database stores as an integer: never renumber.
enum class ProductType : std::uint8_t { normal = 1, reserved = 2 };
std::string_view to_string(ProductType type);  // "NORMAL"

enum class ProductState : std::uint8_t { draft = 1, active = 2 };
std::string_view to_string(ProductState state);  // "ACTIVE"

// What a merchant says about a product.
struct ProductDraft {
  std::string name;
  std::string description;
  Money price = 0;
  Units total = 0;
  ProductType type = ProductType::normal;
  std::optional<Time> opens_at;
  std::optional<Time> closes_at;
  std::optional<Units> per_user_limit;
  std::optional<std::string> image_url;
};

struct Product {
  ProductId id;
  std::int64_t version = 1;
  ProductState state = ProductState::draft;
  Time created_at;
  ProductDraft details;
};

struct NewProduct {
  ProductDraft details;
  UserId created_by;
  Time created_at;
  std::string key;  // Idempotency-Key; empty when none was sent
  std::uint64_t body_hash = 0;
};

struct Registered {
  Product product;
  bool replayed = false;  // it was there already, by an earlier request with the same key
};

struct ListQuery {
  std::optional<ProductType> type;
  std::optional<ProductId> before;  // newest first, from behind this one
  std::size_t limit = 0;
};

class ProductStore {
 public:
  virtual ~ProductStore() = default;

  // Inserts a DRAFT of version 1, or finds the one that this user and key made. idempotency_mismatch when
  // that one had another body.
  virtual Result<Registered> insert(const NewProduct& product) = 0;

  virtual Result<void> activate(ProductId product) = 0;  // a repeat changes nothing
  virtual Result<std::vector<Product>> drafts(ProductId after, std::size_t limit) = 0;  // ascending by id

  // ACTIVE ones only. find: not_found.
  virtual Result<std::vector<Product>> list(const ListQuery& query) = 0;
  virtual Result<Product> find(ProductId product) = 0;
};

// SQLite in the file at `path`; `sessions` as many as threads of the pool it is called from.
std::unique_ptr<ProductStore> make_sql_product_store(const std::string& path, std::size_t sessions, Log log);

}  // namespace buyme::product
