// What every order store must do, whatever database stands behind it.
#include <algorithm>

#include "contract/store_fixture.hpp"
#include "contract/stores.hpp"

namespace buyme::test {

namespace {

TEST_P(StoreContract, APlanIsCommittedWhole) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  add_terms(opening, 2, 10, 3);
  commit(opening);

  Plan sale = plan();
  const OrderId first = add_order(sale, 7, 1, 2, "click").id;
  const OrderId second = add_limited_order(sale, 8, 2, 3, 3).id;
  const order::Committed committed = commit(sale);

  EXPECT_TRUE(committed.not_moved.empty());
  ASSERT_EQ(committed.ledgers.size(), 2u);
  for (const auto& touched : committed.ledgers) {
    const order::Ledger now = ledger(touched.product.value);
    EXPECT_EQ(touched.committed, now.committed);
    EXPECT_EQ(touched.version, now.version);
    EXPECT_EQ(touched.total, 10);
  }
  expect_ledger(1, 2, 0);
  expect_ledger(2, 3, 0);
  ASSERT_TRUE(find(first).has_value());
  EXPECT_EQ(find(first)->order.status, OrderStatus::pending);
  EXPECT_EQ(find(first)->order.amount, 2'000);
  EXPECT_EQ(find(first)->order.hold_expires_at, at(600));
  ASSERT_EQ(find(second)->order.items.size(), 1u);
  EXPECT_EQ(find(second)->order.items[0].quantity, 3);
  EXPECT_TRUE(find(second)->order.items[0].counted);
  EXPECT_EQ(limit_row(2, 8).units, 3);
  EXPECT_EQ(limit_row(2, 8).open_order, second);
}

TEST_P(StoreContract, EveryCommitRaisesTheLedgersVersion) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  const std::int64_t before = ledger(1).version;
  Plan sale = plan();
  add_order(sale, 7, 1);
  commit(sale);
  EXPECT_GT(ledger(1).version, before);
}

TEST_P(StoreContract, AnOverrunIsRefusedWithAllThatCameWithIt) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  add_terms(opening, 2, 1);
  commit(opening);

  Plan overrun = plan();
  const OrderId harmless = add_order(overrun, 7, 1, 1, "good").id;
  const OrderId guilty = add_order(overrun, 8, 2, 2).id;
  expect_refused(overrun);
  EXPECT_FALSE(find(harmless).has_value());
  EXPECT_FALSE(find(guilty).has_value());
  EXPECT_FALSE(kept(7, "good").has_value());
  expect_ledger(1, 0, 0);
  expect_ledger(2, 0, 0);

  // And the next one is not hindered by what was undone.
  Plan next = plan();
  add_order(next, 7, 1, 1, "good");
  commit(next);
  EXPECT_TRUE(kept(7, "good").has_value());
}

TEST_P(StoreContract, ALimitThatIsExceededIsRefused) {
  Plan opening = plan();
  add_terms(opening, 1, 10, 2);
  commit(opening);
  Plan first = plan();
  add_limited_order(first, 7, 1, 2, 2);
  commit(first);
  Plan second = plan();
  const OrderId refused = add_limited_order(second, 7, 1, 1, 2).id;
  expect_refused(second);
  EXPECT_FALSE(find(refused).has_value());
  EXPECT_EQ(limit_row(1, 7).units, 2);
  expect_ledger(1, 2, 0);
}

TEST_P(StoreContract, AKeyIsGoodForOneOrderOfItsBuyer) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan first = plan();
  const OrderId placed = add_order(first, 7, 1, 1, "click").id;
  commit(first);
  Plan again = plan();
  add_order(again, 7, 1, 1, "click");
  expect_refused(again);
  ASSERT_TRUE(kept(7, "click").has_value());
  EXPECT_EQ(kept(7, "click")->order.id, placed);
  EXPECT_EQ(kept(7, "click")->body_hash, 4'711);
  expect_ledger(1, 1, 0);

  Plan others = plan();
  add_order(others, 8, 1, 1, "click");
  add_order(others, 7, 1);  // without a key there is nothing to repeat
  add_order(others, 7, 1);
  commit(others);
  expect_ledger(1, 4, 0);
}

TEST_P(StoreContract, ATotalCannotFallBelowWhatIsCommitted) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan sale = plan();
  add_order(sale, 7, 1, 6);
  commit(sale);
  Plan lower = plan();
  add_terms(lower, 1, 5);
  expect_refused(lower);
  EXPECT_EQ(ledger(1).total, 10);
  Plan enough = plan();
  add_terms(enough, 1, 6);
  commit(enough);
  EXPECT_EQ(ledger(1).total, 6);
}

// Two servers end one order at the same moment: both decided on the order as it was, one is first.
TEST_P(StoreContract, OfTwoPlansThatEndOneOrderTheSecondReleasesNothing) {
  const auto other_server = open();
  Plan opening = plan();
  add_terms(opening, 1, 10, 5);
  commit(opening);
  Plan sale = plan();
  const OrderId contested = add_limited_order(sale, 7, 1, 3, 5).id;
  const OrderId quiet = add_limited_order(sale, 8, 1, 2, 5).id;
  commit(sale);
  const auto seen_by_both = *find(contested);

  Plan expiry = plan();
  expiry.stamp = {*run(other_server->next_writer_number()), 1};
  expiry.moves.push_back(move_of(seen_by_both, OrderStatus::expired));
  EXPECT_TRUE(commit(*other_server, expiry).not_moved.empty());
  expect_ledger(1, 2, 0);

  Plan cancel = plan();
  cancel.moves.push_back(move_of(seen_by_both, OrderStatus::canceled));
  cancel.moves.push_back(move_of(*find(quiet), OrderStatus::canceled));
  const order::Committed committed = commit(cancel);
  EXPECT_EQ(committed.not_moved, std::vector<OrderId>{contested});
  expect_ledger(1, 0, 0);  // 2 of the quiet one; the contested one's 3 came back once
  EXPECT_EQ(limit_row(1, 7).units, 0);
  EXPECT_EQ(limit_row(1, 8).units, 0);
  EXPECT_EQ(find(contested)->order.status, OrderStatus::expired);
  EXPECT_EQ(find(quiet)->order.status, OrderStatus::canceled);

  // The same plan once more, as after an answer that was lost.
  Plan again = plan();
  again.moves.push_back(move_of(seen_by_both, OrderStatus::canceled));
  EXPECT_EQ(commit(again).not_moved, std::vector<OrderId>{contested});
  expect_ledger(1, 0, 0);
}

TEST_P(StoreContract, AMoveHoldsOnlyForTheOrderAsItWasRead) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan sale = plan();
  const OrderId id = add_order(sale, 7, 1).id;
  commit(sale);
  const auto before = *find(id);

  Plan extend = plan();
  extend.moves.push_back(move_of(before, OrderStatus::payment_entered));
  extend.moves[0].hold_extended = true;
  extend.moves[0].hold_expires_at = at(660);
  EXPECT_TRUE(commit(extend).not_moved.empty());
  const auto entered = *find(id);
  EXPECT_EQ(entered.order.status, OrderStatus::payment_entered);
  EXPECT_TRUE(entered.hold_extended);
  EXPECT_EQ(entered.order.hold_expires_at, at(660));

  for (const auto& stale_part : {0, 1, 2}) {
    Plan stale = plan();
    stale.moves.push_back(move_of(entered, OrderStatus::expired));
    if (stale_part == 0) stale.moves[0].from = OrderStatus::pending;
    if (stale_part == 1) stale.moves[0].was_extended = false;
    if (stale_part == 2) stale.moves[0].was_settled_attempt_no = 1;
    EXPECT_EQ(commit(stale).not_moved, std::vector<OrderId>{id}) << stale_part;
    EXPECT_EQ(find(id)->order.status, OrderStatus::payment_entered);
    expect_ledger(1, 1, 0);
  }
}

// Who enters payment must not wait for those who buy the same product, nor wake those who watch its stock.
TEST_P(StoreContract, AMoveThatSellsNothingAndGivesNothingBackLeavesTheLedgerAlone) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan sale = plan();
  const OrderId id = add_order(sale, 7, 1).id;
  const auto sold_from = commit(sale).ledgers.at(0);
  for (const auto to : {OrderStatus::payment_entered, OrderStatus::payment_failed}) {
    Plan move = plan();
    move.moves.push_back(move_of(*find(id), to));
    const auto committed = commit(move);
    EXPECT_TRUE(committed.not_moved.empty());
    EXPECT_TRUE(committed.ledgers.empty());
  }
  Plan payment = plan();
  payment.moves.push_back(payment_of(*find(id), 11));
  const auto ledger = commit(payment).ledgers.at(0);
  EXPECT_EQ(ledger.version, sold_from.version + 1);
  EXPECT_EQ(ledger.sold, 1);
}

TEST_P(StoreContract, PayingSellsAndCancelingAPaidOrderOwesItsRefund) {
  Plan opening = plan();
  add_terms(opening, 1, 10, 5);
  commit(opening);
  Plan sale = plan();
  const OrderId kept_order = add_limited_order(sale, 7, 1, 2, 5).id;
  const OrderId canceled = add_limited_order(sale, 8, 1, 3, 5).id;
  commit(sale);
  Plan payment = plan();
  payment.moves.push_back(payment_of(*find(kept_order), 11));
  payment.moves.push_back(payment_of(*find(canceled), 12));
  commit(payment);
  expect_ledger(1, 5, 5);
  EXPECT_EQ(find(canceled)->paid_attempt, AttemptId{12});
  EXPECT_EQ(find(canceled)->settled_attempt_no, 1);
  EXPECT_EQ(find(canceled)->order.paid_at, std::optional<Time>{epoch});

  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(canceled), OrderStatus::canceled));
  cancel.moves[0].refund = 3'000;
  commit(cancel);
  expect_ledger(1, 2, 2);
  EXPECT_EQ(limit_row(1, 8).units, 0);
  EXPECT_EQ(find(canceled)->order.items[0].status, order::ItemStatus::canceled);
  EXPECT_EQ(find(kept_order)->order.items[0].status, order::ItemStatus::ordered);

  const auto open_refunds = run(store->open_refunds(RefundId{}, 10));
  ASSERT_EQ(open_refunds->size(), 1u);
  const order::OpenRefund& refund = open_refunds->front();
  EXPECT_EQ(refund.order, canceled);
  EXPECT_EQ(refund.attempt, AttemptId{12});
  EXPECT_EQ(refund.amount, 3'000);
  EXPECT_TRUE(run(store->open_refunds(refund.id, 10))->empty());

  Plan delivered = plan();
  delivered.delivered_refunds.push_back(refund.id);
  commit(delivered);
  EXPECT_TRUE(run(store->open_refunds(RefundId{}, 10))->empty());
}

TEST_P(StoreContract, ALimitThatBeginsCountsWhatItsBuyersHold) {
  Plan opening = plan();
  add_terms(opening, 1, 100);
  commit(opening);
  Plan sale = plan();
  add_order(sale, 7, 1, 3);
  const OrderId second = add_order(sale, 7, 1, 2).id;
  const OrderId dead = add_order(sale, 8, 1, 4).id;
  commit(sale);
  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(dead), OrderStatus::canceled));
  commit(cancel);

  Plan begin = plan();
  add_terms(begin, 1, 100, 2);
  begin.terms[0].starts_limit = true;
  commit(begin);
  EXPECT_EQ(limit_row(1, 7).units, 5);  // more than the limit: he keeps it
  EXPECT_EQ(limit_row(1, 8).units, 0);
  Plan more = plan();
  add_limited_order(more, 7, 1, 1, 2);
  expect_refused(more);

  Plan fewer = plan();
  fewer.moves.push_back(move_of(*find(second), OrderStatus::canceled));
  commit(fewer);
  EXPECT_EQ(limit_row(1, 7).units, 3);
}

TEST_P(StoreContract, LapsedHoldsComeOldestFirstAndOnlyUnpaid) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan sale = plan();
  std::vector<OrderId> ids;
  for (const std::int64_t second : {30, 10, 20, 40, 15}) {
    ids.push_back(add_order(sale, 7, 1).id);
    orders.back().hold_expires_at = at(second);
  }
  commit(sale);
  Plan payment = plan();
  payment.moves.push_back(payment_of(*find(ids[4]), 1));
  commit(payment);

  EXPECT_TRUE(run(store->lapsed_holds(at(9), 10))->empty());
  EXPECT_EQ(*run(store->lapsed_holds(at(10), 10)), std::vector<OrderId>{ids[1]});
  EXPECT_EQ(*run(store->lapsed_holds(at(35), 10)), (std::vector<OrderId>{ids[1], ids[2], ids[0]}));
  EXPECT_EQ(*run(store->lapsed_holds(at(35), 2)), (std::vector<OrderId>{ids[1], ids[2]}));
}

TEST_P(StoreContract, NumbersAreNeverHandedOutTwice) {
  const auto other_server = open();
  std::vector<std::pair<std::int64_t, std::int64_t>> blocks;
  for (const std::int64_t count : {1, 1'024, 7, 1'024, 1, 3}) {
    for (order::OrderStore* server : {store.get(), other_server.get()}) {
      const auto first = run(server->reserve_numbers("order", count));
      ASSERT_TRUE(first.has_value());
      ASSERT_GT(*first, 0);
      blocks.emplace_back(*first, *first + count);
    }
  }
  EXPECT_EQ(blocks.front().first, 1);
  std::ranges::sort(blocks);
  for (std::size_t i = 1; i < blocks.size(); ++i) EXPECT_LE(blocks[i - 1].second, blocks[i].first);

  const auto items = run(store->reserve_numbers("item", 1));
  EXPECT_EQ(*items, 1) << "each name counts by itself";
  store = open();
  EXPECT_GE(*run(store->reserve_numbers("order", 1)), blocks.back().second) << "after a restart";
}

TEST_P(StoreContract, EveryStartHasAWriterNumberOfItsOwn) {
  std::vector<std::int64_t> numbers{writer};
  for (int start = 0; start < 5; ++start) {
    store = open();
    numbers.push_back(*run(store->next_writer_number()));
  }
  EXPECT_EQ(std::ranges::adjacent_find(numbers, std::greater_equal{}), numbers.end());
}

TEST_P(StoreContract, TermsComeBackAsTheyWerePut) {
  Plan opening = plan();
  add_terms(opening, 1, 10, 2);
  order::SaleTerms& wanted = opening.terms[0].update.terms;
  wanted.opens_at = at(100);
  wanted.closes_at = at(200);
  wanted.state = order::SaleState::paused;
  commit(opening);
  store = open();
  const auto sales = run(store->load_sales());
  ASSERT_EQ(sales->size(), 1u);
  EXPECT_EQ(sales->front().ledger.total, 10);
  const order::SaleTerms& found = sales->front().terms;
  EXPECT_EQ(found.version, wanted.version);
  EXPECT_EQ(found.price, 1'000);
  EXPECT_EQ(found.opens_at, wanted.opens_at);
  EXPECT_EQ(found.closes_at, wanted.closes_at);
  EXPECT_EQ(found.per_user_limit, std::optional<Units>{2});
  EXPECT_EQ(found.state, order::SaleState::paused);

  Plan without = plan();
  add_terms(without, 1, 10);
  commit(without);
  const order::SaleTerms plain = run(store->load_sales())->front().terms;
  EXPECT_FALSE(plain.opens_at || plain.closes_at || plain.per_user_limit);
}

TEST_P(StoreContract, ReadsSeeACommitAtOnce) {
  Plan opening = plan();
  add_terms(opening, 1, 100);
  commit(opening);
  EXPECT_FALSE(run(reads->find(OrderId{1}))->has_value());
  std::vector<OrderId> mine;
  for (int round = 0; round < 5; ++round) {
    Plan sale = plan();
    mine.push_back(add_order(sale, 7, 1).id);
    const OrderId others = add_order(sale, 8, 1).id;
    commit(sale);
    const auto found = run(reads->find(mine.back()));
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->items.size(), 1u);
    const auto newest = run(reads->list({.limit = 1}));
    EXPECT_EQ(newest->orders.at(0).id, others);
  }
  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(mine[0]), OrderStatus::canceled));
  commit(cancel);
  EXPECT_EQ((*run(reads->find(mine[0])))->status, OrderStatus::canceled);

  std::vector<OrderId> listed;
  std::optional<OrderId> before;
  do {
    const auto page = run(reads->list({.user = UserId{7}, .before = before, .limit = 2}));
    for (const auto& order : page->orders) listed.push_back(order.id);
    before = page->next_before;
  } while (before);
  EXPECT_EQ(listed, std::vector<OrderId>(mine.rbegin(), mine.rend()));
}

TEST_P(StoreContract, SoldOutMarksNameKeysAndHolders) {
  Plan opening = plan();
  add_terms(opening, 1, 2, 1);
  add_terms(opening, 2, 2);
  commit(opening);
  Plan sale = plan();
  add_limited_order(sale, 7, 1, 1, 1);
  const OrderId given_back = add_limited_order(sale, 8, 1, 1, 1).id;
  sale.orders[0].key = "click";
  add_order(sale, 9, 2, 1, "elsewhere");
  commit(sale);
  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(given_back), OrderStatus::canceled));
  commit(cancel);
  const auto marks = run(reads->sold_out_marks(ProductId{1}));
  EXPECT_EQ(marks->keys, std::vector<std::uint64_t>{order::hash_key(UserId{7}, "click")});
  EXPECT_EQ(marks->holders, std::vector<std::uint64_t>{order::hash_user(UserId{7})});
}

// The merchant has changed the terms since the order was decided: it must be decided again.
TEST_P(StoreContract, AnOrderUnderTermsThatHaveChangedIsRefused) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan sale = plan();
  const OrderId stale = add_order(sale, 7, 1).id;
  Plan change = plan();
  add_terms(change, 1, 10, 1);
  commit(change);
  expect_refused(sale);
  EXPECT_FALSE(find(stale).has_value());
  expect_ledger(1, 0, 0);
}

TEST_P(StoreContract, TermsDecidedOnOlderOnesThanAreStoredAreRefused) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan ours = plan();
  add_terms(ours, 1, 20);
  Plan theirs = plan();
  add_terms(theirs, 1, 30);
  commit(theirs);
  expect_refused(ours);
  EXPECT_EQ(ledger(1).total, 30);
  Plan as_if_new = plan();
  add_terms(as_if_new, 1, 40);
  as_if_new.terms[0].old_version = 0;
  expect_refused(as_if_new);
  EXPECT_EQ(ledger(1).total, 30);
}

TEST_P(StoreContract, ATotalChangesByADifferenceFromWhatIsStored) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan more = plan();
  add_terms(more, 1, 0);
  more.terms[0].update.total.reset();
  more.terms[0].update.delta = 5;
  more.terms[0].update.actor = UserId{9};
  more.terms[0].update.reason = "found a box";
  commit(more);
  EXPECT_EQ(ledger(1).total, 15);
  Plan as_it_is = plan();
  add_terms(as_it_is, 1, 15);
  commit(as_it_is);
  const auto history = run(reads->stock_history(ProductId{1}, std::nullopt, 10));
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ((*history)[0].old_total, 10);
  EXPECT_EQ((*history)[0].new_total, 15);
  EXPECT_EQ((*history)[0].actor, UserId{9});
  EXPECT_EQ((*history)[0].reason, "found a box");
  EXPECT_EQ((*history)[0].at, epoch);
  EXPECT_EQ((*history)[1].new_total, 10);
  EXPECT_EQ(run(reads->stock_history(ProductId{1}, (*history)[0].id, 10))->size(), 1u);
  EXPECT_EQ(run(reads->stock_history(ProductId{1}, std::nullopt, 1))->size(), 1u);
  EXPECT_TRUE(run(reads->stock_history(ProductId{2}, std::nullopt, 10))->empty());
}

TEST_P(StoreContract, WhatARefusedPlanDidIsInNoHistory) {
  Plan opening = plan();
  add_terms(opening, 1, 1);
  commit(opening);
  Plan sale = plan();
  const OrderId placed = add_order(sale, 7, 1).id;
  commit(sale);
  Plan refused = plan();
  add_terms(refused, 1, 5);
  refused.moves.push_back(move_of(*find(placed), OrderStatus::payment_entered));
  add_order(refused, 8, 1, 9);
  expect_refused(refused);
  EXPECT_TRUE(run(reads->history(placed))->empty());
  EXPECT_EQ(run(reads->stock_history(ProductId{1}, std::nullopt, 10))->size(), 1u);
}

TEST_P(StoreContract, AnOrdersStepsComeOldestFirst) {
  Plan opening = plan();
  add_terms(opening, 1, 10);
  commit(opening);
  Plan sale = plan();
  const OrderId placed = add_order(sale, 7, 1).id;
  const OrderId other = add_order(sale, 8, 1).id;
  commit(sale);
  EXPECT_EQ(*run(reads->unpaid_orders(UserId{7})), std::vector<OrderId>{placed});
  Plan first = plan();
  first.moves.push_back(move_of(*find(placed), OrderStatus::payment_entered));
  commit(first);
  EXPECT_EQ(*run(reads->unpaid_orders(UserId{7})), std::vector<OrderId>{placed});
  Plan second = plan();
  second.moves.push_back(move_of(*find(placed), OrderStatus::canceled));
  commit(second);
  const auto steps = run(reads->history(placed));
  ASSERT_EQ(steps->size(), 2u);
  EXPECT_EQ((*steps)[0].from, "PENDING");
  EXPECT_EQ((*steps)[0].to, "PAYMENT_ENTERED");
  EXPECT_EQ((*steps)[1].to, "CANCELED");
  EXPECT_TRUE(run(reads->history(other))->empty());
  EXPECT_TRUE(run(reads->unpaid_orders(UserId{7}))->empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         ::testing::Values(sqlite_store(), memory_store(), mysql_store(), mysql_store(true)),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
