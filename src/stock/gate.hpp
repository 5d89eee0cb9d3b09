// The stock gate: how many units this server may hand out right now, over all servers that sell the same
// product.
//
// It may grant too little for a moment; it never decides alone. The ledger does, in the transaction that
// inserts the order. Every call restates absolute facts (the newest ledger this server knows, what it has in
// flight), so a gate that lost its memory, or heard a call twice, is right again with the next one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/executor.hpp"
#include "core/ids.hpp"
#include "core/money.hpp"
#include "core/result.hpp"

namespace buyme::stock {

struct LedgerSnapshot {
  ProductId product;
  std::int64_t version = 0;
  Units total = 0;
  Units committed = 0;
};

// What one round of one server asks for: `lines` ascending by product, each product once.
struct ClaimRound {
  struct Line {
    LedgerSnapshot ledger;
    Units wanted = 0;
  };
  std::int64_t seq = 0;  // of the server's writer; a lower one than the gate has heard is ignored
  std::vector<Line> lines;
};

// Called from one writer at a time.
class StockGate {
 public:
  virtual ~StockGate() = default;

  // Units granted per line, each in [0, wanted]. They stay claimed until settle() or until the claim expires.
  // Errors: overloaded when the gate cannot be asked and the shop is configured to refuse then.
  virtual Awaitable<Result<std::vector<Units>>> claim(const ClaimRound& round) = 0;

  // The round `seq` is over and the ledgers are now these: nothing of it is in flight any more.
  virtual Awaitable<void> settle(std::int64_t seq, const std::vector<LedgerSnapshot>& ledgers) = 0;

  // For whoever watches: what could be granted of each now. Claims nothing. store_unavailable.
  virtual Awaitable<Result<std::vector<Units>>> free(std::vector<LedgerSnapshot> ledgers);
  // Whether claim() can be asked now, or is not needed for a sale.
  virtual Awaitable<bool> serves() { co_return true; }
  // Rounds for which the gate could not be asked. Any thread.
  virtual std::int64_t unanswered() const { return 0; }
};

// For a server that sells alone: what its own ledger has free is what it may hand out.
std::unique_ptr<StockGate> make_local_gate();

}  // namespace buyme::stock
