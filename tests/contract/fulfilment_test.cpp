// Shipping and returns, whatever database stands behind them.
#include <algorithm>

#include "contract/store_fixture.hpp"
#include "contract/stores.hpp"
#include "core/limits.hpp"

namespace buyme::test {

namespace {

class FulfilmentContract : public StoreContract {
 protected:
  // An order of product 1, paid `day` days after the epoch.
  OrderId sell(std::int64_t user, Units quantity, int day = 0) {
    Plan sale = plan();
    const OrderId order = add_order(sale, user, 1, quantity).id;
    commit(sale);
    Plan payment = plan();
    payment.moves.push_back(payment_of(*find(order), 40 + order.value));
    payment.moves[0].paid_at = at(day * 86'400);
    commit(payment);
    return order;
  }
  order::Committed ship(Time ship_before, Time deliver_before, std::size_t limit = 100) {
    Plan shipping = plan();
    shipping.shipping = order::AdvanceShipping{ship_before, deliver_before, limit};
    return commit(shipping);
  }
  OrderId sell_and_deliver(std::int64_t user, Units quantity) {
    const OrderId order = sell(user, quantity);
    ship(at(86'400), at(0));
    ship(at(86'400), at(86'400));
    return order;
  }
  OrderStatus status(OrderId order) { return find(order)->order.status; }

  order::ReturnRequest request_of(OrderId order, Units quantity, OrderItemId part = {}) {
    const order::OrderItem item = find(order)->order.items.at(0);
    order::ReturnRequest request;
    request.order = order;
    request.item = item.id;
    request.item_quantity = item.quantity;
    request.quantity = quantity;
    request.part = part ? part : item.id;
    request.actor = UserId{7};
    request.reason = "torn";
    return request;
  }
  order::ReturnCompletion completion_of(OrderId order, OrderItemId item, bool restock, Money refund) {
    order::ReturnCompletion completion;
    completion.order = order;
    completion.item = item;
    completion.product = ProductId{1};
    completion.restock = restock;
    completion.paid_attempt = find(order)->paid_attempt;
    completion.actor = UserId{9};
    completion.refund = refund;
    return completion;
  }
  std::optional<order::ReturnRow> return_row(OrderItemId item, std::string_view key = {}) {
    order::Questions questions;
    questions.returns.push_back({item, key});
    return run(store->read(questions))->returns.at(0);
  }
  void open_sale(Units total, std::optional<Units> limit = {}) {
    Plan opening = plan();
    add_terms(opening, 1, total, limit);
    commit(opening);
  }
};

TEST_P(FulfilmentContract, WhatWasPaidBeforeTheDayIsShippedAndThenDelivered) {
  open_sale(10);
  const OrderId first = sell(7, 1, 0), second = sell(8, 1, 1);
  Plan sale = plan();
  const OrderId unpaid = add_order(sale, 9, 1).id;
  commit(sale);
  EXPECT_EQ(ship(at(0), at(0)).shipped, 0u) << "paid at that very moment is not before it";
  EXPECT_EQ(ship(at(1), at(0)).shipped, 1u);
  EXPECT_EQ(status(first), OrderStatus::shipped);
  EXPECT_EQ(status(second), OrderStatus::paid);
  EXPECT_EQ(ship(at(86'401), at(1)).shipped, 2u);
  EXPECT_EQ(status(first), OrderStatus::delivered);
  EXPECT_EQ(status(second), OrderStatus::shipped);
  EXPECT_EQ(status(unpaid), OrderStatus::pending);
  expect_ledger(1, 3, 2);
  const auto steps = run(reads->history(first));
  ASSERT_EQ(steps->size(), 3u);
  EXPECT_EQ((*steps)[1].to, "SHIPPED");
  EXPECT_EQ((*steps)[2].from, "SHIPPED");
  EXPECT_EQ((*steps)[2].to, "DELIVERED");
  EXPECT_EQ((*steps)[2].actor, UserId{});
}

TEST_P(FulfilmentContract, OneRoundShipsOrDeliversAnOrderAndNoMoreThanTheLimitOfEach) {
  open_sale(10);
  const OrderId late = sell(7, 1, 3), early = sell(8, 1, 1), middle = sell(9, 1, 2);
  EXPECT_EQ(ship(at(900'000), at(900'000), 2).shipped, 2u);
  EXPECT_EQ(status(early), OrderStatus::shipped) << "who paid first comes first";
  EXPECT_EQ(status(middle), OrderStatus::shipped);
  EXPECT_EQ(status(late), OrderStatus::paid);
  EXPECT_EQ(ship(at(900'000), at(900'000), 2).shipped, 3u);
  EXPECT_EQ(status(early), OrderStatus::delivered);
  EXPECT_EQ(status(late), OrderStatus::shipped);
}

TEST_P(FulfilmentContract, ACancelOfTheSameRoundComesFirst) {
  open_sale(10);
  const OrderId order = sell(7, 2);
  Plan both = plan();
  both.moves.push_back(move_of(*find(order), OrderStatus::canceled));
  both.moves[0].refund = 2'000;
  both.shipping = order::AdvanceShipping{at(86'400), at(0), 10};
  EXPECT_EQ(commit(both).shipped, 0u);
  EXPECT_EQ(status(order), OrderStatus::canceled);
  expect_ledger(1, 0, 0);
}

TEST_P(FulfilmentContract, ACancelThatWasDecidedBeforeItShippedFindsItChanged) {
  open_sale(10);
  const OrderId order = sell(7, 2);
  Plan cancel = plan();
  cancel.moves.push_back(move_of(*find(order), OrderStatus::canceled));
  ship(at(86'400), at(0));
  EXPECT_EQ(commit(cancel).not_moved, std::vector<OrderId>{order});
  EXPECT_EQ(status(order), OrderStatus::shipped);
  expect_ledger(1, 2, 2);
}

TEST_P(FulfilmentContract, APartThatGoesBackIsAnItemOfItsOwn) {
  open_sale(10, 5);
  Plan sale = plan();
  const OrderId order = add_limited_order(sale, 7, 1, 3, 5).id;
  commit(sale);
  Plan payment = plan();
  payment.moves.push_back(payment_of(*find(order), 41));
  commit(payment);
  ship(at(1), at(0));
  ship(at(1), at(1));

  Plan request = plan();
  request.return_requests.push_back(request_of(order, 1, OrderItemId{77}));
  request.return_requests[0].key = "click";
  request.return_requests[0].body_hash = 4'711;
  EXPECT_TRUE(commit(request).not_moved.empty());
  const order::Order now = find(order)->order;
  ASSERT_EQ(now.items.size(), 2u);
  const auto part = std::ranges::find(now.items, OrderItemId{77}, &order::OrderItem::id);
  ASSERT_NE(part, now.items.end());
  EXPECT_EQ(part->quantity, 1);
  EXPECT_EQ(part->price, 1'000);
  EXPECT_EQ(part->status, order::ItemStatus::return_requested);
  EXPECT_TRUE(part->counted);
  const auto rest = std::ranges::find(now.items, order::ItemStatus::ordered, &order::OrderItem::status);
  ASSERT_NE(rest, now.items.end());
  EXPECT_EQ(rest->quantity, 2);
  expect_ledger(1, 3, 3);

  ASSERT_TRUE(return_row(OrderItemId{77}, "click").has_value());
  EXPECT_EQ(return_row(OrderItemId{77}, "click")->order.order.id, order);
  EXPECT_EQ(return_row(rest->id, "click")->kept->item, OrderItemId{77});
  EXPECT_EQ(return_row(rest->id, "click")->kept->body_hash, 4'711);
  EXPECT_FALSE(return_row(rest->id, "another")->kept.has_value());
  EXPECT_FALSE(return_row(rest->id)->kept.has_value());
  EXPECT_FALSE(return_row(OrderItemId{99}).has_value());
  const auto steps = run(reads->history(order));
  EXPECT_EQ(steps->back().item, OrderItemId{77});
  EXPECT_EQ(steps->back().from, "DELIVERED");
  EXPECT_EQ(steps->back().to, "RETURN_REQUESTED");
  EXPECT_EQ(steps->back().reason, "torn");
}

TEST_P(FulfilmentContract, ARequestHoldsOnlyForTheItemAsItWasRead) {
  open_sale(10);
  const OrderId order = sell_and_deliver(7, 3);
  Plan stale = plan();
  stale.return_requests.push_back(request_of(order, 3));
  Plan first = plan();
  first.return_requests.push_back(request_of(order, 1, OrderItemId{77}));
  commit(first);
  EXPECT_EQ(commit(stale).not_moved, std::vector<OrderId>{order});
  Units waiting = 0;
  const order::Order now = find(order)->order;
  for (const auto& item : now.items) {
    if (item.status == order::ItemStatus::return_requested) waiting += item.quantity;
  }
  EXPECT_EQ(waiting, 1);
}

TEST_P(FulfilmentContract, ARestockedUnitIsFreeAgainAndOwesItsMoneyOnce) {
  open_sale(10);
  const OrderId order = sell_and_deliver(7, 2);
  Plan request = plan();
  request.return_requests.push_back(request_of(order, 2));
  commit(request);
  const OrderItemId item = find(order)->order.items[0].id;
  Plan ours = plan(), theirs = plan();
  ours.return_completions.push_back(completion_of(order, item, true, 2'000));
  theirs.return_completions.push_back(completion_of(order, item, true, 2'000));
  const order::Committed committed = commit(ours);
  EXPECT_TRUE(committed.not_moved.empty());
  ASSERT_EQ(committed.ledgers.size(), 1u);
  EXPECT_EQ(committed.ledgers[0].available(), 10);
  EXPECT_EQ(commit(theirs).not_moved, std::vector<OrderId>{order});
  expect_ledger(1, 0, 0);
  EXPECT_EQ(ledger(1).total, 10);
  const auto owed = run(store->open_refunds(RefundId{}, 10));
  ASSERT_EQ(owed->size(), 1u);
  EXPECT_EQ(owed->front().amount, 2'000);
  EXPECT_EQ(owed->front().attempt, find(order)->paid_attempt);
  EXPECT_EQ(status(order), OrderStatus::delivered);
}

TEST_P(FulfilmentContract, WhatIsNotRestockedLeavesTheTotalWithALineInItsHistory) {
  open_sale(10);
  const OrderId first = sell_and_deliver(7, 2), second = sell_and_deliver(8, 3);
  Plan requests = plan();
  requests.return_requests.push_back(request_of(first, 2));
  requests.return_requests.push_back(request_of(second, 3));
  commit(requests);
  Plan done = plan();
  done.return_completions.push_back(completion_of(first, find(first)->order.items[0].id, false, 2'000));
  done.return_completions.push_back(completion_of(second, find(second)->order.items[0].id, true, 3'000));
  commit(done);
  expect_ledger(1, 0, 0);
  EXPECT_EQ(ledger(1).total, 8);
  const auto history = run(reads->stock_history(ProductId{1}, std::nullopt, 1));
  EXPECT_EQ(history->front().old_total, 10);
  EXPECT_EQ(history->front().new_total, 8);
  EXPECT_EQ(history->front().actor, UserId{9});
  EXPECT_EQ(run(store->open_refunds(RefundId{}, 10))->size(), 2u);
}

TEST_P(FulfilmentContract, TheItemsOfAnOrderOweARefundEach) {
  open_sale(10);
  const OrderId order = sell_and_deliver(7, 3);
  for (const std::int64_t part : {77, 78}) {
    Plan request = plan();
    request.return_requests.push_back(request_of(order, 1, OrderItemId{part}));
    commit(request);
    Plan done = plan();
    done.return_completions.push_back(completion_of(order, OrderItemId{part}, true, 1'000));
    commit(done);
  }
  EXPECT_EQ(run(store->open_refunds(RefundId{}, 10))->size(), 2u);
  expect_ledger(1, 1, 1);
}

TEST_P(FulfilmentContract, ALimitThatBeginsCountsWhatWasSentBack) {
  open_sale(10);
  const OrderId order = sell_and_deliver(7, 2);
  Plan request = plan();
  request.return_requests.push_back(request_of(order, 2));
  commit(request);
  Plan begin = plan();
  add_terms(begin, 1, 10, 5);
  begin.terms[0].starts_limit = true;
  commit(begin);
  EXPECT_EQ(limit_row(1, 7).units, 2);
}

INSTANTIATE_TEST_SUITE_P(Stores, FulfilmentContract,
                         ::testing::Values(sqlite_store(), memory_store(), mysql_store(), mysql_store(true)),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
