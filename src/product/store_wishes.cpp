#include "product/store_wishes.hpp"

#include <limits>

namespace buyme::product {

namespace {

constexpr const char* select_wish =
    "SELECT wish_id, note, added_at FROM wishlist WHERE user_id = :user AND product_id = :product";
// Whoever has an entry adds the next one under its lock, so that two at once are counted one after the other.
constexpr const char* lock_oldest =
    "SELECT wish_id FROM wishlist WHERE user_id = :user ORDER BY wish_id LIMIT 1";
constexpr const char* count_wishes = "SELECT COUNT(*) FROM wishlist WHERE user_id = :user";
constexpr const char* insert_wish =
    "INSERT INTO wishlist(user_id, product_id, note, added_at) VALUES(:user, :product, :note, :added_at)";
constexpr const char* update_note =
    "UPDATE wishlist SET note = :note WHERE user_id = :user AND product_id = :product";
constexpr const char* delete_wish = "DELETE FROM wishlist WHERE user_id = :user AND product_id = :product";
constexpr const char* delete_wishes = "DELETE FROM wishlist WHERE user_id = :user";
constexpr const char* select_wishes =
    "SELECT wish_id, note, added_at, product_id FROM wishlist WHERE user_id = :user AND wish_id < :before "
    "ORDER BY wish_id DESC LIMIT :maximum";

std::optional<Wish> find_in(soci::session& session, UserId user, ProductId product) {
  long long id = 0, added_at = 0;
  std::string note;
  Command find(session);
  find.into().exchange(soci::into(id));
  find.into().exchange(soci::into(note));
  find.into().exchange(soci::into(added_at));
  find.use(user.value).use(product.value).open(select_wish);
  if (!find.next()) return std::nullopt;
  return Wish{id, product, note, from_unix_ms(added_at)};
}

std::size_t count_in(soci::session& session, UserId user) {
  long long count = 0, oldest = 0;
  if (db::is_mysql(session)) {
    Command lock(session);
    lock.into().exchange(soci::into(oldest));
    lock.use(user.value).open(std::string(lock_oldest) + db::for_update(session));
    lock.next();
  }
  Command command(session);
  command.into().exchange(soci::into(count));
  command.use(user.value).open(count_wishes);
  command.next();
  return static_cast<std::size_t>(count);
}

Failure not_wished() {
  return Failure(Error::not_found, "This product is not on your wishlist.");
}

Product product_of(soci::session& session, ProductId id) {
  return find_product(session, id).value();  // the foreign key says that it is there
}

}  // namespace

Result<ProductStore::Wished> add_wish_in(soci::session& session, UserId user, const Wish& wish,
                                         std::size_t max_entries) {
  if (auto found = find_in(session, user, wish.product)) return ProductStore::Wished{std::move(*found), true};
  const auto product = find_product(session, wish.product);
  if (!product || product->state == ProductState::draft) return no_such_product();
  if (product->state == ProductState::archived) {
    return Failure(Error::illegal_state, "This product is not sold any more.").with("state", "ARCHIVED");
  }
  if (count_in(session, user) >= max_entries) {
    return Failure(Error::limit_exceeded, "Your wishlist is full; remove something first.")
        .with("limit", static_cast<std::int64_t>(max_entries));
  }
  Command insert(session);
  insert.use(user.value).use(wish.product.value).use(wish.note).use(to_unix_ms(wish.added_at));
  insert.run(insert_wish);
  ProductStore::Wished added{wish, false};
  added.wish.id = last_id(session, "wishlist");
  return added;
}

Result<Wish> set_wish_note_in(soci::session& session, UserId user, ProductId product,
                              const std::string& note) {
  auto wish = find_in(session, user, product);
  if (!wish) return not_wished();
  Command(session).use(note).use(user.value).use(product.value).run(update_note);
  wish->note = note;
  return std::move(*wish);
}

void remove_wish_in(soci::session& session, UserId user, ProductId product) {
  Command(session).use(user.value).use(product.value).run(delete_wish);
}

void remove_wishes_in(soci::session& session, UserId user) {
  Command(session).use(user.value).run(delete_wishes);
}

Result<WishedProduct> find_wish_in(soci::session& session, UserId user, ProductId product) {
  auto wish = find_in(session, user, product);
  if (!wish) return not_wished();
  return WishedProduct{std::move(*wish), product_of(session, product)};
}

std::vector<WishedProduct> wishes_in(soci::session& session, UserId user, std::optional<std::int64_t> before,
                                     std::size_t limit) {
  long long id = 0, added_at = 0, product = 0;
  std::string note;
  std::vector<WishedProduct> wishes;
  {
    Command select(session);
    select.into().exchange(soci::into(id));
    select.into().exchange(soci::into(note));
    select.into().exchange(soci::into(added_at));
    select.into().exchange(soci::into(product));
    select.use(user.value).use(before.value_or(std::numeric_limits<std::int64_t>::max()));
    select.use(static_cast<std::int64_t>(limit)).open(select_wishes);
    while (select.next()) wishes.push_back({Wish{id, ProductId{product}, note, from_unix_ms(added_at)}, {}});
  }
  for (WishedProduct& wish : wishes) wish.product = product_of(session, wish.wish.product);
  return wishes;
}

}  // namespace buyme::product
