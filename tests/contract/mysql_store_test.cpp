// What several order servers and a network do to the store over MySQL, on a real MariaDB.
#include <chrono>
#include <thread>

#include "contract/store_fixture.hpp"
#include "contract/stores.hpp"
#include "support/relay.hpp"

namespace buyme::test {

namespace {

class MysqlOrders : public StoreContract {
 protected:
  void open_sale(Units total, std::optional<Units> limit = {}) {
    Plan opening = plan();
    add_terms(opening, 1, total, limit);
    commit(opening);
  }
  db::Mysql session() { return db::Mysql(mysql_database(place)); }

  // The session in which a store waits for a ledger's row. 0: none does within ten seconds.
  std::int64_t session_that_waits(db::Mysql& watcher) {
    for (int looks = 0; looks < 2'000; ++looks) {
      auto row = watcher.query(
          "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
          " AND info LIKE 'SELECT product_id FROM stock_ledger%'");
      if (row.next()) return row.integer(0);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return 0;
  }

  static std::unique_ptr<order::OrderStore> open_at(db::MysqlSettings server) {
    static const std::unique_ptr<Clock> clock = make_system_clock();
    const order::MysqlOrderSettings settings{std::move(server),
                                             GetParam().name == std::string("mysql_one_by_one")};
    return order::make_mysql_order_store(settings, *clock, Random(2, "store"), make_null_log());
  }
  // A store that gives up waiting for an answer after a second.
  std::unique_ptr<order::OrderStore> open_through(const Relay& relay) {
    db::MysqlSettings server = mysql_database(place);
    server.port = relay.port();
    server.answer_timeout = std::chrono::seconds{1};
    return open_at(server);
  }
  static bool is_unknown(const order::CommitResult& result) {
    return std::holds_alternative<order::Unknown>(result);
  }
};

using MysqlOrdersInOnePacket = MysqlOrders;  // one by one, the first answer would be lost

TEST_P(MysqlOrders, ARoundWhoseConnectionIsKilledBeforeItsCommitIsDead) {
  open_sale(10);
  db::Mysql blocker = session(), watcher = session();
  blocker.query("START TRANSACTION");
  blocker.query("SELECT * FROM stock_ledger FOR UPDATE");
  std::thread killer([&] { watcher.query("KILL " + std::to_string(session_that_waits(watcher))); });
  Plan sale = plan();
  const OrderId lost = add_order(sale, 7, 1, 1, "click").id;
  const auto result = run(store->commit(sale));
  killer.join();
  blocker.query("ROLLBACK");
  ASSERT_TRUE(is_unknown(result));
  EXPECT_EQ(*run(store->settle(sale.stamp)), order::RoundFate::dead);
  EXPECT_FALSE(find(lost).has_value());
  expect_ledger(1, 0, 0);
  Plan again = plan();
  add_order(again, 7, 1, 1, "click");
  commit(again);
  expect_ledger(1, 1, 0);
}

TEST_P(MysqlOrdersInOnePacket, ARoundWhoseAnswerIsLostBehindItsCommitHasTaken) {
  open_sale(10);
  Relay relay(mysql_database(place).port);
  const auto far = open_through(relay);
  Plan sale = plan();
  sale.stamp.writer = *run(far->next_writer_number());
  const OrderId placed = add_order(sale, 7, 1).id;
  relay.lose_answers(true);
  ASSERT_TRUE(is_unknown(run(far->commit(sale))));
  EXPECT_FALSE(run(far->settle(sale.stamp)).has_value()) << "nobody can say while the network is away";
  relay.lose_answers(false);
  std::this_thread::sleep_for(limits::database_away);  // so long it is not even asked
  EXPECT_EQ(*run(far->settle(sale.stamp)), order::RoundFate::committed);
  EXPECT_TRUE(find(placed).has_value());
  expect_ledger(1, 1, 0);
}

// The packet is held up on its way, its server gives the round up and decides it anew, and then it arrives.
TEST_P(MysqlOrders, ARoundThatArrivesAfterItWasSettledIsRefused) {
  open_sale(10);
  Relay relay(mysql_database(place).port);
  const auto far = open_through(relay);
  Plan late = plan();
  late.stamp.writer = *run(far->next_writer_number());
  const OrderId lost = add_order(late, 7, 1, 3, "click").id;
  relay.hold_requests(true);
  ASSERT_TRUE(is_unknown(run(far->commit(late))));
  relay.hold_requests(false);
  EXPECT_EQ(*run(far->settle(late.stamp)), order::RoundFate::dead);
  Plan anew = plan();
  add_order(anew, 7, 1, 3, "click");
  commit(*far, anew);
  relay.deliver_held();
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  EXPECT_FALSE(find(lost).has_value());
  EXPECT_EQ(*run(far->settle(late.stamp)), order::RoundFate::dead);
  expect_ledger(1, 3, 0);
}

TEST_P(MysqlOrders, TwoServersThatEndTheSameOrdersAtOnceReleaseTheirUnitsOnce) {
  constexpr int rounds = 5, orders_each = 20;
  open_sale(1'000, 1'000);
  const auto other = open();
  const std::int64_t other_writer = *run(other->next_writer_number());
  for (int round = 0; round < rounds; ++round) {
    Plan sale = plan();
    std::vector<OrderId> ids;
    for (int i = 0; i < orders_each; ++i) {
      ids.push_back(add_limited_order(sale, 1'000 * round + i + 1, 1, 2, 1'000).id);
    }
    commit(sale);
    expect_ledger(1, 2 * orders_each, 0);
    Plan cancel = plan(), expire = plan();
    expire.stamp.writer = other_writer;
    for (const auto id : ids) {
      const auto row = *find(id);
      cancel.moves.push_back(move_of(row, OrderStatus::canceled));
      expire.moves.push_back(move_of(row, OrderStatus::expired));
    }
    std::size_t missed_there = 0;
    std::thread there([&] { missed_there = commit(*other, expire).not_moved.size(); });
    const std::size_t missed_here = commit(cancel).not_moved.size();
    there.join();
    EXPECT_EQ(missed_here + missed_there, std::size_t{orders_each});
    expect_ledger(1, 0, 0);
    EXPECT_EQ(limit_row(1, 1'000 * round + 1).units, 0);
  }
}

TEST_P(MysqlOrders, OfTwoServersThatSellTheLastUnitsOneIsRefused) {
  open_sale(10);
  const auto other = open();
  Plan here = plan(), there = plan();
  there.stamp.writer = *run(other->next_writer_number());
  add_order(here, 7, 1, 6);
  add_order(there, 8, 1, 6);
  order::CommitResult result_there;
  std::thread thread([&] { result_there = run(other->commit(there)); });
  const auto result_here = run(store->commit(here));
  thread.join();
  EXPECT_NE(std::holds_alternative<order::Committed>(result_here),
            std::holds_alternative<order::Committed>(result_there));
  expect_ledger(1, 6, 0);
}

TEST_P(MysqlOrders, ADeadlockIsTriedAgain) {
  open_sale(10);
  Plan sale = plan();
  const OrderId placed = add_order(sale, 7, 1).id;
  commit(sale);
  db::Mysql rival = session(), watcher = session();
  const auto deadlocks = [&watcher] {
    auto row = watcher.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
    return row.next() ? row.integer(1) : 0;
  };
  const std::int64_t before = deadlocks();
  rival.query("START TRANSACTION");
  for (int i = 0; i < 20; ++i) {  // who has written less is the one that is rolled back
    rival.query("INSERT INTO number_block VALUES ('rival" + std::to_string(i) + "', 1)");
  }
  rival.query("SELECT * FROM stock_ledger FOR UPDATE");
  std::thread thread([&] {
    EXPECT_GT(session_that_waits(watcher), 0);
    rival.query("SELECT * FROM orders FOR UPDATE");  // which the store's round holds already
    rival.query("ROLLBACK");
  });
  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(placed), OrderStatus::canceled));
  const auto result = run(store->commit(cancel));
  thread.join();
  ASSERT_TRUE(std::holds_alternative<order::Committed>(result));
  EXPECT_GT(deadlocks(), before);
  EXPECT_EQ(find(placed)->order.status, OrderStatus::canceled);
  expect_ledger(1, 0, 0);
}

TEST_P(MysqlOrders, ALockThatIsNeverLetGoMakesARoundUnavailableAndLeavesNothing) {
  open_sale(10);
  db::Mysql blocker = session();
  blocker.query("START TRANSACTION");
  blocker.query("SELECT * FROM stock_ledger FOR UPDATE");
  Plan sale = plan();
  const OrderId refused = add_order(sale, 7, 1).id;
  const auto result = run(store->commit(sale));
  const auto* rejected = std::get_if<order::Rejected>(&result);
  ASSERT_NE(rejected, nullptr);
  EXPECT_EQ(rejected->why, order::Rejected::Why::unavailable);
  blocker.query("ROLLBACK");
  EXPECT_FALSE(find(refused).has_value());
  EXPECT_EQ(*run(store->settle(sale.stamp)), order::RoundFate::dead);
}

TEST_P(MysqlOrders, WhoHoldsMoreThanALoweredLimitKeepsItAndGetsNoMore) {
  open_sale(10, 5);
  Plan sale = plan();
  const OrderId held = add_limited_order(sale, 7, 1, 3, 5).id;
  commit(sale);
  Plan lower = plan();
  add_terms(lower, 1, 10, 2);
  commit(lower);
  EXPECT_EQ(limit_row(1, 7).units, 3);
  Plan more = plan();
  add_limited_order(more, 7, 1, 1, 2);
  expect_refused(more);
  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(held), OrderStatus::canceled));
  commit(cancel);
  Plan within = plan();
  add_limited_order(within, 7, 1, 2, 2);
  commit(within);
  EXPECT_EQ(limit_row(1, 7).units, 2);
  expect_ledger(1, 2, 0);
}

TEST_P(MysqlOrders, TheLedgerItselfRefusesAnOverrun) {
  open_sale(10);
  db::Mysql database = session();
  for (const char* books : {"committed = 11", "sold = 1", "committed = -1", "total = -1", "sold = -1"}) {
    try {
      database.query(std::string("UPDATE stock_ledger SET ") + books);
      ADD_FAILURE() << books << " was taken";
    } catch (const db::MysqlError& error) {
      EXPECT_TRUE(error.is_constraint()) << error.what();
    }
  }
  expect_ledger(1, 0, 0);
}

TEST_P(MysqlOrders, AServerThatWasKilledComesBackWithAllThatWasAnswered) {
  MariadbServer server;
  db::MysqlSettings settings{.port = server.port(), .user = server.user(), .password = server.password()};
  db::Mysql(settings).query("CREATE DATABASE shop");
  settings.database = "shop";
  store = open_at(settings);
  writer = *run(store->next_writer_number());
  open_sale(10);
  Plan sale = plan();
  const OrderId placed = add_order(sale, 7, 1).id;
  commit(sale);
  server.kill();
  Plan nowhere = plan();
  nowhere.stamp.seq = seq;
  nowhere.delivered_refunds.push_back(RefundId{1});
  EXPECT_FALSE(std::holds_alternative<order::Committed>(run(store->commit(nowhere))));
  server.start();
  EXPECT_TRUE(find(placed).has_value());
  EXPECT_EQ(*run(store->settle(sale.stamp)), order::RoundFate::committed);
  expect_ledger(1, 1, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, MysqlOrders, ::testing::Values(mysql_store(), mysql_store(true)),
                         [](const auto& kind) { return kind.param.name; });

INSTANTIATE_TEST_SUITE_P(Stores, MysqlOrdersInOnePacket, ::testing::Values(mysql_store()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
