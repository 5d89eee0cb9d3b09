// What every stock gate must do, whatever stands behind it.
#include <gtest/gtest.h>

#include <functional>

#include "core/random.hpp"
#include "simulation/shared_gate.hpp"
#include "stock/gate.hpp"
#include "support/redis_gates.hpp"
#include "support/run.hpp"

namespace buyme::test {

namespace {

using stock::ClaimRound;
using stock::LedgerSnapshot;

struct GateKind {
  const char* name;
  std::function<std::unique_ptr<stock::StockGate>()> make;
};

void PrintTo(const GateKind& kind, std::ostream* out) {
  *out << kind.name;
}

class GateContract : public ::testing::TestWithParam<GateKind> {
 protected:
  std::vector<Units> claim(const ClaimRound& round) {
    auto granted = run(gate->claim(round));
    EXPECT_TRUE(granted.has_value());
    return granted.has_value() ? *granted : std::vector<Units>{};
  }
  void settle(std::int64_t seq, const std::vector<LedgerSnapshot>& ledgers) {
    run(gate->settle(seq, ledgers));
  }

  static LedgerSnapshot ledger(std::int64_t product, std::int64_t version, Units total, Units committed) {
    return {ProductId{product}, version, total, committed};
  }

  std::unique_ptr<stock::StockGate> gate = GetParam().make();
};

TEST_P(GateContract, GrantsWhatIsWantedWhileThereIsEnough) {
  EXPECT_EQ(claim({1, {{ledger(1, 1, 10, 4), 6}}}), std::vector<Units>{6});
}

TEST_P(GateContract, GrantsWhatIsFreeWhenMoreIsWanted) {
  EXPECT_EQ(claim({1, {{ledger(1, 1, 10, 4), 100}}}), std::vector<Units>{6});
}

TEST_P(GateContract, GrantsNothingWhereNothingIsFreeOrWanted) {
  EXPECT_EQ(claim({1, {{ledger(1, 1, 10, 10), 5}, {ledger(2, 1, 10, 0), 0}, {ledger(3, 1, 0, 0), 5}}}),
            (std::vector<Units>{0, 0, 0}));
  EXPECT_EQ(claim({2, {}}), std::vector<Units>{});
}

// A claim that is made again, as after a lost answer, is the same claim and not a second one.
TEST_P(GateContract, RestatingAClaimChangesNothing) {
  const ClaimRound round{1, {{ledger(1, 1, 10, 4), 5}}};
  EXPECT_EQ(claim(round), std::vector<Units>{5});
  EXPECT_EQ(claim(round), std::vector<Units>{5});
  settle(1, {ledger(1, 2, 10, 9)});
  settle(1, {ledger(1, 2, 10, 9)});
  EXPECT_EQ(claim({2, {{ledger(1, 2, 10, 9), 5}}}), std::vector<Units>{1});
}

TEST_P(GateContract, AUnitThatCameBackIsGrantedAgain) {
  EXPECT_EQ(claim({1, {{ledger(1, 1, 1, 0), 1}}}), std::vector<Units>{1});
  settle(1, {ledger(1, 2, 1, 1)});
  EXPECT_EQ(claim({2, {{ledger(1, 2, 1, 1), 1}}}), std::vector<Units>{0});
  settle(2, {ledger(1, 3, 1, 0)});
  EXPECT_EQ(claim({3, {{ledger(1, 3, 1, 0), 1}}}), std::vector<Units>{1});
}

// A sale of many rounds in which only some of what was granted is committed and units come back.
TEST_P(GateContract, NeverGrantsMoreThanIsFreeNorMoreThanIsWanted) {
  Random random(1, "gate");
  LedgerSnapshot now = ledger(1, 1, 1'000, 0);
  for (std::int64_t seq = 1; seq <= 2'000; ++seq) {
    const auto wanted = static_cast<Units>(random.below(60));
    const std::vector<Units> granted = claim({seq, {{now, wanted}}});
    ASSERT_EQ(granted.size(), 1u);
    ASSERT_GE(granted[0], 0);
    ASSERT_LE(granted[0], wanted);
    ASSERT_LE(granted[0], now.total - now.committed);
    now.committed +=
        granted[0] - static_cast<Units>(random.below(static_cast<std::uint64_t>(granted[0]) + 1));
    now.committed -= static_cast<Units>(random.below(static_cast<std::uint64_t>(now.committed) / 8 + 1));
    ++now.version;
    settle(seq, {now});
  }
}

// A shared gate with one server is a gate as any other.
std::unique_ptr<stock::StockGate> shared_gate_alone() {
  static simulation::SharedGate gate;
  gate = simulation::SharedGate{};
  return simulation::make_shared_gate_client(gate, 1, [] { return Time{}; });
}

// With the server that it runs on.
class GateInRedisAlone final : public stock::StockGate {
 public:
  Awaitable<Result<std::vector<Units>>> claim(const ClaimRound& round) override {
    return gate_->claim(round);
  }
  Awaitable<void> settle(std::int64_t seq, const std::vector<LedgerSnapshot>& ledgers) override {
    return gate_->settle(seq, ledgers);
  }

 private:
  RedisGates gates_;
  std::unique_ptr<stock::StockGate> gate_ = gates_.open("alone");
};

INSTANTIATE_TEST_SUITE_P(
    Gates, GateContract,
    ::testing::Values(GateKind{"local", stock::make_local_gate}, GateKind{"shared", shared_gate_alone},
                      GateKind{"redis", [] { return std::make_unique<GateInRedisAlone>(); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
