// The rows of one open database, for whoever has no directory to take a snapshot of.
#pragma once

#include "audit/books.hpp"
#include "db/sqlite.hpp"

namespace buyme::audit {

// Adds what the audit looks at in an order database. Throws db::SqliteError.
void read_order_rows(const db::Sqlite& database, Books& books);

}  // namespace buyme::audit
