// What SqlDatabase needs to know of MySQL: how a session is opened, and how a schema comes to be.
#pragma once

#include <soci/soci.h>

#include <span>

#include "db/address.hpp"
#include "db/sqlite.hpp"

namespace buyme::db {

// Connects with the settings that every session has. Throws soci_error.
void open_mysql(soci::session& session, const MysqlSettings& server);

// Once at start: refuses a server that does not sync its commits, and applies the migrations
// (db/mysql_migrations.hpp). Throws std::runtime_error, of which MysqlError is one.
void prepare_mysql(const MysqlSettings& server, std::span<const Migration> migrations);

}  // namespace buyme::db
