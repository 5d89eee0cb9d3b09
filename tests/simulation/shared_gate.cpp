#include "simulation/shared_gate.hpp"

#include <algorithm>

#include "core/limits.hpp"

namespace buyme::simulation {

SharedGate::Product& SharedGate::restate(const stock::LedgerSnapshot& ledger) {
  Product& product = products_[ledger.product];
  if (ledger.version > product.ledger.version) product.ledger = ledger;
  return product;
}

std::vector<Units> SharedGate::claim(Server server, const stock::ClaimRound& round, Time now) {
  std::vector<Units> granted;
  granted.reserve(round.lines.size());
  for (const auto& line : round.lines) {
    Product& product = restate(line.ledger);
    Units free = product.ledger.total - product.ledger.committed;
    for (const auto& [other, claim] : product.claims) {
      if (other != server && claim.deadline > now) free -= claim.units;
    }
    granted.push_back(std::clamp<Units>(line.wanted, 0, std::max<Units>(0, free)));
    Claim& own = product.claims[server];
    if (round.seq < own.seq || (round.seq == own.seq && own.settled)) continue;  // late
    own = {round.seq, granted.back(), now + limits::claim_lease, false};
  }
  return granted;
}

void SharedGate::settle(Server server, std::int64_t seq, const std::vector<stock::LedgerSnapshot>& ledgers) {
  for (const auto& ledger : ledgers) {
    Claim& own = restate(ledger).claims[server];
    if (seq >= own.seq) own = {seq, 0, {}, true};
  }
}

namespace {

class SharedGateClient final : public stock::StockGate {
 public:
  SharedGateClient(SharedGate& gate, SharedGate::Server server, std::function<Time()> now)
      : gate_(gate), server_(server), now_(std::move(now)) {}

  Awaitable<Result<std::vector<Units>>> claim(const stock::ClaimRound& round) override {
    co_return gate_.claim(server_, round, now_());
  }
  Awaitable<void> settle(std::int64_t seq, const std::vector<stock::LedgerSnapshot>& ledgers) override {
    gate_.settle(server_, seq, ledgers);
    co_return;
  }

 private:
  SharedGate& gate_;
  SharedGate::Server server_;
  std::function<Time()> now_;
};

}  // namespace

std::unique_ptr<stock::StockGate> make_shared_gate_client(SharedGate& gate, SharedGate::Server server,
                                                          std::function<Time()> now) {
  return std::make_unique<SharedGateClient>(gate, server, std::move(now));
}

}  // namespace buyme::simulation
