#include "db/sql.hpp"
#include "embedded/product_schema.hpp"
#include "product/store.hpp"

namespace buyme::product {

namespace {

constexpr db::Migration migrations[] = {{1, "product", embedded::product_schema}};

#define BUYME_PRODUCT_COLUMNS                                                                 \
  "product_id, version, state, product_name, description, price, total_units, product_type, " \
  "opens_at, closes_at, per_user_limit, image_url, created_at"

constexpr const char* insert_product =
    "INSERT INTO products(version, state, product_name, description, price, total_units, product_type, "
    "opens_at, "
    "closes_at, per_user_limit, image_url, created_by, created_at, idempotency_key, body_hash) "
    "VALUES(1, 1, :name, :description, :price, :total, :type, :opens_at, :closes_at, :per_user_limit, "
    ":image_url, "
    ":created_by, :created_at, :idempotency_key, :body_hash)";
constexpr const char* find_key =
    "SELECT product_id, body_hash FROM products WHERE created_by = :created_by AND idempotency_key = :key";
constexpr const char* activate_product = "UPDATE products SET state = 2 WHERE product_id = :id AND state = 1";
constexpr const char* find_product = "SELECT " BUYME_PRODUCT_COLUMNS " FROM products WHERE product_id = :id";
constexpr const char* list_drafts =
    "SELECT " BUYME_PRODUCT_COLUMNS
    " FROM products WHERE state = 1 AND product_id > :after ORDER BY product_id LIMIT :maximum";
constexpr const char* list_active =
    "SELECT " BUYME_PRODUCT_COLUMNS
    " FROM products WHERE state = 2 AND product_id < :before ORDER BY product_id DESC LIMIT :maximum";
constexpr const char* list_active_of_type =
    "SELECT " BUYME_PRODUCT_COLUMNS
    " FROM products WHERE state = 2 AND product_type = :type AND product_id < :before "
    "ORDER BY product_id DESC LIMIT :maximum";

#undef BUYME_PRODUCT_COLUMNS

soci::indicator present(bool there) {
  return there ? soci::i_ok : soci::i_null;
}

// One row in the order of the columns above.
struct Row {
  long long id = 0, version = 0, price = 0, total = 0, opens_at = 0, closes_at = 0, limit = 0, created_at = 0;
  int state = 0, type = 0;
  std::string name, description, image_url;
  soci::indicator opens = soci::i_null, closes = soci::i_null, limited = soci::i_null,
                  pictured = soci::i_null;

  void define_in(soci::statement& select) {
    for (auto* number : {&id, &version}) select.exchange(soci::into(*number));
    select.exchange(soci::into(state));
    select.exchange(soci::into(name));
    select.exchange(soci::into(description));
    for (auto* number : {&price, &total}) select.exchange(soci::into(*number));
    select.exchange(soci::into(type));
    select.exchange(soci::into(opens_at, opens));
    select.exchange(soci::into(closes_at, closes));
    select.exchange(soci::into(limit, limited));
    select.exchange(soci::into(image_url, pictured));
    select.exchange(soci::into(created_at));
  }

  Product product() const {
    Product product;
    product.id = ProductId{id};
    product.version = version;
    product.state = static_cast<ProductState>(state);
    product.created_at = from_unix_ms(created_at);
    ProductDraft& details = product.details;
    details.name = name;
    details.description = description;
    details.price = price;
    details.total = total;
    details.type = static_cast<ProductType>(type);
    if (opens == soci::i_ok) details.opens_at = from_unix_ms(opens_at);
    if (closes == soci::i_ok) details.closes_at = from_unix_ms(closes_at);
    if (limited == soci::i_ok) details.per_user_limit = limit;
    if (pictured == soci::i_ok) details.image_url = image_url;
    return product;
  }
};

// Rows of `sql`, whose parameters are `numbers` in their order.
std::vector<Product> select(soci::session& session, const char* sql, std::vector<long long> numbers) {
  soci::statement statement(session);
  Row row;
  row.define_in(statement);
  for (auto& number : numbers) statement.exchange(soci::use(number));
  statement.alloc();
  statement.prepare(sql);
  statement.define_and_bind();
  statement.execute();
  std::vector<Product> products;
  while (statement.fetch()) products.push_back(row.product());
  return products;
}

ProductId insert_row(soci::session& session, const NewProduct& product) {
  const ProductDraft& details = product.details;
  long long price = details.price, total = details.total, created_by = product.created_by.value;
  long long opens_at = details.opens_at ? to_unix_ms(*details.opens_at) : 0;
  long long closes_at = details.closes_at ? to_unix_ms(*details.closes_at) : 0;
  long long limit = details.per_user_limit.value_or(0), created_at = to_unix_ms(product.created_at);
  long long body_hash = static_cast<long long>(product.body_hash);
  int type = static_cast<int>(details.type);
  const std::string image_url = details.image_url.value_or("");
  soci::indicator opens = present(details.opens_at.has_value()),
                  closes = present(details.closes_at.has_value());
  soci::indicator limited = present(details.per_user_limit.has_value());
  soci::indicator pictured = present(details.image_url.has_value()), keyed = present(!product.key.empty());
  session << insert_product, soci::use(details.name), soci::use(details.description), soci::use(price),
      soci::use(total), soci::use(type), soci::use(opens_at, opens), soci::use(closes_at, closes),
      soci::use(limit, limited), soci::use(image_url, pictured), soci::use(created_by), soci::use(created_at),
      soci::use(product.key, keyed), soci::use(body_hash);
  long long id = 0;
  if (!session.get_last_insert_id("products", id)) throw std::logic_error("no id of the new product");
  return ProductId{id};
}

Product read(soci::session& session, ProductId id) {
  return select(session, find_product, {id.value}).at(0);
}

Result<Registered> insert_in(soci::session& session, const NewProduct& product) {
  if (!product.key.empty()) {
    long long created_by = product.created_by.value, id = 0, body_hash = 0;
    session << find_key, soci::use(created_by), soci::use(product.key), soci::into(id), soci::into(body_hash);
    if (session.got_data()) {
      if (static_cast<std::uint64_t>(body_hash) != product.body_hash) {
        return Failure(Error::idempotency_mismatch,
                       "This Idempotency-Key came with another body before; use a new key.");
      }
      return Registered{read(session, ProductId{id}), true};
    }
  }
  const ProductId id = insert_row(session, product);
  return Registered{read(session, id), false};
}

class SqlProductStore final : public ProductStore {
 public:
  SqlProductStore(const std::string& path, std::size_t sessions, Log log)
      : database_(path, sessions, migrations), log_(std::move(log)) {}

  Result<Registered> insert(const NewProduct& product) override {
    return write<Result<Registered>>([&](soci::session& session) { return insert_in(session, product); });
  }
  Result<void> activate(ProductId product) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      long long id = product.value;
      session << activate_product, soci::use(id);
      return {};
    });
  }
  Result<std::vector<Product>> drafts(ProductId after, std::size_t limit) override {
    return rows(list_drafts, {after.value, static_cast<long long>(limit)});
  }
  Result<std::vector<Product>> list(const ListQuery& query) override {
    const long long before = query.before ? query.before->value : std::numeric_limits<std::int64_t>::max();
    const auto limit = static_cast<long long>(query.limit);
    if (!query.type) return rows(list_active, {before, limit});
    return rows(list_active_of_type, {static_cast<long long>(*query.type), before, limit});
  }
  Result<Product> find(ProductId product) override {
    auto found = rows(find_product, {product.value});
    if (!found) return found.error();
    if (found->empty() || found->front().state != ProductState::active) {
      return Failure(Error::not_found, "There is no such product.");
    }
    return std::move(found->front());
  }

 private:
  Failure unavailable(const soci::soci_error& error) const {
    log_->error("product store: {}", error.what());
    return Failure(Error::store_unavailable, "The shop cannot reach its catalogue right now. Try again.")
        .retry_in(std::chrono::seconds{1});
  }

  Result<std::vector<Product>> rows(const char* sql, std::vector<long long> numbers) {
    try {
      return database_.with_session(
          [&](soci::session& session) { return select(session, sql, std::move(numbers)); });
    } catch (const soci::soci_error& error) {
      return unavailable(error);
    }
  }

  // A failure in mid-transaction is undone for certain; only of a COMMIT it may be unknown what it did.
  template <class Outcome, class Work>
  Outcome write(Work work) {
    bool committing = false;
    try {
      return database_.with_transaction([&](soci::session& session) {
        Outcome outcome = work(session);
        committing = true;
        return outcome;
      });
    } catch (const soci::soci_error& error) {
      Failure failure = unavailable(error);
      if (committing && db::may_have_committed(error)) failure.error = Error::outcome_unknown;
      return failure;
    }
  }

  db::SqlDatabase database_;
  Log log_;
};

}  // namespace

std::unique_ptr<ProductStore> make_sql_product_store(const std::string& path, std::size_t sessions, Log log) {
  return std::make_unique<SqlProductStore>(path, sessions, std::move(log));
}

}  // namespace buyme::product
