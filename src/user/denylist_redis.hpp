// The denylist of several servers: each has all of it in memory, and Redis carries the news.
//
//   deny() ── in force here ──> told to Redis: kept with its expiry, and published to the other servers
//
// A check asks this server's memory and nothing else. Whenever the subscription is made (again), all that
// Redis keeps is read; whenever the connection is, all that this server has denied and that has not expired
// is told again. So what was denied while Redis was away, or before it lost its data, reaches everybody in
// the end, in whichever order servers and Redis come back.
//
// While Redis is away a denial is in force on the server that made it and on whichever of the user service
// starts later (it reads the database, and tells what it finds there). The others go on accepting the token
// until Redis is back, at most for the rest of its lifetime; current() says so. The database stays the truth:
// the Redis of the denylist need not be durable.
//
// Expiry is judged by each server's clock; entries stay in Redis for limits::denylist_pause longer.
#pragma once

#include <memory>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "redis/connection.hpp"
#include "user/denylist.hpp"

namespace buyme::user {

// Thread safety: as the port says; current() as well. start() once; destroyed before the
// execution context of `executor`, which stands still by then or on which it is destroyed. The clock outlives
// the context.
class RedisDenylist final : public Denylist {
 public:
  RedisDenylist(redis::Settings settings, Clock& clock, Executor executor, Log log);
  ~RedisDenylist() override;

  void start();

  void deny(std::span<const Denial> denials) override;
  bool denies(UserId user, std::string_view session) const override;
  std::uint64_t epoch() const override;

  // It hears the others, and has read what they said before.
  bool current() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::user
