// Schemas on a database server, in versioned steps as on SQLite (db/sqlite.hpp).
//
// Definitions commit by themselves there, so a step cannot be undone: how far it has come is written down
// after each of its statements, and a start that finds one half done goes on from there. Servers that start
// at the same time wait for each other.
#pragma once

#include <span>

#include "db/mysql.hpp"
#include "db/sqlite.hpp"

namespace buyme::db {

// Makes connections of its own. Throws std::runtime_error when an applied step has changed since, or when
// another server migrates for longer than limits::database_migration_wait; MysqlError.
void migrate(MysqlSettings settings, std::span<const Migration> migrations);

// What a database must be before orders are entrusted to it: a commit that is answered is on disk. Throws
// std::runtime_error naming the setting that is wrong.
void require_durable(Mysql& database);

// The statements of a schema's text, without its comments.
std::vector<std::string> split_statements(std::string_view text);

}  // namespace buyme::db
