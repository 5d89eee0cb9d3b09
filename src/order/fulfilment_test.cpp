// What happens to an order that is paid: shipping, delivery, returns.
#include <gtest/gtest.h>

#include "core/calendar.hpp"
#include "core/limits.hpp"
#include "order/test_books.hpp"
#include "support/order_world.hpp"

namespace buyme::order {
namespace {

using test::error_of;
using test::expect_books;
using test::OrderWorld;
using namespace std::chrono_literals;

// Days of UTC.
class PlainCalendar final : public Calendar {
 public:
  Time start_of_day(Time at, int days) const override {
    return std::chrono::floor<std::chrono::days>(at) - std::chrono::days{days};
  }
};
const PlainCalendar calendar;

std::string member_of(const auto& result, std::string_view name) {
  if (result.has_value()) return "";
  for (const auto& [member, value] : result.error().members) {
    if (member == name) return std::get<std::string>(value);
  }
  return "";
}

class Fulfilment : public testing::Test {
 protected:
  // An order of `quantity` units of product 1 by user 1, paid now.
  Awaitable<Order> buy_and_pay(OrderService& shop, Units quantity) {
    const auto placed = co_await shop.place(OrderWorld::buy(1, 1, quantity));
    (void)co_await shop.settle_payment(placed->order.id, {AttemptId{++attempts_}, 1}, true);
    const auto paid = co_await shop.get(placed->order.id, Caller::the_shop());
    co_return *paid;
  }
  Awaitable<Order> buy_and_receive(OrderService& shop, Units quantity) {
    const Order paid = co_await buy_and_pay(shop, quantity);
    (void)co_await shop.advance_shipping(calendar, *paid.paid_at + 48h);
    const auto delivered = co_await shop.get(paid.id, Caller::the_shop());
    co_return *delivered;
  }
  static Awaitable<OrderStatus> status_of(OrderService& shop, OrderId order) {
    const auto found = co_await shop.get(order, Caller::the_shop());
    co_return found->status;
  }
  // A braced temporary in a co_await expression would be destroyed twice by g++ 12.
  static ReturnOrder want(OrderItemId item, std::optional<Units> quantity, std::string reason,
                          std::string key) {
    return {item, quantity, std::move(reason), std::move(key)};
  }
  static Caller admin() { return {UserId{9}, Role::admin, true, false}; }

  OrderWorld world;
  std::int64_t attempts_ = 0;
};

TEST_F(Fulfilment, AnOrderIsShippedTheDayAfterItWasPaidAndDeliveredTheDayAfterThat) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    const Order order = co_await buy_and_pay(shop, 1);
    const auto unpaid = co_await shop.place(OrderWorld::buy(2, 1));
    const Time day = calendar.start_of_day(*order.paid_at, 0);
    const auto same_day = co_await shop.advance_shipping(calendar, day + 24h - 1ms);
    EXPECT_EQ(*same_day, 0);
    const auto next_day = co_await shop.advance_shipping(calendar, day + 24h);
    EXPECT_EQ(*next_day, 1);
    EXPECT_EQ(co_await status_of(shop, order.id), OrderStatus::shipped);
    const auto again = co_await shop.advance_shipping(calendar, day + 48h - 1ms);
    EXPECT_EQ(*again, 0);
    const auto third_day = co_await shop.advance_shipping(calendar, day + 48h);
    EXPECT_EQ(*third_day, 1);
    EXPECT_EQ(co_await status_of(shop, order.id), OrderStatus::delivered);
    EXPECT_EQ(co_await status_of(shop, unpaid->order.id), OrderStatus::pending);

    const auto steps = co_await shop.history(order.id, OrderWorld::buyer(1));
    EXPECT_EQ(steps->size(), 3u);
    EXPECT_EQ(steps->back().from, "SHIPPED");
    EXPECT_EQ(steps->back().to, "DELIVERED");
    EXPECT_EQ(steps->back().actor, UserId{});
  });
  expect_books(world, 5, 2, 1);
}

TEST_F(Fulfilment, AfterDaysWithoutTheJobAllIsCaughtUpInChunks) {
  const auto orders = static_cast<std::int64_t>(limits::shipping_chunk) * 2 + 100;
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, orders));
    std::vector<PlaceRequest> requests;
    for (std::int64_t user = 1; user <= orders; ++user) requests.push_back(OrderWorld::buy(user, 1));
    const auto placed = co_await world.place_together(std::move(requests));
    world.execute("UPDATE orders SET status=4, paid_at=placed_at; UPDATE stock_ledger SET sold=committed");
    const auto moved = co_await shop.advance_shipping(calendar, placed[0]->order.placed_at + 240h);
    EXPECT_EQ(*moved, orders * 2);
  });
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM orders WHERE status=6"), orders);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM order_history WHERE to_status=5"), orders);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM order_history WHERE to_status=6"), orders);
}

TEST_F(Fulfilment, WhatIsShippedCannotBeCanceled) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    const Order order = co_await buy_and_pay(shop, 1);
    (void)co_await shop.advance_shipping(calendar, *order.paid_at + 24h);
    const auto canceled = co_await shop.cancel(order.id, OrderWorld::buyer(1));
    EXPECT_EQ(error_of(canceled), Error::illegal_state);
    EXPECT_EQ(member_of(canceled, "state"), "SHIPPED");
    EXPECT_EQ(member_of(canceled, "wantedState"), "CANCELED");
    const auto returned =
        co_await shop.request_return(want(order.items[0].id, std::nullopt, "", ""), OrderWorld::buyer(1));
    EXPECT_EQ(error_of(returned), Error::illegal_state);
    EXPECT_EQ(member_of(returned, "state"), "SHIPPED");
    EXPECT_EQ(member_of(returned, "wantedState"), "RETURN_REQUESTED");
  });
  expect_books(world, 5, 1, 1);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM refund_outbox"), 0);
}

TEST_F(Fulfilment, ARestockedReturnIsFreeAgainAndOwesItsMoneyOnce) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 2));
    const Order order = co_await buy_and_receive(shop, 2);
    const OrderItemId item = order.items[0].id;
    const auto early = co_await shop.complete_return(item, admin(), true);
    EXPECT_EQ(member_of(early, "state"), "DELIVERED");
    const auto wanted =
        co_await shop.request_return(want(item, std::nullopt, "too small", ""), OrderWorld::buyer(1));
    EXPECT_EQ(wanted->item, item);
    EXPECT_EQ(wanted->order.items[0].status, ItemStatus::return_requested);
    const auto repeat =
        co_await shop.request_return(want(item, std::nullopt, "too small", ""), OrderWorld::buyer(1));
    EXPECT_TRUE(repeat.has_value()) << "the same cause twice is success";
    const auto done = co_await shop.complete_return(item, admin(), true);
    EXPECT_EQ(done->order.items[0].status, ItemStatus::returned);
    const auto again = co_await shop.complete_return(item, admin(), false);
    EXPECT_TRUE(again.has_value());
    const auto late = co_await shop.request_return(want(item, std::nullopt, "", ""), OrderWorld::buyer(1));
    EXPECT_EQ(member_of(late, "state"), "RETURNED");
    EXPECT_EQ(co_await status_of(shop, order.id), OrderStatus::delivered);
    const auto next = co_await shop.place(OrderWorld::buy(2, 1, 2));
    EXPECT_TRUE(next.has_value()) << "its units are sold again";
  });
  expect_books(world, 2, 2, 0);
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM refund_outbox"), 1);
  EXPECT_EQ(world.query("SELECT amount FROM refund_outbox WHERE attempt_id=1"), 2'000);
}

TEST_F(Fulfilment, AReturnThatIsNotRestockedLeavesTheTotal) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    const Order order = co_await buy_and_receive(shop, 3);
    const auto part =
        co_await shop.request_return(want(order.items[0].id, 1, "torn", ""), OrderWorld::buyer(1));
    EXPECT_NE(part->item, order.items[0].id) << "a part is an item of its own";
    EXPECT_EQ(part->order.items[0].quantity, 2);
    const auto others = co_await shop.complete_return(order.items[0].id, admin(), false);
    EXPECT_EQ(error_of(others), Error::illegal_state) << "the rest stays with the buyer";
    (void)co_await shop.complete_return(part->item, admin(), false);
    const auto history = co_await shop.stock_history(ProductId{1}, std::nullopt, 10);
    EXPECT_EQ(history->front().old_total, 5);
    EXPECT_EQ(history->front().new_total, 4);
    EXPECT_EQ(history->front().actor, UserId{9});
    const auto level = co_await shop.stock(ProductId{1});
    EXPECT_EQ(level->total, 4);
    EXPECT_EQ(level->sold, 2);
    EXPECT_EQ(level->available(), 2);

    const auto steps = co_await shop.history(order.id, OrderWorld::buyer(1));
    EXPECT_EQ(steps->back().item, part->item);
    EXPECT_EQ(steps->back().to, "RETURNED");
    EXPECT_EQ((*steps)[steps->size() - 2].from, "DELIVERED");
    EXPECT_EQ((*steps)[steps->size() - 2].reason, "torn");
  });
  expect_books(world, 4, 2, 2);
  EXPECT_EQ(world.query("SELECT amount FROM refund_outbox"), 1'000);
}

TEST_F(Fulfilment, AKeyMakesOneReturnHoweverOftenItIsSent) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    const Order order = co_await buy_and_receive(shop, 4);
    const OrderItemId item = order.items[0].id;
    const auto first = co_await shop.request_return(want(item, 1, "", "click"), OrderWorld::buyer(1));
    EXPECT_FALSE(first->replayed);
    const auto repeat = co_await shop.request_return(want(item, 1, "", "click"), OrderWorld::buyer(1));
    EXPECT_TRUE(repeat->replayed);
    EXPECT_EQ(repeat->item, first->item);
    const auto misuse = co_await shop.request_return(want(item, 2, "", "click"), OrderWorld::buyer(1));
    EXPECT_EQ(error_of(misuse), Error::idempotency_mismatch);
    const auto another = co_await shop.request_return(want(item, 1, "", "click 2"), OrderWorld::buyer(1));
    EXPECT_NE(another->item, first->item);
    const auto too_many = co_await shop.request_return(want(item, 3, "", ""), OrderWorld::buyer(1));
    EXPECT_EQ(error_of(too_many), Error::invalid);
    EXPECT_EQ(too_many.error().fields.at(0).field, "quantity");
    (void)co_await shop.complete_return(first->item, admin(), false);
    const auto after = co_await shop.request_return(want(item, 1, "", "click"), OrderWorld::buyer(1));
    EXPECT_TRUE(after->replayed) << "a repeat is answered with the item as it is";
  });
  EXPECT_EQ(world.query("SELECT COUNT(*) FROM item_returns"), 2);
  EXPECT_EQ(world.query("SELECT quantity FROM order_items ORDER BY order_item_id LIMIT 1"), 2);
}

TEST_F(Fulfilment, RequestsAtTheSameMomentAreDecidedOneAfterTheOther) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    const Order order = co_await buy_and_receive(shop, 3);
    const auto executor = co_await asio::this_coro::executor;
    int taken = 0, refused = 0, open = 5;
    Event all(executor);
    for (int i = 0; i < 5; ++i) {
      asio::co_spawn(executor, shop.request_return(want(order.items[0].id, 1, "", ""), OrderWorld::buyer(1)),
                     [&](std::exception_ptr, const Result<Returned>& result) {
                       (result.has_value() ? taken : refused) += 1;
                       if (--open == 0) all.raise();
                     });
    }
    co_await all.wait();
    EXPECT_EQ(taken, 5) << "the third takes what is left, and repeats of that are success";
    EXPECT_EQ(refused, 0);
  });
  EXPECT_EQ(world.query("SELECT SUM(quantity) FROM order_items"), 3);
  EXPECT_EQ(world.query("SELECT SUM(quantity) FROM order_items WHERE status=3"), 3);
}

TEST_F(Fulfilment, SomebodyElsesItemIsNotFound) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    (void)co_await shop.put_terms(world.terms(1, 5));
    const Order order = co_await buy_and_receive(shop, 1);
    const OrderItemId item = order.items[0].id;
    const auto strangers = co_await shop.request_return(want(item, {}, "", ""), OrderWorld::buyer(2));
    EXPECT_EQ(error_of(strangers), Error::not_found);
    const auto admins = co_await shop.request_return(want(item, {}, "", ""), admin());
    EXPECT_EQ(error_of(admins), Error::not_found);
    const OrderItemId none{99};
    const auto nobodys = co_await shop.request_return(want(none, {}, "", ""), OrderWorld::buyer(1));
    EXPECT_EQ(error_of(nobodys), Error::not_found);
    const auto by_buyer = co_await shop.complete_return(item, OrderWorld::buyer(1), true);
    EXPECT_EQ(error_of(by_buyer), Error::not_found);
    const auto of_nothing = co_await shop.complete_return(none, admin(), true);
    EXPECT_EQ(error_of(of_nothing), Error::not_found);
  });
}

TEST_F(Fulfilment, AReturnDoesNotFreeTheLimit) {
  world.run([&](OrderService& shop) -> Awaitable<void> {
    TermsUpdate limited = world.terms(1, 5);
    limited.terms.per_user_limit = 1;
    (void)co_await shop.put_terms(limited);
    const Order order = co_await buy_and_receive(shop, 1);
    (void)co_await shop.request_return(want(order.items[0].id, std::nullopt, "", ""), OrderWorld::buyer(1));
    (void)co_await shop.complete_return(order.items[0].id, admin(), true);
    const auto more = co_await shop.place(OrderWorld::buy(1, 1));
    EXPECT_EQ(error_of(more), Error::limit_exceeded);
  });
}

}  // namespace
}  // namespace buyme::order
