// Wishes in the catalogue's database. Every function runs inside the transaction of its caller.
#pragma once

#include "product/rows_sql.hpp"

namespace buyme::product {

// As the methods of ProductStore that are named like them.
Result<ProductStore::Wished> add_wish_in(soci::session& session, UserId user, const Wish& wish,
                                         std::size_t max_entries);
Result<Wish> set_wish_note_in(soci::session& session, UserId user, ProductId product,
                              const std::string& note);
void remove_wish_in(soci::session& session, UserId user, ProductId product);
void remove_wishes_in(soci::session& session, UserId user);
Result<WishedProduct> find_wish_in(soci::session& session, UserId user, ProductId product);
std::vector<WishedProduct> wishes_in(soci::session& session, UserId user, std::optional<std::int64_t> before,
                                     std::size_t limit);

}  // namespace buyme::product
