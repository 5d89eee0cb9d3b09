// Edits and imports in the catalogue's database. Every function runs inside the transaction of its caller.
#pragma once

#include "product/rows_sql.hpp"

namespace buyme::product {

// As the methods of ProductStore that are named like them.
std::optional<PendingChange> begin_in(soci::session& session, const PendingChange& change);
void apply_in(soci::session& session, const PendingChange& change);
void discard_in(soci::session& session, const PendingChange& change);
Result<bool> find_adjustment_in(soci::session& session, UserId actor, const RequestKey& key);
std::vector<PendingChange> pending_in(soci::session& session, ProductId after, std::size_t limit);
std::optional<PendingChange> pending_of(soci::session& session, ProductId product);

Result<Registered> insert_in(soci::session& session, const NewProduct& product);

// Thrown out of insert_import_in so that its transaction is undone: one of the products changed meanwhile.
struct ChangedMeanwhile {};
Result<std::optional<Import>> insert_import_in(soci::session& session, const NewImport& import);
Result<std::optional<Import>> find_import_in(soci::session& session, UserId actor, const RequestKey& key);
std::vector<ImportLine> import_lines_in(soci::session& session, std::int64_t first, std::size_t count);

}  // namespace buyme::product
