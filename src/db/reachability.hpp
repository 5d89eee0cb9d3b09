// Whether a database server was there a moment ago. One that swallows everything costs whoever connects a
// whole time-out; those who come within limits::database_away behind him need not wait for theirs.
//
// Thread-safe.
#pragma once

#include <atomic>

#include "core/clock.hpp"
#include "core/limits.hpp"

namespace buyme::db {

class Reachability {
 public:
  explicit Reachability(Clock& clock) : clock_(clock) {}

  // Connecting failed so recently that it is not worth another try.
  bool is_away() const { return clock_.monotonic() < away_until_.load(); }

  // What `connect` returns. When it throws, the server is away.
  template <class Connect>
  auto reach(Connect connect) {
    try {
      return connect();
    } catch (...) {
      away_until_ = clock_.monotonic() + limits::database_away;
      throw;
    }
  }

 private:
  Clock& clock_;
  std::atomic<Monotonic> away_until_{Monotonic::min()};
};

}  // namespace buyme::db
