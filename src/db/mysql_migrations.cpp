#include "db/mysql_migrations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/random.hpp"

namespace buyme::db {

namespace {

constexpr std::chrono::seconds lock_wait = limits::database_migration_wait;
constexpr unsigned oldest_mysql = 8'00'16;  // the first one whose CHECKs are more than a comment

// One server at a time per database; let go when the connection ends.
void take_turn(Mysql& database) {
  auto turn = database.query(fmt::format(
      "SELECT GET_LOCK(CONCAT('buyme-migrate-', LEFT(SHA2(DATABASE(), 256), 40)), {})", lock_wait.count()));
  if (!turn.next() || turn.integer(0) != 1) {
    throw std::runtime_error("another server has been migrating the database for too long");
  }
}

// Applies what is left of a step. The statement that a crash interrupted may have taken without being
// counted.
void apply(Mysql& database, const Migration& migration, std::size_t done) {
  const std::vector<std::string> statements = split_statements(migration.sql);
  for (std::size_t position = done; position < statements.size(); ++position) {
    try {
      database.query(statements[position]);
    } catch (const MysqlError& error) {
      if (position != done || !error.already_exists()) throw;
    }
    database.query(fmt::format("UPDATE schema_migration SET statements_done={} WHERE version={}",
                               position + 1, migration.version));
  }
  database.query(fmt::format("UPDATE schema_migration SET complete=1 WHERE version={}", migration.version));
}

void migrate_one(Mysql& database, const Migration& migration) {
  const std::string checksum = fmt::format("{:016x}", hash_bytes(migration.sql));
  auto found = database.query(
      fmt::format("SELECT checksum, statements_done, complete FROM schema_migration WHERE version={}",
                  migration.version));
  if (!found.next()) {
    database.query(fmt::format("INSERT INTO schema_migration VALUES ({}, {}, {}, 0, 0)", migration.version,
                               database.quote(migration.name), database.quote(checksum)));
    return apply(database, migration, 0);
  }
  if (found.text(0) != checksum) {
    throw std::runtime_error(fmt::format("schema step {} ({}) was changed after it had been applied",
                                         migration.version, migration.name));
  }
  if (found.integer(2) == 0) apply(database, migration, static_cast<std::size_t>(found.integer(1)));
}

std::string variable(Mysql& database, std::string_view name) {
  auto row = database.query(fmt::format("SELECT @@GLOBAL.{}", name));
  return row.next() ? std::string(row.text(0)) : std::string();
}

}  // namespace

void migrate(MysqlSettings settings, std::span<const Migration> migrations) {
  settings.answer_timeout = lock_wait * 2;
  Mysql database(settings);
  database.query(fmt::format("SET SESSION lock_wait_timeout={0}, wait_timeout={1}", lock_wait.count(),
                             2 * lock_wait.count()));
  take_turn(database);
  database.query(
      "CREATE TABLE IF NOT EXISTS schema_migration("
      "version INT PRIMARY KEY, name VARCHAR(100) NOT NULL, checksum CHAR(16) NOT NULL,"
      " statements_done INT NOT NULL, complete INT NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
  for (const auto& migration : migrations) migrate_one(database, migration);
}

void require_durable(Mysql& database) {
  const auto require = [&database](std::string_view name, std::string_view wanted, std::string_view why) {
    const std::string value = variable(database, name);
    if (value == wanted) return;
    throw std::runtime_error(
        fmt::format("the database server runs with {}={}; it must be {}: {}", name, value, wanted, why));
  };
  constexpr std::string_view crash = "with anything else a crash loses orders that were answered";
  require("innodb_flush_log_at_trx_commit", "1", crash);
  if (variable(database, "log_bin") == "1") require("sync_binlog", "1", crash);
  const std::string packet = variable(database, "max_allowed_packet");
  if (std::stoll(packet) < limits::database_packet_bytes) {
    throw std::runtime_error(
        fmt::format("the database server runs with max_allowed_packet={}; a round needs {}", packet,
                    limits::database_packet_bytes));
  }
  if (!database.is_mariadb() && database.server_version() < oldest_mysql) {
    throw std::runtime_error(
        "this MySQL is too old to refuse what a CHECK forbids; it must be 8.0.16 or newer");
  }
}

std::vector<std::string> split_statements(std::string_view text) {
  std::vector<std::string> statements;
  std::string statement;
  const auto end = [&] {
    const auto first = statement.find_first_not_of(" \n\r\t");
    if (first != std::string::npos) statements.push_back(statement.substr(first));
    statement.clear();
  };
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quote != 0) {
      if (letter == quote) quote = 0;
    } else if (letter == '\'' || letter == '"' || letter == '`') {
      quote = letter;
    } else if (text.substr(i).starts_with("--")) {
      i = std::min(text.find('\n', i), text.size() - 1);
      statement += ' ';
      continue;
    } else if (letter == ';') {
      end();
      continue;
    }
    statement += letter;
  }
  end();
  return statements;
}

}  // namespace buyme::db
