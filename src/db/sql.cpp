#include "db/sql.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

namespace buyme::db {

SqlDatabase::SqlDatabase(const std::string& path, std::size_t sessions,
                         std::span<const Migration> migrations) {
  {
    Sqlite database(path, Access::read_write);
    migrate(database, migrations);
  }
  sessions_ = std::make_unique<soci::connection_pool>(sessions);
  for (std::size_t i = 0; i < sessions; ++i) {
    soci::session& session = sessions_->at(i);
    session.open(soci::sqlite3, "dbname=\"" + path + "\" timeout=5 synchronous=full");
    session << "PRAGMA journal_mode=WAL";
    session << "PRAGMA foreign_keys=ON";
  }
}

SqlDatabase::~SqlDatabase() = default;

void SqlDatabase::roll_back(soci::session& session) {
  try {
    session << "ROLLBACK";
  } catch (const soci::soci_error&) {
    // SQLite has rolled back by itself (a full disk does that); there is nothing left to undo.
  }
}

namespace {

// SQLite's primary result codes: <sqlite3.h> cannot be included beside SOCI's copy of it.
constexpr int code_busy = 5, code_full = 13, code_constraint = 19, no_code = -1;

int primary_code(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite != nullptr ? sqlite->result() & 0xff : no_code;
}

}  // namespace

bool is_unique_violation(const soci::soci_error& error) {
  return primary_code(error) == code_constraint;  // off the order path no CHECK is reached by clients
}

bool may_have_committed(const soci::soci_error& error) {
  const int code = primary_code(error);
  return code != code_busy && code != code_full && code != code_constraint;
}

}  // namespace buyme::db
