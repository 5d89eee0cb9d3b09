// What the gate in Redis does when Redis or a server fails. That it is a gate, and one that can be shared, is
// said in tests/contract.
#include "stock/gate_redis.hpp"

#include <gtest/gtest.h>

#include "support/redis_gates.hpp"
#include "support/run.hpp"

namespace buyme::stock {
namespace {

using test::GateOnLoop;
using test::RedisServer;
using test::run;

class GateRedis : public ::testing::Test {
 protected:
  static LedgerSnapshot ledger(std::int64_t version, Units committed, std::int64_t product = 1) {
    return {ProductId{product}, version, 10, committed};
  }
  static Units claim(GateOnLoop& gate, std::int64_t seq, LedgerSnapshot known, Units wanted) {
    const auto granted = run(gate.claim({seq, {{known, wanted}}}));
    return granted ? granted->at(0) : -1;
  }
  static void settle(GateOnLoop& gate, std::int64_t seq, LedgerSnapshot now) { run(gate.settle(seq, {now})); }
  void restart_empty(std::initializer_list<GateOnLoop*> gates) {
    gates_.server.kill();
    for (GateOnLoop* gate : gates) EXPECT_TRUE(gate->loses_its_connection());
    gates_.server.start(RedisServer::Data::empty);
    for (GateOnLoop* gate : gates) EXPECT_TRUE(gate->connects());
  }

  test::RedisGates gates_;
};

TEST_F(GateRedis, ARedisThatLostItsDataInMidSaleIsRightWithTheNextCalls) {
  const auto a = gates_.open("a"), b = gates_.open("b");
  EXPECT_EQ(claim(*a, 7, ledger(5, 4), 3), 3);
  restart_empty({a.get(), b.get()});
  EXPECT_EQ(gates_.server.ask({"DBSIZE"}), ":0\r\n");
  EXPECT_EQ(claim(*a, 8, ledger(5, 4), 3), 3);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 3) << "10 less 4 committed and 3 in flight";
  settle(*a, 8, ledger(6, 7));
  EXPECT_EQ(claim(*b, 2, ledger(1, 0), 10), 3);
}

TEST_F(GateRedis, WhatAStaleReplicaSaysIsReplacedByWhatServersKnow) {
  const auto a = gates_.open("a"), b = gates_.open("b");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 2), 2);
  const std::string key = "{product:1}";
  gates_.server.ask({"COPY", key, "old"});
  settle(*a, 1, ledger(2, 2));
  EXPECT_EQ(claim(*a, 2, ledger(2, 2), 5), 5);
  gates_.server.ask({"COPY", "old", key, "REPLACE"});  // a failover to what was true two calls ago
  EXPECT_EQ(claim(*a, 3, ledger(2, 2), 5), 5) << "restates the ledger and the claim";
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 3);
}

// A call that timed out may be applied when its round is long over, or its answer lost and the call made
// again.
TEST_F(GateRedis, ACallThatIsAppliedTwiceOrLateChangesNothing) {
  const auto a = gates_.open("a"), b = gates_.open("b");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 6), 6);
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 6), 6);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 4);
  settle(*b, 1, ledger(1, 0));
  settle(*a, 1, ledger(2, 6));
  settle(*a, 1, ledger(2, 6));
  (void)claim(*a, 1, ledger(1, 0), 6);  // behind the end of its own round
  EXPECT_EQ(claim(*b, 2, ledger(1, 0), 10), 4) << "6 committed, nothing in flight";
}

TEST_F(GateRedis, TheClaimOfAKilledServerExpires) {
  auto a = gates_.open("a");
  const auto b = gates_.open("b");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 10), 10);
  a.reset();
  gates_.clock.advance(limits::claim_lease - Milliseconds{1});
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 0);
  gates_.clock.advance(Milliseconds{1});
  EXPECT_EQ(claim(*b, 2, ledger(1, 0), 10), 10);
}

TEST_F(GateRedis, AServerWhoseClockIsFarAheadDoesNotKeepUnitsWhenItIsKilled) {
  test::StandingClock ahead;
  ahead.advance(std::chrono::hours{1});
  auto a = gates_.open("a", ahead);
  const auto b = gates_.open("b");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 10), 10);
  a.reset();
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 0) << "seen for the first time: its lease begins now";
  gates_.clock.advance(limits::claim_lease);
  EXPECT_EQ(claim(*b, 2, ledger(1, 0), 10), 10);
}

TEST_F(GateRedis, ServersThatAreLongGoneLeaveNothingBehind) {
  (void)claim(*gates_.open("a"), 1, ledger(1, 0), 1);
  const auto b = gates_.open("b");
  gates_.clock.advance(limits::claim_lease + limits::gate_memory);
  (void)claim(*b, 1, ledger(1, 0), 1);
  EXPECT_EQ(gates_.server.ask({"HLEN", "{product:1}"}), ":2\r\n") << "the ledger and b";
}

TEST_F(GateRedis, WhatNobodyRestatesIsForgottenByRedis) {
  const auto a = gates_.open("a");
  (void)claim(*a, 1, ledger(1, 0), 1);
  const std::string left = gates_.server.ask({"PTTL", "{product:1}"});
  const auto ms = std::stoll(left.substr(1));
  EXPECT_GT(ms, Milliseconds{limits::gate_memory}.count() - 10'000);
  EXPECT_LE(ms, Milliseconds{limits::gate_memory}.count());
}

TEST_F(GateRedis, ARedisThatHangsCostsOneTimeoutAndThenNobodyWaits) {
  const auto a = gates_.open("a");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 2), 2);
  gates_.server.pause();
  const Monotonic before = gates_.clock.monotonic();
  EXPECT_EQ(claim(*a, 2, ledger(2, 4), 10), 6) << "goes on by its own ledger";
  const Monotonic after_one = gates_.clock.monotonic();
  EXPECT_GE(after_one - before, limits::redis_timeout);
  for (int seq = 3; seq < 20; ++seq) EXPECT_EQ(claim(*a, seq, ledger(2, 4), 10), 6);
  EXPECT_LT(gates_.clock.monotonic() - after_one, limits::redis_timeout);
  gates_.server.resume();
  EXPECT_TRUE(a->connects());
  const auto b = gates_.open("b");
  EXPECT_EQ(claim(*a, 20, ledger(2, 4), 4), 4);
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 2) << "whatever of the calls that timed out was applied";
}

TEST_F(GateRedis, ConfiguredToRefuseItGrantsNothingWhileRedisIsAway) {
  const auto a = gates_.open("a", WhenAway::refuse);
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 2), 2);
  gates_.server.kill();
  EXPECT_TRUE(a->loses_its_connection());
  const auto refused = run(a->claim({2, {{ledger(2, 2), 1}}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::overloaded);
  EXPECT_GT(refused.error().retry_after.count(), 0);
  gates_.server.start();
  EXPECT_TRUE(a->connects());
  EXPECT_EQ(claim(*a, 3, ledger(2, 2), 10), 8);
}

TEST_F(GateRedis, ARefusedRoundGivesBackWhatItsOtherProductsWereGranted) {
  const auto a = gates_.open("a", WhenAway::refuse), b = gates_.open("b");
  gates_.server.ask({"SET", "{product:2}", "not a hash"});
  const auto refused = run(a->claim({1, {{ledger(1, 0, 1), 10}, {ledger(1, 0, 2), 1}}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::overloaded);
  run(a->settle(0, {}));  // an older one, so that what is to be given back has been told
  EXPECT_EQ(claim(*b, 1, ledger(1, 0), 10), 10);
}

TEST_F(GateRedis, SeveralProductsAreClaimedInOneRound) {
  const auto a = gates_.open("a"), b = gates_.open("b");
  const ClaimRound round{1, {{ledger(1, 0, 1), 3}, {ledger(1, 9, 2), 3}, {ledger(1, 10, 3), 3}}};
  EXPECT_EQ(*run(a->claim(round)), (std::vector<Units>{3, 1, 0}));
  const ClaimRound other{1, {{ledger(1, 0, 1), 9}, {ledger(1, 9, 2), 9}}};
  EXPECT_EQ(*run(b->claim(other)), (std::vector<Units>{7, 0}));
}

TEST_F(GateRedis, AServerThatForgotTheScriptIsToldAgain) {
  const auto a = gates_.open("a");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 2), 2);
  gates_.server.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(claim(*a, 2, ledger(1, 0), 10), 10);
  gates_.server.ask({"SCRIPT", "FLUSH"});
  const ClaimRound round{3, {{ledger(1, 0, 1), 3}, {ledger(1, 9, 2), 3}}};
  EXPECT_EQ(*run(a->claim(round)), (std::vector<Units>{3, 1}));
}

// The end of a round travels with the next one: one call per product and round.
TEST_F(GateRedis, WhileRoundsFollowEachOtherThereIsOneCallPerProductAndRound) {
  const auto a = gates_.open("a");
  (void)claim(*a, 1, ledger(1, 0), 1);
  gates_.server.ask({"CONFIG", "RESETSTAT"});
  std::int64_t rounds = 0;
  for (std::int64_t seq = 2; seq <= 101; ++seq, ++rounds) {
    a->settle_later(seq - 1, {ledger(seq, 0)});
    (void)claim(*a, seq, ledger(seq, 0), 1);
  }
  const std::string stats = gates_.server.ask({"INFO", "commandstats"});
  const auto at = stats.find("cmdstat_evalsha:calls=");
  ASSERT_NE(at, std::string::npos) << stats;
  const auto calls = std::stoll(stats.substr(at + std::string("cmdstat_evalsha:calls=").size()));
  EXPECT_GE(calls, rounds);
  EXPECT_LE(calls, rounds + rounds / 4) << "a slow machine may let some pauses pass";
}

TEST_F(GateRedis, WhenNoRoundFollowsTheEndOfTheLastIsToldSoon) {
  const auto a = gates_.open("a"), b = gates_.open("b");
  EXPECT_EQ(claim(*a, 1, ledger(1, 0), 10), 10);
  a->settle_later(1, {ledger(1, 0)});
  Units granted = 0;
  for (std::int64_t seq = 1; granted == 0 && seq < 1'000; ++seq) granted = claim(*b, seq, ledger(1, 0), 10);
  EXPECT_EQ(granted, 10);
}

}  // namespace
}  // namespace buyme::stock
