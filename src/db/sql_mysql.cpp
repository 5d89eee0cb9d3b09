#include "db/sql_mysql.hpp"

#include <fmt/format.h>
#include <mysql.h>
#include <soci/mysql/soci-mysql.h>

#include "core/limits.hpp"
#include "core/random.hpp"
#include "db/sql.hpp"

namespace buyme::db {

namespace {

// A value of SOCI's connection string.
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

MYSQL* handle_of(soci::session& session) {
  return static_cast<soci::mysql_session_backend*>(session.get_backend())->conn_;
}

[[noreturn]] void fail(MYSQL* handle) {
  throw soci::mysql_soci_error(mysql_error(handle), static_cast<int>(mysql_errno(handle)));
}

long long read_number(soci::session& session, const std::string& query) {
  long long number = 0;
  session << query, soci::into(number);
  return number;
}

void require_durable(soci::session& session) {
  if (read_number(session, "SELECT @@innodb_flush_log_at_trx_commit") != 1) {
    throw std::runtime_error("the database server may lose commits: set innodb_flush_log_at_trx_commit=1");
  }
  if (read_number(session, "SELECT @@log_bin") == 1 && read_number(session, "SELECT @@sync_binlog") != 1) {
    throw std::runtime_error("the database server may lose commits: set sync_binlog=1");
  }
}

// One or more statements in one text, as a schema's step is.
void execute_all(soci::session& session, std::string_view sql) {
  MYSQL* handle = handle_of(session);
  if (mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_ON) != 0) fail(handle);
  if (mysql_real_query(handle, sql.data(), sql.size()) != 0) fail(handle);
  for (;;) {
    if (MYSQL_RES* rows = mysql_store_result(handle)) mysql_free_result(rows);
    const int more = mysql_next_result(handle);
    if (more > 0) fail(handle);
    if (more < 0) break;
  }
  if (mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0) fail(handle);
}

// Several servers may start at once. The lock is named by the schema, and goes with the connection.
void lock_schema(soci::session& session) {
  const long long seconds = limits::sql_migration_wait.count();
  long long granted = 0;
  soci::indicator known = soci::i_null;
  session << "SELECT GET_LOCK(CONCAT('buyme.', LEFT(SHA2(DATABASE(), 256), 40)), :seconds)",
      soci::use(seconds), soci::into(granted, known);
  if (known != soci::i_ok || granted != 1) {
    throw std::runtime_error("another server has been changing the schema for too long");
  }
}

struct Applied {
  std::string checksum;
  int done = 0;
};

std::optional<Applied> find_step(soci::session& session, int version) {
  Applied step;
  session << "SELECT checksum, done FROM schema_migration WHERE version = :version", soci::use(version),
      soci::into(step.checksum), soci::into(step.done);
  if (!session.got_data()) return std::nullopt;
  return step;
}

void apply(soci::session& session, const Migration& migration) {
  const std::string checksum = fmt::format("{:016x}", hash_bytes(migration.sql));
  const auto known = find_step(session, migration.version);
  if (known && known->done != 0) {
    if (known->checksum == checksum) return;
    throw std::runtime_error(fmt::format("schema step {} ({}) was changed after it had been applied",
                                         migration.version, migration.name));
  }
  const std::string name(migration.name);
  session << "REPLACE INTO schema_migration(version, name, checksum, done) VALUES(:version, :name, :sum, 0)",
      soci::use(migration.version), soci::use(name), soci::use(checksum);
  execute_all(session, migration.sql);
  session << "UPDATE schema_migration SET done = 1 WHERE version = :version", soci::use(migration.version);
}

}  // namespace

void open_mysql(soci::session& session, const MysqlAddress& server, std::chrono::seconds answer_timeout) {
  std::string text = fmt::format(
      "host={} port={} user={} password={} dbname={} charset=utf8mb4 "
      "connect_timeout={} read_timeout={} write_timeout={}",
      quoted(server.host), server.port, quoted(server.user), quoted(server.password), quoted(server.database),
      limits::sql_connect_timeout.count(), answer_timeout.count(), answer_timeout.count());
  if (!server.tls_ca.empty()) text += " sslca=" + quoted(server.tls_ca);
  session.open(soci::mysql, text);
  session << fmt::format("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  session << fmt::format(
      "SET SESSION innodb_lock_wait_timeout = {}, wait_timeout = {}, "
      "sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
      limits::sql_lock_wait.count(), limits::sql_wait_timeout.count());
}

void prepare_mysql(const MysqlAddress& server, std::span<const Migration> migrations) {
  soci::session session;
  open_mysql(session, server, limits::sql_migration_wait + limits::sql_answer_timeout);
  require_durable(session);
  if (migrations.empty()) return;
  lock_schema(session);
  session << "CREATE TABLE IF NOT EXISTS schema_migration("
             "version INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, checksum VARCHAR(16) NOT NULL, "
             "done INTEGER NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
  for (const Migration& migration : migrations) apply(session, migration);
}

bool answers(const DatabaseAddress& address) {
  if (const std::string* file = address.file()) return answers(*file);
  try {
    soci::session session;
    open_mysql(session, *address.mysql(), limits::sql_connect_timeout);
    return true;
  } catch (const soci::soci_error&) {
    return false;
  }
}

}  // namespace buyme::db
