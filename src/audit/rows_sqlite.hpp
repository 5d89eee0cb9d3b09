// The rows of one database at a time, for who has it open and needs no snapshot of several files. Without the
// integrity checks that read_books() makes.
#pragma once

#include "audit/books.hpp"
#include "db/sqlite.hpp"

namespace buyme::audit {

// Each fills the lists that it reads and leaves the others. Throws db::SqliteError.
void read_order_rows(const db::Sqlite& database,
                     Books& books);  // stock, terms, purchases, orders, refunds owed
void read_payment_rows(const db::Sqlite& database, Books& books);   // attempts, refunds taken over
void read_provider_rows(const db::Sqlite& database, Books& books);  // charges

}  // namespace buyme::audit
