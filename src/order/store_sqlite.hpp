// The order store over one SQLite file. The writer's connection is the only one that writes; reads use
// connections of their own on the read pool, and see every commit that was answered.
#pragma once

#include <memory>
#include <string>

#include "core/log.hpp"
#include "core/pool.hpp"
#include "order/placement_session.hpp"
#include "order/store.hpp"

namespace buyme::order {

// Opens and migrates. A commit whose outcome cannot be known (an I/O error while the log is written or
// synced) ends the process: what is on disk is then read anew at the next start.
std::unique_ptr<OrderStore> make_sqlite_order_store(const std::string& path, Log log);

// A connection for placing orders one at a time, beside the writer's. A COMMIT that fails half-way ends the
// process likewise. Throws db::SqliteError. The tables must exist.
std::unique_ptr<PlacementSession> open_sqlite_session(const std::string& path, Log log);

// As many connections as threads of the pools ever read at once. Lists of all users' orders are read on
// `lists`, everything else on `pool`.
std::unique_ptr<OrderReads> make_sqlite_order_reads(const std::string& path, Pool& pool, Pool& lists);
inline std::unique_ptr<OrderReads> make_sqlite_order_reads(const std::string& path, Pool& pool) {
  return make_sqlite_order_reads(path, pool, pool);
}

// Moves committed pages from the log into the file, without stopping the writer (a passive checkpoint).
// Blocking: belongs on a thread of its own. Returns the pages still in the log.
class OrderCheckpointer {
 public:
  explicit OrderCheckpointer(const std::string& path);
  ~OrderCheckpointer();
  std::int64_t checkpoint();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace buyme::order
