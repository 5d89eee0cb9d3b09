// SQL sessions for the stores off the order path, through SOCI: one SQL text for SQLite and MySQL.
//
// SOCI's headers stay in store_sql.cpp and in db/. A session is used by one thread at a time; the database
// hands out sessions to pool threads and blocks while all are lent (there are as many as pool threads).
//
// What differs between the two, and what a store must do about it:
//   SQLite   a transaction (BEGIN IMMEDIATE) is the only writer, so what it has read stays true
//   MySQL    others write meanwhile (READ COMMITTED). What a decision rests on is read with for_update(), or
//            the change itself is conditional, or a unique key refuses the second of two. Each statement sees
//            what was committed when it began, so a row that is read after its lock was taken is up to date.
#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/pool.hpp"
#include "db/address.hpp"
#include "db/lease.hpp"
#include "db/reachability.hpp"
#include "db/sqlite.hpp"

namespace buyme::db {

// The steps of a service's schema, for each kind of database.
struct Schema {
  std::span<const Migration> sqlite, mysql;
};

// Of a COMMIT: the connection was lost before its answer, so nobody knows whether it took effect.
class CommitUnknown : public soci::soci_error {
 public:
  using soci::soci_error::soci_error;
};

class SqlDatabase {
 public:
  // Applies the migrations; of several servers that start at once one does, and the others wait.
  //
  // SQLite: WAL, synchronous=FULL, foreign keys on, busy timeout 5 s. MySQL: READ COMMITTED, utf8mb4, strict,
  // lock waits of limits::sql_lock_wait; refused unless the server syncs every commit
  // (innodb_flush_log_at_trx_commit=1, and sync_binlog=1 where there is a log_bin). Throws
  // std::runtime_error.
  SqlDatabase(DatabaseAddress address, std::size_t sessions, const Schema& schema);
  ~SqlDatabase();

  // Runs `work(session)` on this thread with a session of its own. Not inside a transaction: for reading.
  // When the connection to the server is lost, `work` runs again on a new one.
  template <class Work>
  auto with_session(Work work) {
    return repeat<std::invoke_result_t<Work&, soci::session&>>(work, Bounds::none);
  }

  // The same inside a write transaction: committed when `work` returns, rolled back when it throws.
  //
  // A transaction that MySQL has undone because of others (a deadlock, a lock that was not granted, a lost
  // connection before COMMIT) runs again, limits::sql_tries times in all: `work` must bear that. Throws
  // CommitUnknown when nobody knows whether it was committed.
  template <class Work>
  auto with_transaction(Work work) {
    return repeat<std::invoke_result_t<Work&, soci::session&>>(work, Bounds::transaction);
  }

  // One session of the pool, for as long as this lives: for those who draw the bounds of their transactions
  // by themselves. Blocks while all are lent.
  class Lease {
   public:
    explicit Lease(SqlDatabase& database);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // Connected, unless the connection was lost since the last call. Throws soci_error when there is no
    // server.
    soci::session& session();
    // To be told of every error, so that the next session() connects anew where that is needed.
    void met(const soci::soci_error& error);
    void roll_back();  // never throws

   private:
    SqlDatabase& database_;
    std::size_t position_;
  };

 private:
  enum class Bounds : std::uint8_t { none, transaction };
  using Step = std::function<void(soci::session&)>;

  template <class Value>
  Value repeat(auto& work, Bounds bounds) {
    std::optional<Value> value;
    run(bounds, [&](soci::session& session) {
      value.reset();
      value.emplace(work(session));
    });
    return std::move(*value);
  }
  void run(Bounds bounds, const Step& step);
  static void run_once(Lease& lease, Bounds bounds, const Step& step);
  void open_file(const std::string& path);
  void connect(std::size_t position);

  DatabaseAddress address_;
  const std::unique_ptr<Clock> clock_ = make_system_clock();
  Reachability reachability_{*clock_};
  std::unique_ptr<soci::connection_pool> sessions_;
  std::vector<std::uint8_t> connected_;  // by position; each touched by its lessee alone
};

// What begins a write transaction.
const char* begin_text(soci::session& session);

bool is_mysql(soci::session& session);

// Behind a SELECT: the rows stay as they are read until the transaction ends. Nothing for SQLite, whose
// transaction is the only writer.
const char* for_update(soci::session& session);

// For the transactions of a job, before they change anything: throws FenceLost unless the lease is still the
// one that `fence` is of. It cannot change hands until the transaction ends.
void check_fence(soci::session& session, const Fence& fence);

class FenceLost : public std::runtime_error {
 public:
  explicit FenceLost(const Fence& fence)
      : std::runtime_error("another server has taken over the job " + fence.job) {}
};

// True when `error` is a violated UNIQUE or PRIMARY KEY, by the driver's error code, never by its text.
bool is_unique_violation(const soci::soci_error& error);

// True when the same transaction, begun anew, may well succeed, and this one is certainly undone unless its
// COMMIT was sent: a deadlock, a lock that was not granted in time, a lost connection. MySQL alone: SQLite
// waits by itself.
bool is_transient(const soci::soci_error& error);

// The connection to the server is gone, or cannot be made.
bool is_lost(const soci::soci_error& error);

// Of a COMMIT that failed with `error`: true unless the transaction is certainly undone (SQLite: the disk is
// full, the lock was not granted, a deferred constraint is violated; MySQL: a deadlock, a lock, a
// constraint).
bool may_have_committed(const soci::soci_error& error);

}  // namespace buyme::db
