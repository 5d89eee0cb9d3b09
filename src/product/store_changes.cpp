#include "product/store_changes.hpp"

namespace buyme::product {

namespace {

#define BUYME_CHANGE_COLUMNS                                                                       \
  "product_id, base_version, version, state, total_units, delta, actor, reason, idempotency_key, " \
  "body_hash, import_line_id, " BUYME_DETAILS_COLUMNS

// The version is taken only from a product that is still what the change was made of, with no change under
// way. It locks the product's row, as every begin does.
constexpr const char* take_version =
    "UPDATE products SET tried_version = tried_version + 1 WHERE product_id = :id AND version = :base "
    "AND state <> 1 AND NOT EXISTS (SELECT 1 FROM product_changes c WHERE c.product_id = "
    "products.product_id)";
constexpr const char* tried_version = "SELECT tried_version FROM products WHERE product_id = :id";
constexpr const char* insert_change =
    "INSERT INTO product_changes(" BUYME_CHANGE_COLUMNS
    ") VALUES(:id, :base, :version, :state, :total, :delta, :actor, :reason, :key, :hash, :line, "
    ":name, :description, :price, :type, :opens, :closes, :limit, :image)";
constexpr const char* change_product =
    "UPDATE products SET version = :version, state = :state, product_name = :name, description = "
    ":description, price = :price, product_type = :type, opens_at = :opens, closes_at = :closes, "
    "per_user_limit = :limit, image_url = :image WHERE product_id = :id AND version < :older_than";
constexpr const char* end_change =
    "DELETE FROM product_changes WHERE product_id = :id AND version = :version";
constexpr const char* select_pending = "SELECT " BUYME_CHANGE_COLUMNS
                                       " FROM product_changes WHERE product_id > :after "
                                       "ORDER BY product_id LIMIT :maximum";

constexpr const char* select_adjustment =
    "SELECT body_hash FROM stock_adjustments WHERE actor = :actor AND idempotency_key = :key";
constexpr const char* insert_adjustment =
    "INSERT INTO stock_adjustments(actor, idempotency_key, body_hash, product_id) "
    "VALUES(:actor, :key, :hash, :id)";

constexpr const char* select_import =
    "SELECT body_hash, first_line_id, line_count FROM product_imports WHERE actor = :actor AND "
    "idempotency_key = :key";
constexpr const char* insert_import =
    "INSERT INTO product_imports(actor, imported_at, idempotency_key, body_hash, first_line_id, line_count) "
    "VALUES(:actor, :at, :key, :hash, :first, :count)";
constexpr const char* last_line = "SELECT COALESCE(MAX(import_line_id), 0) FROM import_lines";
constexpr const char* insert_line =
    "INSERT INTO import_lines(import_line_id, line, action, outcome, product_id) "
    "VALUES(:line_id, :line, :action, :outcome, :product)";
constexpr const char* end_line =
    "UPDATE import_lines SET outcome = :outcome WHERE import_line_id = :line_id AND outcome = 1";
constexpr const char* select_lines =
    "SELECT l.import_line_id, l.line, l.action, CASE WHEN l.action = 1 AND p.state <> 1 THEN 2 ELSE "
    "l.outcome "
    "END, l.product_id FROM import_lines l JOIN products p ON p.product_id = l.product_id "
    "WHERE l.import_line_id >= :first AND l.import_line_id < :end ORDER BY l.import_line_id";

constexpr const char* insert_product =
    "INSERT INTO products(version, state, total_units, created_by, created_at, idempotency_key, "
    "body_hash, " BUYME_DETAILS_COLUMNS
    ") VALUES(1, 1, :total, :created_by, :created_at, :key, :hash, "
    ":name, :description, :price, :type, :opens, :closes, :limit, :image)";
constexpr const char* find_key =
    "SELECT product_id, body_hash FROM products WHERE created_by = :created_by AND idempotency_key = :key";

std::int64_t as_stored(std::uint64_t hash) {
  return static_cast<std::int64_t>(hash);
}

struct ChangeRow {
  long long id = 0, base = 0, version = 0, total = 0, delta = 0, actor = 0, hash = 0, line = 0;
  int state = 0;
  std::string reason, key;
  soci::indicator with_total = soci::i_null, keyed = soci::i_null, imported = soci::i_null;
  DetailsColumns details;

  void define_in(soci::statement& select) {
    for (auto* number : {&id, &base, &version}) select.exchange(soci::into(*number));
    select.exchange(soci::into(state));
    select.exchange(soci::into(total, with_total));
    for (auto* number : {&delta, &actor}) select.exchange(soci::into(*number));
    select.exchange(soci::into(reason));
    select.exchange(soci::into(key, keyed));
    select.exchange(soci::into(hash));
    select.exchange(soci::into(line, imported));
    details.define_in(select);
  }

  PendingChange change() const {
    PendingChange change;
    change.product = ProductId{id};
    change.base_version = base;
    change.version = version;
    change.state = static_cast<ProductState>(state);
    change.details = details.details();
    if (with_total == soci::i_ok) change.stock.total = total;
    change.stock.delta = delta;
    change.actor = UserId{actor};
    change.reason = reason;
    if (keyed == soci::i_ok) change.key.key = key;
    change.key.body_hash = static_cast<std::uint64_t>(hash);
    if (imported == soci::i_ok) change.import_line = line;
    return change;
  }
};

void end_import_line(soci::session& session, const PendingChange& change, ImportOutcome outcome) {
  if (change.import_line == 0) return;
  Command(session).use(static_cast<std::int64_t>(outcome)).use(change.import_line).run(end_line);
}

std::int64_t number(soci::session& session, const char* sql, std::optional<std::int64_t> parameter) {
  long long value = 0;
  Command command(session);
  if (parameter) command.use(*parameter);
  command.into().exchange(soci::into(value));
  command.open(sql);
  if (!command.next()) throw std::logic_error("a row that must be there is not");
  return value;
}

}  // namespace

std::optional<PendingChange> begin_in(soci::session& session, const PendingChange& wanted) {
  Command take(session);
  take.use(wanted.product.value).use(wanted.base_version).run(take_version);
  if (take.changed() == 0) return std::nullopt;
  PendingChange change = wanted;
  change.version = number(session, tried_version, change.product.value);

  Command insert(session);
  insert.use(change.product.value).use(change.base_version).use(change.version);
  insert.use(static_cast<std::int64_t>(change.state)).use(change.stock.total).use(change.stock.delta);
  insert.use(change.actor.value).use(change.reason).use(kept(change.key.key));
  insert.use(as_stored(change.key.body_hash));
  insert.use(change.import_line > 0 ? std::optional(change.import_line) : std::nullopt);
  use_details(insert, change.details);
  insert.run(insert_change);
  return change;
}

void apply_in(soci::session& session, const PendingChange& change) {
  Command update(session);
  update.use(change.version).use(static_cast<std::int64_t>(change.state));
  use_details(update, change.details);
  update.use(change.product.value).use(change.version).run(change_product);

  Command end(session);
  end.use(change.product.value).use(change.version).run(end_change);
  if (end.changed() == 0) return;
  end_import_line(session, change, ImportOutcome::done);
  if (change.key.key.empty()) return;
  const auto known = find_adjustment_in(session, change.actor, change.key);
  if (!known || *known) return;  // two products at once with one key: the first keeps it
  Command keep(session);
  keep.use(change.actor.value).use(change.key.key).use(as_stored(change.key.body_hash));
  keep.use(change.product.value).run(insert_adjustment);
}

void discard_in(soci::session& session, const PendingChange& change) {
  Command end(session);
  end.use(change.product.value).use(change.version).run(end_change);
  if (end.changed() > 0) end_import_line(session, change, ImportOutcome::refused);
}

Result<bool> find_adjustment_in(soci::session& session, UserId actor, const RequestKey& key) {
  if (key.key.empty()) return false;
  long long hash = 0;
  Command find(session);
  find.use(actor.value).use(key.key);
  find.into().exchange(soci::into(hash));
  find.open(select_adjustment);
  if (!find.next()) return false;
  if (hash != as_stored(key.body_hash)) return key_of_another_body();
  return true;
}

std::vector<PendingChange> pending_in(soci::session& session, ProductId after, std::size_t limit) {
  ChangeRow row;
  Command select(session);
  row.define_in(select.into());
  select.use(after.value).use(static_cast<std::int64_t>(limit)).open(select_pending);
  std::vector<PendingChange> changes;
  while (select.next()) changes.push_back(row.change());
  return changes;
}

std::optional<PendingChange> pending_of(soci::session& session, ProductId product) {
  auto changes = pending_in(session, ProductId{product.value - 1}, 1);
  if (changes.empty() || changes.front().product != product) return std::nullopt;
  return std::move(changes.front());
}

namespace {

ProductId insert_draft(soci::session& session, const NewProduct& product) {
  Command insert(session);
  insert.use(product.total).use(product.created_by.value).use(to_unix_ms(product.created_at));
  insert.use(kept(product.key.key)).use(as_stored(product.key.body_hash));
  use_details(insert, product.details);
  insert.run(insert_product);
  return ProductId{last_id(session, "products")};
}

// What one row of an import becomes. Throws ChangedMeanwhile.
ImportLine insert_import_row(soci::session& session, std::int64_t line_id, const NewImport::Row& row) {
  ImportLine line{line_id, row.line, row.action, ImportOutcome::open, row.change.product};
  if (row.action == ImportAction::create) line.product = insert_draft(session, row.product);
  if (row.action == ImportAction::keep) line.outcome = ImportOutcome::done;
  Command insert(session);
  insert.use(line.id).use(line.line).use(static_cast<std::int64_t>(line.action));
  insert.use(static_cast<std::int64_t>(line.outcome)).use(line.product.value).run(insert_line);
  if (row.action == ImportAction::change) {
    PendingChange change = row.change;
    change.import_line = line_id;
    if (!begin_in(session, change)) throw ChangedMeanwhile{};
  }
  return line;
}

}  // namespace

Result<Registered> insert_in(soci::session& session, const NewProduct& product) {
  if (!product.key.key.empty()) {
    long long id = 0, hash = 0;
    Command find(session);
    find.use(product.created_by.value).use(product.key.key);
    for (auto* column : {&id, &hash}) find.into().exchange(soci::into(*column));
    find.open(find_key);
    if (find.next()) {
      if (hash != as_stored(product.key.body_hash)) return key_of_another_body();
      return Registered{find_product(session, ProductId{id}).value(), true};
    }
  }
  const ProductId id = insert_draft(session, product);
  return Registered{find_product(session, id).value(), false};
}

Result<std::optional<Import>> insert_import_in(soci::session& session, const NewImport& wanted) {
  auto known = find_import_in(session, wanted.actor, wanted.key);
  if (!known || *known) return known;
  const std::int64_t first = number(session, last_line, std::nullopt) + 1;
  Import import;
  for (const NewImport::Row& row : wanted.rows) {
    const auto line_id = first + static_cast<std::int64_t>(import.lines.size());
    import.lines.push_back(insert_import_row(session, line_id, row));
  }
  Command insert(session);
  insert.use(wanted.actor.value).use(to_unix_ms(wanted.at)).use(kept(wanted.key.key));
  insert.use(as_stored(wanted.key.body_hash)).use(first);
  insert.use(static_cast<std::int64_t>(import.lines.size())).run(insert_import);
  return std::optional(std::move(import));
}

Result<std::optional<Import>> find_import_in(soci::session& session, UserId actor, const RequestKey& key) {
  if (key.key.empty()) return std::optional<Import>();
  long long hash = 0, first = 0, count = 0;
  Command find(session);
  find.use(actor.value).use(key.key);
  for (auto* column : {&hash, &first, &count}) find.into().exchange(soci::into(*column));
  find.open(select_import);
  if (!find.next()) return std::optional<Import>();
  if (hash != as_stored(key.body_hash)) return key_of_another_body();
  return std::optional(Import{import_lines_in(session, first, static_cast<std::size_t>(count)), true});
}

std::vector<ImportLine> import_lines_in(soci::session& session, std::int64_t first, std::size_t count) {
  long long id = 0, line = 0, product = 0;
  int action = 0, outcome = 0;
  Command select(session);
  for (auto* column : {&id, &line}) select.into().exchange(soci::into(*column));
  for (auto* column : {&action, &outcome}) select.into().exchange(soci::into(*column));
  select.into().exchange(soci::into(product));
  select.use(first).use(first + static_cast<std::int64_t>(count)).open(select_lines);
  std::vector<ImportLine> lines;
  while (select.next()) {
    lines.push_back({id, line, static_cast<ImportAction>(action), static_cast<ImportOutcome>(outcome),
                     ProductId{product}});
  }
  return lines;
}

}  // namespace buyme::product
