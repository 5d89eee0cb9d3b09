// What SqlDatabase needs to know of MySQL: how a session is opened, and how a schema comes to be.
#pragma once

#include <soci/soci.h>

#include <chrono>
#include <span>

#include "db/address.hpp"
#include "db/sqlite.hpp"

namespace buyme::db {

// Connects with the settings that every session has. Throws soci_error.
void open_mysql(soci::session& session, const MysqlAddress& server, std::chrono::seconds answer_timeout);

// Once at start: refuses a server that does not sync its commits, and applies the migrations under a lock of
// the server, so that only one of several that start at once does it. A step is written down as begun, run,
// and written down as done: one that was interrupted is run again. Throws std::runtime_error (a step has
// changed, the lock was not granted, the server is not durable) and soci_error.
void prepare_mysql(const MysqlAddress& server, std::span<const Migration> migrations);

}  // namespace buyme::db
