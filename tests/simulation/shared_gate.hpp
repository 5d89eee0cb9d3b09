// A stock gate shared by several servers, in memory: the reference for the one that Redis will keep.
//
// It holds restatements, not adjustments. Per product: the newest ledger snapshot that any server has told,
// and per server what it has in flight. Every call replaces the caller's own facts by newer ones, so a gate
// that has forgotten everything, or hears a call twice, is right again with the next call.
#pragma once

#include <map>
#include <memory>

#include "core/clock.hpp"
#include "stock/gate.hpp"

namespace buyme::simulation {

// Single-threaded. Copying it is how a stale replica is made.
class SharedGate {
 public:
  using Server = std::int64_t;  // its writer number

  // Restates the ledgers and the claim of `server` for these products and grants, per line, what neither the
  // ledger nor another server's unexpired claim has taken. A call older than one already heard from the
  // server is answered, but changes nothing.
  std::vector<Units> claim(Server server, const stock::ClaimRound& round, Time now);

  // Nothing of `seq` is in flight any more, and the ledgers are these.
  void settle(Server server, std::int64_t seq, const std::vector<stock::LedgerSnapshot>& ledgers);

 private:
  struct Claim {
    std::int64_t seq = 0;
    Units units = 0;
    Time deadline;
    bool settled = false;  // the round `seq` is over
  };
  struct Product {
    stock::LedgerSnapshot ledger;
    std::map<Server, Claim> claims;
  };
  Product& restate(const stock::LedgerSnapshot& ledger);

  std::map<ProductId, Product> products_;
};

// The gate as `server` sees it. `gate` and `clock` must outlive it; the clock is the gate's own.
std::unique_ptr<stock::StockGate> make_shared_gate_client(SharedGate& gate, SharedGate::Server server,
                                                          std::function<Time()> now);

}  // namespace buyme::simulation
