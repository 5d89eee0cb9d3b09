// A thin owner of one SQLite connection, for the order path, where each step counts. Services off that path
// use SOCI (db/sql.hpp), so that one SQL text serves SQLite and MySQL.
//
// Thread safety: one thread at a time per connection. Errors are thrown as SqliteError.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace buyme::db {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }  // extended result code
  bool is_constraint() const;         // CHECK, UNIQUE, FOREIGN KEY
  bool is_full() const;               // the disk (or the page limit) is full
  bool is_busy() const;               // another connection writes, for longer than the busy timeout
  bool is_io() const;                 // the operating system refused a read, write or sync

 private:
  int code_;
};

// A prepared statement, bound by position from 1 and read by column from 0. Reset it before binding again.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view value);  // the bytes must live until reset()
  Statement& bind_null(int index);

  bool step();  // true while there is a row
  void run();   // step() to the end, then reset()
  void reset();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // valid until the next step() or reset()
  bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Access { read_write, read_only };

class Sqlite {
 public:
  // Opens (creating it for read_write), sets WAL, synchronous=FULL, foreign keys and a busy timeout.
  // ":memory:" is allowed for tests.
  Sqlite(const std::string& path, Access access);

  sqlite3* handle() const { return database_.get(); }
  Statement prepare(std::string_view sql) const { return Statement(handle(), sql); }
  void execute(std::string_view sql) const;  // one or more statements without parameters
  std::int64_t query_integer(std::string_view sql) const;
  int changes() const;  // rows of the last INSERT, UPDATE or DELETE

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

// BEGIN IMMEDIATE, and ROLLBACK unless commit() returned.
class Transaction {
 public:
  explicit Transaction(Sqlite& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Sqlite* database_;
};

// A versioned step of a schema. Steps are applied in order, each in its own transaction with its checksum; an
// applied step whose text has changed since is refused at start.
struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};
void migrate(Sqlite& database, std::span<const Migration> migrations);

}  // namespace buyme::db
