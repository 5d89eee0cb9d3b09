// What a gate must do that several servers share, whatever keeps it: it holds restatements, so that losing
// its memory, hearing a call twice or out of order does no harm.
#include <gtest/gtest.h>

#include <functional>

#include "core/limits.hpp"
#include "simulation/shared_gate.hpp"
#include "support/redis_gates.hpp"
#include "support/run.hpp"

namespace buyme::test {

namespace {

using stock::LedgerSnapshot;

// One gate, and how it looks from several servers.
class SharedGateUnderTest {
 public:
  virtual ~SharedGateUnderTest() = default;
  virtual std::unique_ptr<stock::StockGate> server(std::int64_t id) = 0;
  virtual void advance(Milliseconds by) = 0;
  virtual void forget_everything() = 0;
};

class MemoryGate final : public SharedGateUnderTest {
 public:
  std::unique_ptr<stock::StockGate> server(std::int64_t id) override {
    return simulation::make_shared_gate_client(gate_, id, [this] { return now_; });
  }
  void advance(Milliseconds by) override { now_ += by; }
  void forget_everything() override { gate_ = simulation::SharedGate{}; }

 private:
  simulation::SharedGate gate_;
  Time now_{};
};

class GateInRedis final : public SharedGateUnderTest {
 public:
  std::unique_ptr<stock::StockGate> server(std::int64_t id) override {
    return gates_.open(std::to_string(id));
  }
  void advance(Milliseconds by) override { gates_.clock.advance(by); }
  void forget_everything() override { gates_.server.ask({"FLUSHALL"}); }

 private:
  RedisGates gates_;
};

struct SharedGateKind {
  const char* name;
  std::function<std::unique_ptr<SharedGateUnderTest>()> make;
};

void PrintTo(const SharedGateKind& kind, std::ostream* out) {
  *out << kind.name;
}

class SharedGateContract : public ::testing::TestWithParam<SharedGateKind> {
 protected:
  static LedgerSnapshot ledger(std::int64_t version, Units committed, Units total = 10) {
    return {ProductId{1}, version, total, committed};
  }
  static Units claim(stock::StockGate& server, std::int64_t seq, LedgerSnapshot known, Units wanted) {
    const auto granted = run(server.claim({seq, {{known, wanted}}}));
    EXPECT_TRUE(granted.has_value());
    return granted->at(0);
  }
  static void settle(stock::StockGate& server, std::int64_t seq, LedgerSnapshot now) {
    run(server.settle(seq, {now}));
  }

  std::unique_ptr<SharedGateUnderTest> gate = GetParam().make();
  std::unique_ptr<stock::StockGate> a = gate->server(1), b = gate->server(2);
};

TEST_P(SharedGateContract, WhatAnotherServerHasInFlightIsNotGranted) {
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 6), 6);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 6), 4);
  settle(*a, 1, ledger(2, 6));
  settle(*b, 1, ledger(3, 10));
  EXPECT_EQ(claim(*a, 2, ledger(2, 6), 1), 0) << "the newer ledger counts, not the one this server knows";
}

TEST_P(SharedGateContract, ARoundThatIsOverHoldsNothing) {
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 10), 10);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 1), 0);
  settle(*a, 1, ledger(1, 0));  // it was refused, and nothing came of it
  EXPECT_EQ(claim(*b, 2, ledger(1, 0), 1), 1);
}

TEST_P(SharedGateContract, AClaimHeardTwiceIsOneClaim) {
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 4), 4);
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 4), 4);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 6);
}

TEST_P(SharedGateContract, AnOlderCallThanTheLastChangesNothing) {
  EXPECT_EQ(claim(*a, 5, ledger(3, 2), 4), 4);
  settle(*a, 4, ledger(2, 0));          // of the round before, and late
  (void)claim(*a, 3, ledger(1, 0), 1);  // later still
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 4) << "10 less 2 committed and 4 in flight";
}

TEST_P(SharedGateContract, AClaimThatArrivesBehindTheEndOfItsRoundHoldsNothing) {
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 4), 4);
  settle(*a, 1, ledger(2, 4));
  (void)claim(*a, 1, ledger(1, 0), 4);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 6);
}

TEST_P(SharedGateContract, AServerThatIsGoneLosesItsClaim) {
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 10), 10);
  gate->advance(limits::claim_lease - Milliseconds{1});
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 1), 0);
  gate->advance(Milliseconds{1});
  EXPECT_EQ(claim(*b, 2, ledger(1, 0), 1), 1);
}

TEST_P(SharedGateContract, AGateThatForgotIsRightAgainWithTheNextCalls) {
  EXPECT_EQ(claim(*a, 1, ledger(4, 7), 1), 1);
  gate->forget_everything();
  EXPECT_EQ(claim(*a, 2, ledger(4, 7), 2), 2);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 1) << "10 less 7 committed and 2 in flight";
}

TEST_P(SharedGateContract, AUnitThatCameBackIsGrantedToWhoeverAsks) {
  EXPECT_EQ(claim(*a, 1, ledger(1, 10), 1), 0);
  settle(*a, 1, ledger(2, 9));
  EXPECT_EQ(claim(*b, 1, ledger(1, 10), 1), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Gates, SharedGateContract,
    ::testing::Values(SharedGateKind{"memory", [] { return std::make_unique<MemoryGate>(); }},
                      SharedGateKind{"redis", [] { return std::make_unique<GateInRedis>(); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
