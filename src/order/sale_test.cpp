// A sale from its opening to what is paid, canceled or lapsed, below HTTP: terms, holds, payment, restart.
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

TEST(SaleWindow, OpensClosesAndComesBeforeSoldOut) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 1);
    wanted.terms.opens_at = world.clock.now() + 60s;
    wanted.terms.closes_at = world.clock.now() + 120s;
    (void)co_await shop.put_terms(wanted);
    const auto early = co_await shop.place(OrderWorld::buy(1, 1));
    EXPECT_EQ(error_of(early), Error::sale_not_open);
    world.clock.advance(61s);
    const auto open = co_await shop.place(OrderWorld::buy(1, 1));
    EXPECT_TRUE(open.has_value());
    co_await world.breathe();
    const auto sold_out = co_await shop.place(OrderWorld::buy(2, 1));
    EXPECT_EQ(error_of(sold_out), Error::sold_out);
    world.clock.advance(60s);
    const auto late = co_await shop.place(OrderWorld::buy(3, 1));
    EXPECT_EQ(error_of(late), Error::sale_closed) << "the flag must not hide that the sale is over";
  });
}

TEST(Terms, ATotalNeverFallsBelowWhatIsCommittedAndOldVersionsChangeNothing) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, 5);
    (void)co_await shop.put_terms(wanted);
    (void)co_await shop.place(OrderWorld::buy(1, 1, 4));
    wanted.terms.version = 2;
    wanted.total = 3;
    const auto below = co_await shop.put_terms(wanted);
    EXPECT_EQ(error_of(below), Error::illegal_state);
    wanted.total = 4;
    const auto exact = co_await shop.put_terms(wanted);
    EXPECT_TRUE(exact.has_value());
    wanted.terms.version = 1;
    wanted.total = 100;
    const auto stale = co_await shop.put_terms(wanted);
    EXPECT_TRUE(stale.has_value());
    const auto stock = co_await shop.stock(ProductId{1});
    EXPECT_EQ(stock->total, 4);
  });
}

TEST(Expiry, AHoldThatLapsesGivesItsUnitBackWithoutTraffic) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 700));
    asio::co_spawn(co_await asio::this_coro::executor, shop.run_expiry(), asio::detached);
    std::vector<PlaceRequest> requests;
    for (int user = 1; user <= 700; ++user) requests.push_back(OrderWorld::buy(user, 1));
    (void)co_await world.place_together(std::move(requests));
    world.clock.advance(599s);
    co_await world.breathe();
    const auto before = co_await shop.stock(ProductId{1});
    EXPECT_EQ(before->held, 700);
    world.clock.advance(2s);
    for (int i = 0; i < 200 && (co_await shop.stock(ProductId{1}))->held > 0; ++i) co_await world.breathe(10);
    const auto after = co_await shop.stock(ProductId{1});
    EXPECT_EQ(after->available(), 700);
  });
  expect_books(world, 700, 0, 0);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM orders WHERE status=8"), 700);
}

TEST(Payment, TheFirstAttemptExtendsTheHoldOnceAndAPaidOrderStays) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1));
    const OrderId id = placed->order.id;
    const auto entered = co_await shop.enter_payment(id, OrderWorld::buyer(1), false);
    EXPECT_EQ(entered->hold_expires_at, placed->order.hold_expires_at);
    const auto first = co_await shop.enter_payment(id, OrderWorld::buyer(1), true);
    EXPECT_EQ(first->hold_expires_at, placed->order.hold_expires_at + 60s);
    const auto failed = co_await shop.settle_payment(id, {AttemptId{1}, 1}, false);
    EXPECT_EQ(*failed, PaymentSettlement::failed);
    const auto second = co_await shop.enter_payment(id, OrderWorld::buyer(1), true);
    EXPECT_EQ(second->hold_expires_at, first->hold_expires_at);
    const auto stale =
        co_await shop.settle_payment(id, {AttemptId{1}, 1}, false);  // told again, by a sweeper
    EXPECT_EQ(*stale, PaymentSettlement::failed);
    EXPECT_EQ(world.query("SELECT status FROM orders"), 2) << "an old failure must not end a new attempt";
    const auto paid = co_await shop.settle_payment(id, {AttemptId{2}, 2}, true);
    EXPECT_EQ(*paid, PaymentSettlement::paid);
    const auto again = co_await shop.settle_payment(id, {AttemptId{2}, 2}, true);
    EXPECT_EQ(*again, PaymentSettlement::paid);
    const auto other = co_await shop.settle_payment(id, {AttemptId{3}, 3}, true);
    EXPECT_EQ(*other, PaymentSettlement::too_late);
  });
  expect_books(world, 1, 1, 1);
}

TEST(Payment, ASuccessAfterTheHoldLapsedIsTooLate) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1));
    (void)co_await shop.enter_payment(placed->order.id, OrderWorld::buyer(1), true);
    world.clock.advance(661s);
    const auto entered = co_await shop.enter_payment(placed->order.id, OrderWorld::buyer(1), true);
    EXPECT_EQ(error_of(entered), Error::illegal_state);
    const auto late = co_await shop.settle_payment(placed->order.id, {AttemptId{1}, 1}, true);
    EXPECT_EQ(*late, PaymentSettlement::too_late);
  });
  expect_books(world, 1, 0, 0);
}

TEST(Payment, CancelingAPaidOrderOwesItsRefundInTheSameTransaction) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1));
    (void)co_await shop.settle_payment(placed->order.id, {AttemptId{5}, 1}, true);
    (void)co_await shop.cancel(placed->order.id, OrderWorld::buyer(1));
    const auto again = co_await shop.cancel(placed->order.id, OrderWorld::buyer(1));
    EXPECT_TRUE(again.has_value()) << "the same cause twice is success";
  });
  expect_books(world, 1, 0, 0);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM refund_outbox WHERE attempt_id=5 AND amount=1000"), 1);
}

TEST(Access, SomebodyElsesOrderIsNotFound) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 1));
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1));
    const OrderId id = placed->order.id;
    EXPECT_EQ(error_of(co_await shop.get(id, OrderWorld::buyer(2))), Error::not_found);
    EXPECT_EQ(error_of(co_await shop.cancel(id, OrderWorld::buyer(2))), Error::not_found);
    EXPECT_EQ(error_of(co_await shop.enter_payment(id, OrderWorld::buyer(2), true)), Error::not_found);
    EXPECT_EQ(error_of(co_await shop.enter_payment(id, Caller{}, true)), Error::not_found);
    const auto list = co_await shop.list(OrderWorld::buyer(2), {.user = UserId{1}, .limit = 10});
    EXPECT_TRUE(list->orders.empty());
  });
  expect_books(world, 1, 1, 0);
}

TEST(Restart, OrdersLedgerAndKeysSurvive) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 2));
    (void)co_await shop.place(OrderWorld::buy(1, 1, 1, "key"));
  });
  world.start();  // a second writer over the same file, as after a crash
  world.run([&](OrderService& shop) -> Awaitable<void> {
    const auto repeat = co_await shop.place(OrderWorld::buy(1, 1, 1, "key"));
    EXPECT_TRUE(repeat.has_value() && repeat->replayed);
    const auto next = co_await shop.place(OrderWorld::buy(2, 1));
    EXPECT_TRUE(next.has_value());
    EXPECT_GT(next->order.id, repeat->order.id);
    const auto none = co_await shop.place(OrderWorld::buy(3, 1));
    EXPECT_EQ(error_of(none), Error::sold_out);
  });
  expect_books(world, 2, 2, 0);
}

TEST(Overflow, AnAmountThatDoesNotFitIsRefused) {
  OrderWorld world;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate wanted = world.terms(1, limits::max_total_units);
    wanted.terms.price = limits::max_price;
    (void)co_await shop.put_terms(wanted);
    const auto result = co_await shop.place(OrderWorld::buy(1, 1, limits::max_line_units));
    EXPECT_EQ(error_of(result), Error::invalid);
  });
  expect_books(world, limits::max_total_units, 0, 0);
}

}  // namespace
}  // namespace buyme::order
