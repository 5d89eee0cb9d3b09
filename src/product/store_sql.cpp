#include "core/limits.hpp"
#include "embedded/product_schema.hpp"
#include "embedded/product_schema_edits.hpp"
#include "embedded/product_schema_mysql.hpp"
#include "product/store_changes.hpp"
#include "product/store_wishes.hpp"

namespace buyme::product {

namespace {

constexpr db::Migration sqlite_steps[] = {{1, "product", embedded::product_schema},
                                          {2, "edits, imports, wishes", embedded::product_schema_edits}};
constexpr db::Migration mysql_steps[] = {{1, "product", embedded::product_schema_mysql}};
constexpr db::Schema schema{sqlite_steps, mysql_steps};

constexpr const char* activate_product = "UPDATE products SET state = 2 WHERE product_id = :id AND state = 1";
constexpr const char* list_drafts =
    "SELECT " BUYME_PRODUCT_COLUMNS
    " FROM products WHERE state = 1 AND product_id > :after ORDER BY product_id LIMIT :maximum";
constexpr const char* list_all =
    "SELECT " BUYME_PRODUCT_COLUMNS
    " FROM products WHERE state <> 1 AND product_id > :after ORDER BY product_id LIMIT :maximum";
constexpr const char* select_listed = "SELECT " BUYME_PRODUCT_COLUMNS " FROM products WHERE ";

// '%' and '_' stand for themselves.
std::string pattern_of(const std::string& words) {
  std::string pattern = "%";
  for (const char c : words) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + '%';
}

// The rest of the statement from behind the last entry on, in an order that no two products share: so a page
// neither skips nor repeats what stands still.
std::string continue_after(Command& command, const ListQuery& query) {
  const auto& after = query.after;
  switch (query.sort) {
    case SortOrder::newest:
      if (after) command.use(after->id);
      return std::string(after ? " AND product_id < :after_id" : "") + " ORDER BY product_id DESC";
    case SortOrder::price_ascending:
      if (after) command.use(after->price).use(after->id);
      return std::string(after ? " AND (price, product_id) > (:after_price, :after_id)" : "") +
             " ORDER BY price, product_id";
    case SortOrder::price_descending:
      if (after) command.use(after->price).use(after->id);
      return std::string(after ? " AND (price, product_id) < (:after_price, :after_id)" : "") +
             " ORDER BY price DESC, product_id DESC";
    case SortOrder::name:
      if (after) command.use(after->name).use(after->id);
      return std::string(after ? " AND (product_name, product_id) > (:after_name, :after_id)" : "") +
             " ORDER BY product_name, product_id";
  }
  throw std::logic_error("no such order");
}

std::vector<Product> list_in(soci::session& session, const ListQuery& query) {
  Command command(session);
  std::string sql = select_listed;
  if (query.state) {
    sql += "state = :state";
    command.use(static_cast<std::int64_t>(*query.state));
  } else {
    sql += "state IN (2, 3)";
  }
  if (query.type) {
    sql += " AND product_type = :type";
    command.use(static_cast<std::int64_t>(*query.type));
  }
  if (!query.words.empty()) {
    sql += " AND LOWER(product_name) LIKE LOWER(:words) ESCAPE '!'";
    command.use(pattern_of(query.words));
  }
  if (query.min_price) {
    sql += " AND price >= :min_price";
    command.use(*query.min_price);
  }
  if (query.max_price) {
    sql += " AND price <= :max_price";
    command.use(*query.max_price);
  }
  sql += continue_after(command, query) + " LIMIT :maximum";
  command.use(static_cast<std::int64_t>(query.limit));
  return select_products(command, sql);
}

std::vector<Product> products_after(soci::session& session, const char* sql, ProductId after,
                                    std::size_t limit) {
  Command command(session);
  command.use(after.value).use(static_cast<std::int64_t>(limit));
  return select_products(command, sql);
}

class SqlProductStore final : public ProductStore {
 public:
  SqlProductStore(db::DatabaseAddress address, std::size_t sessions, Log log)
      : database_(std::move(address), sessions, schema), log_(std::move(log)) {}

  // --- products

  Result<Registered> insert(const NewProduct& product) override {
    return write<Result<Registered>>([&](soci::session& session) { return insert_in(session, product); });
  }
  Result<void> activate(ProductId product) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      Command(session).use(product.value).run(activate_product);
      return {};
    });
  }
  Result<std::vector<Product>> drafts(ProductId after, std::size_t limit) override {
    return read<std::vector<Product>>(
        [&](soci::session& session) { return products_after(session, list_drafts, after, limit); });
  }
  Result<std::vector<Product>> all(ProductId after, std::size_t limit) override {
    return read<std::vector<Product>>(
        [&](soci::session& session) { return products_after(session, list_all, after, limit); });
  }
  Result<std::vector<Product>> list(const ListQuery& query) override {
    return read<std::vector<Product>>([&](soci::session& session) { return list_in(session, query); });
  }
  Result<Product> find(ProductId id) override {
    return read<Product>([&](soci::session& session) -> Result<Product> {
      auto product = find_product(session, id);
      if (!product || product->state == ProductState::draft) return no_such_product();
      return std::move(*product);
    });
  }

  // --- edits and imports

  // In a transaction and under the product's lock, so that product and change are of one moment.
  Result<Editable> find_editable(ProductId id) override {
    return write<Result<Editable>>([&](soci::session& session) -> Result<Editable> {
      auto product = find_product(session, id, Lock::row);
      if (!product || product->state == ProductState::draft) return no_such_product();
      return Editable{std::move(*product), pending_of(session, id)};
    });
  }
  Result<bool> find_adjustment(UserId actor, const RequestKey& key) override {
    return read<bool>([&](soci::session& session) { return find_adjustment_in(session, actor, key); });
  }
  Result<std::optional<PendingChange>> begin(const PendingChange& change) override {
    using Begun = Result<std::optional<PendingChange>>;
    return write<Begun>([&](soci::session& session) { return Begun(begin_in(session, change)); });
  }
  Result<void> apply(const PendingChange& change) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      apply_in(session, change);
      return {};
    });
  }
  Result<void> discard(const PendingChange& change) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      discard_in(session, change);
      return {};
    });
  }
  Result<std::vector<PendingChange>> pending(ProductId after, std::size_t limit) override {
    return read<std::vector<PendingChange>>(
        [&](soci::session& session) { return pending_in(session, after, limit); });
  }
  Result<std::optional<Import>> insert_import(const NewImport& import) override {
    try {
      return write<Result<std::optional<Import>>>(
          [&](soci::session& session) { return insert_import_in(session, import); });
    } catch (const ChangedMeanwhile&) {
      return std::optional<Import>();
    }
  }
  Result<std::optional<Import>> find_import(UserId actor, const RequestKey& key) override {
    return read<std::optional<Import>>(
        [&](soci::session& session) { return find_import_in(session, actor, key); });
  }
  Result<std::vector<ImportLine>> import_lines(std::int64_t first, std::size_t count) override {
    return read<std::vector<ImportLine>>(
        [&](soci::session& session) { return import_lines_in(session, first, count); });
  }

  // --- wishes

  Result<Wished> add_wish(UserId user, const Wish& wish, std::size_t max_entries) override {
    return write<Result<Wished>>(
        [&](soci::session& session) { return add_wish_in(session, user, wish, max_entries); });
  }
  Result<Wish> set_wish_note(UserId user, ProductId product, const std::string& note) override {
    return write<Result<Wish>>(
        [&](soci::session& session) { return set_wish_note_in(session, user, product, note); });
  }
  Result<void> remove_wish(UserId user, ProductId product) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      remove_wish_in(session, user, product);
      return {};
    });
  }
  Result<void> remove_wishes(UserId user) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      remove_wishes_in(session, user);
      return {};
    });
  }
  Result<WishedProduct> find_wish(UserId user, ProductId product) override {
    return read<WishedProduct>([&](soci::session& session) { return find_wish_in(session, user, product); });
  }
  Result<std::vector<WishedProduct>> wishes(UserId user, std::optional<std::int64_t> before,
                                            std::size_t limit) override {
    return read<std::vector<WishedProduct>>(
        [&](soci::session& session) { return wishes_in(session, user, before, limit); });
  }

 private:
  Failure unavailable(const soci::soci_error& error) const {
    log_->error("product store: {}", error.what());
    return Failure(Error::store_unavailable, "The shop cannot reach its catalogue right now. Try again.")
        .retry_in(std::chrono::seconds{1});
  }

  template <class Value, class Work>
  Result<Value> read(Work work) {
    try {
      return database_.with_session(std::move(work));
    } catch (const soci::soci_error& error) {
      return unavailable(error);
    }
  }

  // Whatever violates a unique key here was looked for before, so another server was first: the same work,
  // run again, finds what that one has written.
  template <class Outcome, class Work>
  Outcome write(Work work) {
    for (int tries = 1;; ++tries) {
      try {
        return database_.with_transaction([&](soci::session& session) -> Outcome { return work(session); });
      } catch (const soci::soci_error& error) {
        if (db::is_unique_violation(error) && tries < limits::sql_tries) continue;
        Failure failure = unavailable(error);
        if (dynamic_cast<const db::CommitUnknown*>(&error) != nullptr) failure.error = Error::outcome_unknown;
        return failure;
      }
    }
  }

  db::SqlDatabase database_;
  Log log_;
};

}  // namespace

std::unique_ptr<ProductStore> make_sql_product_store(db::DatabaseAddress address, std::size_t sessions,
                                                     Log log) {
  return std::make_unique<SqlProductStore>(std::move(address), sessions, std::move(log));
}

}  // namespace buyme::product
