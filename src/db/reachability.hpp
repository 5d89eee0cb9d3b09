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

  // Connecting took so long, and failed so recently, that it is not worth another try.
  bool is_away() const { return clock_.monotonic() < away_until_.load(); }

  // What `connect` returns. When it throws after a long wait, the server is away.
  template <class Connect>
  auto reach(Connect connect) {
    const Monotonic begun = clock_.monotonic();
    try {
      return connect();
    } catch (...) {
      const Monotonic now = clock_.monotonic();
      if (2 * (now - begun) >= limits::database_connect_timeout) away_until_ = now + limits::database_away;
      throw;
    }
  }

 private:
  Clock& clock_;
  std::atomic<Monotonic> away_until_{Monotonic::min()};
};

}  // namespace buyme::db
