// What becomes of an order that somebody else overtakes, by strategy: who stands still past his lock's lease,
// who cannot get at the row until his deadline, and what is sold when nothing guards the units.
#include <atomic>
#include <thread>

#include "contract/placement_world.hpp"

namespace buyme::test {

namespace {

using order::Fences;
using order::Guard;
using order::Plan;
using order::ReadResult;
using order::Seen;
using order::WriteResult;

// Stands still between reading and writing for as long as it is told to, as a process that the system does
// not run.
struct Pause {
  std::atomic<bool> wanted{false}, reached{false}, over{false};

  void pass() {
    if (!wanted.exchange(false)) return;
    reached = true;
    over.wait(false);
  }
  void await_reached() const {
    while (!reached) std::this_thread::sleep_for(Milliseconds{1});
  }
  void end() {
    over = true;
    over.notify_all();
  }
};

class PausedSession final : public order::PlacementSession {
 public:
  PausedSession(std::unique_ptr<order::PlacementSession> behind, Pause& pause)
      : behind_(std::move(behind)), pause_(pause) {}
  std::optional<std::int64_t> reserve_numbers(std::string_view name, std::int64_t count) override {
    return behind_->reserve_numbers(name, count);
  }
  ReadResult read(const PlaceOrder& order, Guard guard) override { return behind_->read(order, guard); }
  WriteResult write(const Plan& plan, const Seen& seen, Guard guard, const Fences& fences) override {
    pause_.pass();
    return behind_->write(plan, seen, guard, fences);
  }
  void give_up() override { behind_->give_up(); }

 private:
  std::unique_ptr<order::PlacementSession> behind_;
  Pause& pause_;
};

class Guards : public PlacementTest {
 protected:
  PlacingServer::Options pausing() {
    PlacingServer::Options wanted = options();
    wanted.decorate = [this](order::OpenSession open) -> order::OpenSession {
      return [this, open] { return std::make_unique<PausedSession>(open(), pause_); };
    };
    return wanted;
  }
  Pause pause_;
};

std::vector<PlacementKind> on_both(std::vector<Strategy> strategies) {
  std::vector<PlacementKind> kinds;
  for (const auto database : {DatabaseKind::sqlite, DatabaseKind::mysql}) {
    for (const auto strategy : strategies) kinds.push_back({strategy, database});
  }
  return kinds;
}

// --- the fence

class Fence : public Guards {};

// The holder of the lock stands still with all its threads, its lease passes, and another server sells the
// last unit. Then it goes on with what it had read.
TEST_P(Fence, WhoStoodStillPastHisLeaseIsRefusedByTheDatabase) {
  open_sale(1, 1);
  PlacingServer::Options slow = pausing();
  slow.lease = Milliseconds{300};
  PlacingServer holder(GetParam(), place, slow);
  pause_.wanted = true;
  std::optional<Outcome> late;
  std::thread buyer([&] { late = holder.place(buy(7, 1)); });
  pause_.await_reached();
  std::atomic<bool> still{true};
  asio::post(holder.locking().executor(), [&] { still.wait(true); });  // nobody renews its lease

  const Outcome sold = server().place(buy(8, 1));
  EXPECT_TRUE(sold.has_value()) << "once the lease of the other had passed";

  still = false;
  still.notify_all();
  pause_.end();
  buyer.join();
  ASSERT_FALSE(late->has_value());
  EXPECT_EQ(late->error().error, Error::sold_out) << "it took the lock anew and read anew";
  EXPECT_EQ(holder.counters().fenced.value(), 1u);
  EXPECT_EQ(holder.counters().lost_locks.value(), 1u) << "the token in Redis was not its own any more";
  expect_books(1, 1);
}

// The version alone would let it pass: the holder has read after everybody else wrote.
TEST_P(Fence, AnOlderTokenIsRefusedWhateverTheVersion) {
  open_sale(1, 10);
  const auto clock = make_system_clock();
  const auto session = sessions_of(GetParam().database, place, *clock)();
  const auto write_with = [&](std::int64_t token, std::int64_t number) {
    const ReadResult read = session->read(buy(7, 1), Guard::fence);
    order::Order order;
    order.id = OrderId{number};
    order.user = UserId{7};
    order.items.push_back({OrderItemId{number}, ProductId{1}, 1, 1'000});
    Plan plan;
    plan.orders.push_back({&order, {}, 0});
    plan.raises.push_back({ProductId{1}, 1, 1});
    return session->write(plan, read.seen, Guard::fence, {{ProductId{1}, token}}).fate;
  };
  EXPECT_EQ(write_with(34, 1'000), order::Written::committed);
  EXPECT_EQ(write_with(33, 1'001), order::Written::fenced);
  EXPECT_EQ(write_with(34, 1'001), order::Written::fenced) << "a token writes once";
  EXPECT_EQ(write_with(35, 1'001), order::Written::committed);
  expect_books(1, 2);
}

INSTANTIATE_TEST_SUITE_P(Strategies, Fence, ::testing::ValuesIn(on_both({Strategy::distributed})),
                         placement_name);

// --- who is overtaken

class Overtaken : public Guards {};

TEST_P(Overtaken, WhatWasReadTooEarlyIsReadAnew) {
  open_sale(1, 1);
  PlacingServer slow(GetParam(), place, pausing());
  pause_.wanted = true;
  std::optional<Outcome> late;
  std::thread buyer([&] { late = slow.place(buy(7, 1)); });
  pause_.await_reached();
  EXPECT_TRUE(server().place(buy(8, 1)).has_value());
  pause_.end();
  buyer.join();
  ASSERT_FALSE(late->has_value());
  EXPECT_EQ(late->error().error, Error::sold_out);
  EXPECT_EQ(slow.counters().overtaken.value(), 1u);
  expect_books(1, 1);
}

INSTANTIATE_TEST_SUITE_P(Strategies, Overtaken, ::testing::ValuesIn(on_both({Strategy::optimistic})),
                         placement_name);

// --- the deadline

class Deadline : public Guards {};

// Another transaction keeps the row, or the file, for longer than an order may take.
TEST_P(Deadline, WhoCannotGetAtTheUnitsIsToldSoWithNothingDone) {
  open_sale(1, 10);
  PlacingServer::Options brief = options();
  brief.deadline = Milliseconds{200};
  PlacingServer hurried(GetParam(), place, brief);
  std::optional<db::Sqlite> file;
  std::optional<db::Mysql> rival;
  if (GetParam().database == DatabaseKind::sqlite) {
    file.emplace(place.file("order.sqlite"), db::Access::read_write);
    file->execute("BEGIN IMMEDIATE");
  } else {
    rival.emplace(mysql_database(place));
    rival->query("START TRANSACTION");
    rival->query("SELECT * FROM stock_ledger FOR UPDATE");
  }
  const Outcome refused = hurried.place(buy(7, 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().error == Error::overloaded || refused.error().error == Error::store_unavailable)
      << refused.error().detail;
  file.reset(), rival.reset();
  expect_books(1, 0);
  EXPECT_TRUE(server().place(buy(7, 1)).has_value());
}

INSTANTIATE_TEST_SUITE_P(Strategies, Deadline,
                         ::testing::ValuesIn(on_both({Strategy::optimistic, Strategy::pessimistic,
                                                      Strategy::distributed})),
                         placement_name);

// --- without a guard

class Unguarded : public Guards {};

TEST_P(Unguarded, ACrowdIsSoldMoreThanThereIsThoughTheLedgerLooksRight) {
  open_sale(1, 40);
  const auto outcomes = server().place(crowd(200, 1));
  EXPECT_GT(placed(outcomes), 40) << "the point of it";
  EXPECT_EQ(live_items(1), placed(outcomes)) << "every one of them was told so";
  EXPECT_LE(committed(1), 40) << "lost updates keep the ledger within its CHECK";
}

// The interleaving itself: two read, one writes, the other writes over it.
TEST_P(Unguarded, TheSecondWritesOverTheFirst) {
  open_sale(1, 1);
  PlacingServer slow(GetParam(), place, pausing());
  pause_.wanted = true;
  std::optional<Outcome> late;
  std::thread buyer([&] { late = slow.place(buy(7, 1)); });
  pause_.await_reached();
  EXPECT_TRUE(server().place(buy(8, 1)).has_value());
  pause_.end();
  buyer.join();
  EXPECT_TRUE(late->has_value());
  EXPECT_EQ(live_items(1), 2);
  EXPECT_EQ(committed(1), 1);
}

INSTANTIATE_TEST_SUITE_P(Strategies, Unguarded, ::testing::ValuesIn(on_both({Strategy::none})),
                         placement_name);

}  // namespace
}  // namespace buyme::test
