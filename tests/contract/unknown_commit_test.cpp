// What an order store must do that commits over a network: the fate of a round whose answer was lost is
// settled, not guessed. (A store over a local file is never in doubt.)
#include "contract/store_fixture.hpp"
#include "contract/stores.hpp"

namespace buyme::test {

namespace {

class UnknownCommitContract : public StoreContract {
 protected:
  order::RoundFate settle(const Plan& plan) {
    const auto fate = run(store->settle(plan.stamp));
    EXPECT_TRUE(fate.has_value());
    return fate.has_value() ? *fate : order::RoundFate::dead;
  }
  void open_sale() {
    Plan opening = plan();
    add_terms(opening, 1, 10);
    commit(opening);
  }
};

TEST_P(UnknownCommitContract, ARoundThatTookIsCommittedHoweverOftenItIsAskedFor) {
  open_sale();
  Plan sale = plan();
  const OrderId placed = add_order(sale, 7, 1).id;
  commit(sale);
  EXPECT_EQ(settle(sale), order::RoundFate::committed);
  EXPECT_EQ(settle(sale), order::RoundFate::committed);
  EXPECT_TRUE(find(placed).has_value());
  expect_ledger(1, 1, 0);
}

// The commit is still on its way when its server asks: once it is told "dead", it may not take any more.
TEST_P(UnknownCommitContract, ARoundThatHasNotComeIsDeadAndRefusedWhenItComes) {
  open_sale();
  Plan late = plan();
  const OrderId lost = add_order(late, 7, 1, 1, "click").id;
  EXPECT_EQ(settle(late), order::RoundFate::dead);
  expect_refused(late);
  EXPECT_EQ(settle(late), order::RoundFate::dead);
  EXPECT_FALSE(find(lost).has_value());
  EXPECT_FALSE(kept(7, "click").has_value());
  expect_ledger(1, 0, 0);

  Plan again = plan();
  add_order(again, 7, 1, 1, "click");
  commit(again);
  expect_ledger(1, 1, 0);
}

TEST_P(UnknownCommitContract, ARefusedRoundIsDead) {
  open_sale();
  Plan overrun = plan();
  add_order(overrun, 7, 1, 11);
  expect_refused(overrun);
  EXPECT_EQ(settle(overrun), order::RoundFate::dead);
}

TEST_P(UnknownCommitContract, RoundsOfOtherServersAndOtherNumbersAreNotMeant) {
  const auto other_server = open();
  open_sale();
  Plan sale = plan();
  add_order(sale, 7, 1);
  Plan others = sale;
  others.stamp.writer = *run(other_server->next_writer_number());
  EXPECT_EQ(settle(others), order::RoundFate::dead);
  commit(sale);
  EXPECT_EQ(settle(sale), order::RoundFate::committed);
  Plan next = plan();
  EXPECT_EQ(settle(next), order::RoundFate::dead);
}

INSTANTIATE_TEST_SUITE_P(Stores, UnknownCommitContract,
                         ::testing::Values(memory_store(), mysql_store(), mysql_store(true)),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
