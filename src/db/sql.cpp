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
    session.open(soci::sqlite3, "dbname='" + path + "' timeout=5 synchronous=full");
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

bool is_unique_violation(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  constexpr int constraint =
      19;  // SQLITE_CONSTRAINT; our tables off the order path have no CHECK that clients reach
  return sqlite != nullptr && (sqlite->result() & 0xff) == constraint;
}

}  // namespace buyme::db
