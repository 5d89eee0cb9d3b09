// The books of a shop whose services keep their state in databases of one MySQL or MariaDB server.
#pragma once

#include <string>

#include "audit/books.hpp"
#include "db/mysql.hpp"

namespace buyme::audit {

// One moment of the databases `prefix`_user, _product, _order, _payment and _provider: one snapshot of InnoDB
// spans them all, and nobody waits for it. `server` names no database. Throws db::MysqlError.
Books read_books(db::MysqlSettings server, const std::string& prefix, Time now);

}  // namespace buyme::audit
