#include <algorithm>

#include "stock/gate.hpp"

namespace buyme::stock {

namespace {

class LocalGate final : public StockGate {
 public:
  Awaitable<Result<std::vector<Units>>> claim(const ClaimRound& round) override {
    std::vector<Units> granted;
    granted.reserve(round.lines.size());
    for (const auto& line : round.lines) {
      const Units free = std::max<Units>(0, line.ledger.total - line.ledger.committed);
      granted.push_back(std::clamp<Units>(line.wanted, 0, free));
    }
    co_return granted;
  }

  Awaitable<void> settle(std::int64_t, const std::vector<LedgerSnapshot>&) override { co_return; }
};

}  // namespace

Awaitable<Result<std::vector<Units>>> StockGate::free(std::vector<LedgerSnapshot> ledgers) {
  std::vector<Units> units;
  for (const auto& ledger : ledgers) units.push_back(ledger.total - ledger.committed);
  co_return units;
}

std::unique_ptr<StockGate> make_local_gate() {
  return std::make_unique<LocalGate>();
}

}  // namespace buyme::stock
