// A thin owner of one connection to MySQL or MariaDB, for the order path: whole rounds go as one packet of
// statements. Services off that path use SOCI (db/sql.hpp).
//
// Blocking. Thread safety: one thread at a time per connection. Errors are thrown as MysqlError.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "db/address.hpp"

struct st_mysql;
struct st_mysql_res;

namespace buyme::db {

class MysqlError : public std::runtime_error {
 public:
  MysqlError(unsigned code, std::size_t statement, const std::string& message)
      : std::runtime_error(message), code_(code), statement_(statement) {}
  unsigned code() const { return code_; }
  // Its position in the packet, from 0. Unless the connection was lost, those before it have run; it and
  // those behind it have not.
  std::size_t statement() const { return statement_; }

  bool is_lost() const;  // no connection any more: what was sent may have run, may yet run, or never will
  bool is_duplicate() const;   // UNIQUE or PRIMARY KEY
  bool is_constraint() const;  // CHECK, UNIQUE, FOREIGN KEY, NOT NULL, or a value that its column cannot hold
  bool is_deadlock() const;    // the server has rolled the transaction back
  bool is_lock_wait() const;   // the statement is undone, its transaction is not
  bool is_contended() const { return is_deadlock() || is_lock_wait(); }
  bool already_exists() const;  // the table, column, index or row that was to be made

 private:
  unsigned code_;
  std::size_t statement_;
};

// What one statement answered: its rows, read forward, or how many it changed.
class MysqlResult {
 public:
  MysqlResult(st_mysql_res* rows, std::uint64_t affected, std::uint64_t insert_id);

  bool next();                                   // true while there is a row
  std::int64_t integer(unsigned column) const;   // 0 when NULL
  std::string_view text(unsigned column) const;  // valid as long as this result
  bool is_null(unsigned column) const;

  std::uint64_t affected() const { return affected_; }  // rows that an UPDATE matched, changed or not
  std::int64_t insert_id() const { return static_cast<std::int64_t>(insert_id_); }

 private:
  struct Free {
    void operator()(st_mysql_res* rows) const;
  };
  std::unique_ptr<st_mysql_res, Free> rows_;
  char** row_ = nullptr;
  unsigned long* lengths_ = nullptr;
  std::uint64_t affected_, insert_id_;
};

// Statements that are sent together. The server runs them in order and stops at the first that fails.
class MysqlPacket {
 public:
  std::size_t add(std::string statement);  // its position, which is that of its result
  std::size_t size() const { return statements_.size(); }
  const std::vector<std::string>& statements() const { return statements_; }

 private:
  std::vector<std::string> statements_;
};

class Mysql {
 public:
  // Connects and sets up the session: utf8mb4, READ COMMITTED, strict, short waits for locks, and an end in
  // seconds should this process be killed or stand still.
  explicit Mysql(const MysqlSettings& settings);

  // A statement without parameters; strings in it come from quote().
  MysqlResult query(std::string_view statement);
  // In one packet, or, for a cluster that certifies transactions, each by itself. What has run stays: the
  // caller rolls back.
  std::vector<MysqlResult> run(const MysqlPacket& packet, bool one_by_one = false);
  bool answers();  // a round trip; false: the connection is lost

  std::string quote(std::string_view text) const;  // a literal, escaped for the connection's character set
  bool is_mariadb() const;
  unsigned long server_version() const;  // 10'11'06
  std::uint64_t session_id() const;      // as KILL and the process list name it

 private:
  std::vector<MysqlResult> send(std::string_view statements);
  [[noreturn]] void fail(std::size_t statement) const;
  void set_up_session();

  struct Close {
    void operator()(st_mysql* connection) const;
  };
  std::unique_ptr<st_mysql, Close> connection_;
  RoundTrips round_trips_;
};

}  // namespace buyme::db
