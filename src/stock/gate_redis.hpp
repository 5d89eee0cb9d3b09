// The stock gate that several order servers share, in Redis: one Lua call per product and round
// (src/stock/reserve.lua).
//
// Per product Redis holds the newest ledger snapshot that any server has told and, per server, its claim
// {seq, units, deadline}. Granted is total - committed - the others' unexpired claims. Each call restates
// both facts of the caller absolutely; an older version or seq than Redis has heard changes nothing. Hence:
//
//   Redis lost its data, or failed over to a stale replica   right again for a server with its next call;
//                                                            meanwhile too much may be granted, and the
//                                                            database refuses it (rule 2)
//   a call applied twice, or after its time-out              says what is known already
//   a server is killed                                       its claim expires after limits::claim_lease; a
//                                                            restart has a name of its own
//   Redis away                                               see WhenAway; one time-out, then nobody waits
//
// Clocks. Time comes from the servers: a deadline is written by one clock and read by another. While they
// agree to within the lease (2 s) less the length of a round, nothing is wrong; servers whose clock is off by
// more are not ready to serve. A reader that is ahead sees a claim expire early by as much: it may be granted
// what another is about to commit, which the database refuses, so the price is a round decided twice, never
// an oversell. A reader that is behind holds a dead server's units longer by as much. A writer that is far
// ahead would hold them for as long as it is ahead; so who reads a deadline beyond its own now + lease
// shortens it to that.
//
// The end of a round is restated with the next round's call for the same product, or, when none follows
// within limits::gate_settle_pause, by a call of its own. Nobody waits for that one.
#pragma once

#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "redis/client.hpp"
#include "stock/gate.hpp"

namespace buyme::stock {

enum class WhenAway : std::uint8_t {
  go_on,   // each server sells by its own ledger snapshot; more rounds are refused by the database
  refuse,  // claim() fails with overloaded
};

struct RedisGateSettings {
  std::string
      server;  // a name that no other server and no earlier start of this one has; empty: a random one
  WhenAway when_away = WhenAway::go_on;
};

// Thread safety: one executor, the client's and the order writer's. Destroyed before the client.
class RedisGate final : public StockGate {
 public:
  RedisGate(RedisGateSettings settings, redis::Client& client, Clock& clock, Executor executor, Log log);
  ~RedisGate() override;

  // Products are claimed ascending, all on the way at once. When one cannot be and the shop refuses then,
  // what the others were granted is given back. (A round that is not placed for another reason is settled
  // like any.)
  Awaitable<Result<std::vector<Units>>> claim(const ClaimRound& round) override;
  Awaitable<void> settle(std::int64_t seq, const std::vector<LedgerSnapshot>& ledgers) override;

  Awaitable<Result<std::vector<Units>>> free(std::vector<LedgerSnapshot> ledgers) override;
  Awaitable<bool> serves() override;
  std::int64_t unanswered() const override;

  // Returns when Redis has heard all that settle() was told, or cannot be told: the last act of a shutdown.
  Awaitable<void> flush();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::stock
