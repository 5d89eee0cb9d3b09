#include "product/rows_sql.hpp"

namespace buyme::product {

void DetailsColumns::define_in(soci::statement& select) {
  select.exchange(soci::into(name));
  select.exchange(soci::into(description));
  select.exchange(soci::into(price));
  select.exchange(soci::into(type));
  select.exchange(soci::into(opens_at, opens));
  select.exchange(soci::into(closes_at, closes));
  select.exchange(soci::into(limit, limited));
  select.exchange(soci::into(image_url, pictured));
}

ProductDetails DetailsColumns::details() const {
  ProductDetails details;
  details.name = name;
  details.description = description;
  details.price = price;
  details.type = static_cast<ProductType>(type);
  if (opens == soci::i_ok) details.opens_at = from_unix_ms(opens_at);
  if (closes == soci::i_ok) details.closes_at = from_unix_ms(closes_at);
  if (limited == soci::i_ok) details.per_user_limit = limit;
  if (pictured == soci::i_ok) details.image_url = image_url;
  return details;
}

void ProductRow::define_in(soci::statement& select) {
  select.exchange(soci::into(id));
  select.exchange(soci::into(version));
  select.exchange(soci::into(state));
  select.exchange(soci::into(created_at));
  select.exchange(soci::into(created_by));
  select.exchange(soci::into(total));
  details.define_in(select);
}

Product ProductRow::product() const {
  Product product;
  product.id = ProductId{id};
  product.version = version;
  product.state = static_cast<ProductState>(state);
  product.created_at = from_unix_ms(created_at);
  product.created_by = UserId{created_by};
  product.first_total = total;
  product.details = details.details();
  return product;
}

void use_details(Command& command, const ProductDetails& details) {
  const auto unix_ms = [](const std::optional<Time>& time) {
    return time ? std::optional(to_unix_ms(*time)) : std::nullopt;
  };
  command.use(details.name).use(details.description).use(details.price);
  command.use(static_cast<std::int64_t>(details.type));
  command.use(unix_ms(details.opens_at)).use(unix_ms(details.closes_at));
  command.use(details.per_user_limit).use(details.image_url);
}

std::vector<Product> select_products(Command& command, const std::string& sql) {
  ProductRow row;
  row.define_in(command.into());
  command.open(sql);
  std::vector<Product> products;
  while (command.next()) products.push_back(row.product());
  return products;
}

std::optional<Product> find_product(soci::session& session, ProductId id, Lock lock) {
  Command command(session);
  command.use(id.value);
  std::string query = "SELECT " BUYME_PRODUCT_COLUMNS " FROM products WHERE product_id = :id";
  if (lock == Lock::row) query += db::for_update(session);
  auto found = select_products(command, query);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::int64_t last_id(soci::session& session, const char* table) {
  long long id = 0;
  if (!session.get_last_insert_id(table, id))
    throw std::logic_error("the database does not tell the last id");
  return id;
}

Failure no_such_product() {
  return Failure(Error::not_found, "There is no such product.");
}

Failure key_of_another_body() {
  return Failure(Error::idempotency_mismatch,
                 "This Idempotency-Key came with another body before; use a new key.");
}

}  // namespace buyme::product
