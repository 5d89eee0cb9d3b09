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
    auto* backend = static_cast<soci::sqlite3_session_backend*>(session.get_backend());
    sqlite_api::sqlite3_extended_result_codes(backend->conn_, 1);  // they tell one constraint from another
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

constexpr int no_code = -1;

// SQLite's extended result code; its low byte is the primary one.
int result_code(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite != nullptr ? sqlite->result() : no_code;
}

}  // namespace

bool is_unique_violation(const soci::soci_error& error) {
  const int code = result_code(error);
  return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
         code == SQLITE_CONSTRAINT_ROWID;
}

bool may_have_committed(const soci::soci_error& error) {
  const int code = result_code(error);
  if (code == no_code) return true;
  const int primary = code & 0xff;
  return primary != SQLITE_BUSY && primary != SQLITE_FULL && primary != SQLITE_CONSTRAINT;
}

}  // namespace buyme::db
