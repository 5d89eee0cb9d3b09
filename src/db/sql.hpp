// SQL sessions for the stores off the order path, through SOCI: one SQL text for SQLite and MySQL.
//
// SOCI's headers stay in store_sql.cpp and in db/. A session is used by one thread at a time; SessionPool
// hands out sessions to pool threads and blocks while all are lent (there are as many as pool threads).
#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/pool.hpp"
#include "db/sqlite.hpp"

namespace buyme::db {

class SqlDatabase {
 public:
  // SQLite in one file: WAL, synchronous=FULL, foreign keys on, busy timeout 5 s; migrations are applied
  // first.
  SqlDatabase(const std::string& path, std::size_t sessions, std::span<const Migration> migrations);
  ~SqlDatabase();

  // Runs `work(session)` on this thread with a session of its own. Not inside a transaction.
  template <class Work>
  auto with_session(Work work) {
    const Lease lease(*sessions_);
    return work(sessions_->at(lease.position));
  }

  // The same inside a write transaction (BEGIN IMMEDIATE for SQLite): committed when `work` returns, rolled
  // back when it throws.
  template <class Work>
  auto with_transaction(Work work) {
    const Lease lease(*sessions_);
    soci::session& session = sessions_->at(lease.position);
    session << "BEGIN IMMEDIATE";
    try {
      auto result = work(session);
      session << "COMMIT";
      return result;
    } catch (...) {
      roll_back(session);
      throw;
    }
  }

 private:
  struct Lease {
    explicit Lease(soci::connection_pool& pool) : pool(pool), position(pool.lease()) {}
    ~Lease() { pool.give_back(position); }
    soci::connection_pool& pool;
    std::size_t position;
  };
  static void roll_back(soci::session& session);
  std::unique_ptr<soci::connection_pool> sessions_;
};

// True when `error` is a violated UNIQUE or PRIMARY KEY, by the driver's error code, never by its text.
bool is_unique_violation(const soci::soci_error& error);

// Of a COMMIT that failed with `error`: true unless the transaction is certainly undone (the disk is full,
// the lock was not granted, a deferred constraint is violated).
bool may_have_committed(const soci::soci_error& error);

}  // namespace buyme::db
