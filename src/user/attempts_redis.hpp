// Attempts of all servers of a shop, counted in Redis: who has spent his on one server has none left on
// another.
//
// Beside the AttemptLimiter of each server, not instead of it: while Redis is away each counts by itself, and
// a shop of N servers lets N times as many through. Names are kept as fingerprints, each for as long as it
// counts. It expires by itself, so the Redis may evict what it wants: some are let try again too early.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "redis/connection.hpp"

namespace buyme::user {

// Thread safety: begin() and forgive() from any executor. start() once; destroyed before the execution
// context of `executor`, which stands still by then or on which it is destroyed. The clock outlives the
// context.
class RedisAttempts {
 public:
  struct Count {
    std::string name;  // of what is tried, and by whom: "login:kim@example.com"
    Milliseconds per_attempt{0}, window{0};
  };
  struct Refusal {
    std::size_t at = 0;  // which of them must wait
    std::chrono::seconds wait{0};
  };

  RedisAttempts(redis::Settings settings, Clock& clock, Executor executor, Log log);
  ~RedisAttempts();
  void start();

  // nullopt: go ahead; each is counted, or Redis is away. A refusal counts none.
  Awaitable<std::optional<Refusal>> begin(std::vector<Count> counts);
  // The attempt does not count: it succeeded, or it was never made.
  Awaitable<void> forgive(std::vector<Count> counts);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::user
