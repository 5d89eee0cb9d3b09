// What the order service offers beside placing: changes of the total, the end of an account, histories.
#include "order/service.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"
#include "order/test_books.hpp"
#include "support/order_world.hpp"

namespace buyme::order {
namespace {

using test::error_of;
using test::expect_books;
using test::OrderWorld;
using namespace std::chrono_literals;

TEST(Terms, ATotalIsChangedByADifferenceAndEveryChangeIsToldOf) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    const Time began = world.clock.now();
    (void)co_await shop.put_terms(world.terms(1, 5));
    (void)co_await shop.place(OrderWorld::buy(1, 1, 4));
    TermsUpdate change = world.terms(1, 0);
    change.total.reset();
    change.terms.version = 2;
    change.delta = 3;
    change.actor = UserId{9};
    change.reason = "found a box";
    (void)co_await shop.put_terms(change);
    (void)co_await shop.put_terms(change);  // a repeat adds nothing
    change.terms.version = 3;
    change.delta = -5;
    const auto below = co_await shop.put_terms(change);
    EXPECT_EQ(error_of(below), Error::illegal_state);
    change.delta = std::numeric_limits<Units>::max();
    const auto beyond = co_await shop.put_terms(change);
    EXPECT_EQ(error_of(beyond), Error::illegal_state);
    change.delta = 0;  // nothing about the total: no line in its history
    (void)co_await shop.put_terms(change);
    EXPECT_EQ((co_await shop.stock(ProductId{1}))->total, 8);

    const auto history = co_await shop.stock_history(ProductId{1}, std::nullopt, 10);
    EXPECT_TRUE(history->size() == 2);
    if (!(history->size() == 2)) co_return;
    EXPECT_EQ(history->front().old_total, 5);
    EXPECT_EQ(history->front().new_total, 8);
    EXPECT_EQ(history->front().actor, UserId{9});
    EXPECT_EQ(history->front().reason, "found a box");
    EXPECT_GE(history->front().at, began);
    const auto older = co_await shop.stock_history(ProductId{1}, history->front().id, 10);
    EXPECT_TRUE(older->size() == 1);
    if (!(older->size() == 1)) co_return;
    EXPECT_EQ(older->front().new_total, 5);
  });
}

TEST(AccountEnds, WhatIsUnpaidIsCanceledAndWhatIsPaidStays) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 9));
    const auto paid = co_await shop.place(OrderWorld::buy(1, 1));
    (void)co_await shop.settle_payment(paid->order.id, {AttemptId{1}, 1}, true);
    const auto pending = co_await shop.place(OrderWorld::buy(1, 1, 2));
    const auto entered = co_await shop.place(OrderWorld::buy(1, 1, 2));
    (void)co_await shop.enter_payment(entered->order.id, OrderWorld::buyer(1), true);
    const auto other = co_await shop.place(OrderWorld::buy(2, 1));
    (void)co_await shop.cancel_unpaid(UserId{1});
    const auto again = co_await shop.cancel_unpaid(UserId{1});
    EXPECT_TRUE(again.has_value());
    const auto status = [&](const Result<Placed>& order) -> Awaitable<OrderStatus> {
      const auto now = co_await shop.get(order->order.id, Caller::the_shop());
      co_return now->status;
    };
    EXPECT_EQ(co_await status(paid), OrderStatus::paid);
    EXPECT_EQ(co_await status(pending), OrderStatus::canceled);
    EXPECT_EQ(co_await status(entered), OrderStatus::canceled);
    EXPECT_EQ(co_await status(other), OrderStatus::pending);
    const auto late = co_await shop.settle_payment(entered->order.id, {AttemptId{2}, 1}, true);
    EXPECT_EQ(*late, PaymentSettlement::too_late);
  });
  expect_books(world, 9, 2, 1);
}

TEST(History, TellsWhoMovedAnOrderWhenAndWhy) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 9));
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1));
    const OrderId id = placed->order.id;
    (void)co_await shop.enter_payment(id, OrderWorld::buyer(1), false);
    world.clock.advance(5s);
    (void)co_await shop.cancel(id, OrderWorld::buyer(1));
    const auto steps = co_await shop.history(id, OrderWorld::buyer(1));
    EXPECT_TRUE(steps->size() == 2);
    if (!(steps->size() == 2)) co_return;
    EXPECT_EQ(steps->front().to, "PAYMENT_ENTERED");
    EXPECT_EQ(steps->back().from, "PAYMENT_ENTERED");
    EXPECT_EQ(steps->back().to, "CANCELED");
    EXPECT_EQ(steps->back().actor, UserId{1});
    EXPECT_EQ(steps->back().reason, "canceled by the buyer");
    EXPECT_GE(steps->back().at - steps->front().at, 5s);
    const auto strangers = co_await shop.history(id, OrderWorld::buyer(2));
    EXPECT_EQ(error_of(strangers), Error::not_found);
  });
}

// GET of a product's stock is open to anybody, in any number.
TEST(SeveralServers, WhoeverAsksForWhatIsNotThereTakesNoPlaceFromTheBuyers) {
  WriterSettings settings;
  settings.shares_store = true;
  OrderWorld world(settings);
  world.run([&](OrderService& shop) -> Awaitable<void> {
    const Executor executor = co_await asio::this_coro::executor;
    constexpr int askers = 50;
    int refused = 0;
    for (int i = 0; i < askers; ++i) {
      asio::co_spawn(executor, shop.stock(ProductId{999}), [&](std::exception_ptr, Result<StockLevel> level) {
        if (!level && level.error().error == Error::not_found) ++refused;
      });
    }
    const std::int64_t commands = world.writer->counters().commands;
    for (int tries = 0; tries < 1'000 && refused < askers; ++tries) {
      world.clock.advance(limits::new_product_pause);
      co_await world.breathe(1);
    }
    EXPECT_EQ(refused, askers);
    const std::int64_t taken = world.writer->counters().commands - commands;
    EXPECT_GE(taken, 1) << "nobody has looked";
    EXPECT_LE(taken, 3) << "one that began before the others came, and one behind them";
  });
}

}  // namespace
}  // namespace buyme::order
