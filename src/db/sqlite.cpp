#include "db/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include "core/random.hpp"

namespace buyme::db {

namespace {

constexpr int busy_timeout_ms = 5'000;

[[noreturn]] void fail(sqlite3* database, std::string_view what) {
  throw SqliteError(sqlite3_extended_errcode(database),
                    fmt::format("{}: {}", what, sqlite3_errmsg(database)));
}

// Once per process, before the first connection: without its global memory statistics SQLite takes no lock
// per allocation, which the order writer would feel.
void configure_once() {
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

bool SqliteError::is_constraint() const {
  return (code_ & 0xff) == SQLITE_CONSTRAINT;
}
bool SqliteError::is_full() const {
  return (code_ & 0xff) == SQLITE_FULL;
}
bool SqliteError::is_busy() const {
  return (code_ & 0xff) == SQLITE_BUSY;
}
bool SqliteError::is_io() const {
  return (code_ & 0xff) == SQLITE_IOERR;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(database, sql);
  statement_.reset(statement);
}

Statement& Statement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), index, value) != SQLITE_OK) {
    fail(sqlite3_db_handle(statement_.get()), "bind");
  }
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL; an empty string is not NULL.
  const char* data = value.data() != nullptr ? value.data() : "";
  if (sqlite3_bind_text(statement_.get(), index, data, static_cast<int>(value.size()), SQLITE_STATIC) !=
      SQLITE_OK) {
    fail(sqlite3_db_handle(statement_.get()), "bind");
  }
  return *this;
}

Statement& Statement::bind_null(int index) {
  if (sqlite3_bind_null(statement_.get(), index) != SQLITE_OK) {
    fail(sqlite3_db_handle(statement_.get()), "bind");
  }
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(statement_.get());
  const SqliteError error(sqlite3_extended_errcode(database),
                          fmt::format("{}: {}", sqlite3_sql(statement_.get()), sqlite3_errmsg(database)));
  sqlite3_reset(statement_.get());
  throw error;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Sqlite::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Sqlite::Sqlite(const std::string& path, Access access) {
  const int mode =
      access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  configure_once();
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, mode | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) {
    throw SqliteError(code, fmt::format("cannot open {}: {}", path, sqlite3_errstr(code)));
  }
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, busy_timeout_ms);
  if (access == Access::read_write) execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
  execute("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;");
}

void Sqlite::execute(std::string_view sql) const {
  if (sqlite3_exec(handle(), std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(handle(), sql);
  }
}

std::int64_t Sqlite::query_integer(std::string_view sql) const {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

int Sqlite::changes() const {
  return sqlite3_changes(handle());
}

Transaction::Transaction(Sqlite& database) : database_(&database) {
  database_->execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (database_ == nullptr || sqlite3_get_autocommit(database_->handle()) != 0) return;
  try {
    database_->execute("ROLLBACK");
  } catch (const SqliteError&) {
    // The connection is beyond use; the next statement on it says so.
  }
}

void Transaction::commit() {
  database_->execute("COMMIT");
  database_ = nullptr;
}

void migrate(Sqlite& database, std::span<const Migration> migrations) {
  database.execute(
      "CREATE TABLE IF NOT EXISTS schema_migration("
      "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)");
  for (const auto& migration : migrations) {
    const std::string checksum = fmt::format("{:016x}", hash_bytes(migration.sql));
    Transaction transaction(database);
    Statement find = database.prepare("SELECT checksum FROM schema_migration WHERE version=?");
    find.bind(1, migration.version);
    if (find.step()) {
      if (find.text(0) != checksum) {
        throw std::runtime_error(fmt::format("schema step {} ({}) was changed after it had been applied",
                                             migration.version, migration.name));
      }
      find.reset();
    } else {
      find.reset();
      database.execute(migration.sql);
      Statement insert = database.prepare("INSERT INTO schema_migration VALUES(?,?,?)");
      insert.bind(1, migration.version).bind(2, migration.name).bind(3, checksum).run();
    }
    transaction.commit();
  }
}

}  // namespace buyme::db
