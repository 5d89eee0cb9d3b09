// The saga, its errors and its sweeper.
#include "payment/test_shop.hpp"
#include "support/held_elsewhere.hpp"

namespace buyme::payment {
namespace {

using namespace test_shop;

TEST_F(PaymentServiceTest, APaymentChargesOnceAndClosesItsAttempt) {
  open();
  const auto receipt = pay();
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->order, OrderId{1});
  EXPECT_EQ(receipt->attempt, AttemptId{1});
  EXPECT_EQ(receipt->amount, price);
  EXPECT_EQ(orders.orders[OrderId{1}].paid_by, AttemptId{1});
  EXPECT_EQ(book("SELECT SUM(amount) FROM charges"), price);
  EXPECT_EQ(open_attempts(), 0);
  EXPECT_EQ(payment("SELECT state * 10 + settlement FROM payment_attempts"), 21);
  EXPECT_EQ(payment("SELECT COUNT(*) FROM refunds"), 0);

  EXPECT_EQ(pay().error().error, Error::illegal_state);
  EXPECT_EQ(book("SELECT COUNT(*) FROM charges"), 1);
}

TEST_F(PaymentServiceTest, TheOrderServiceHearsWhichRequestAPaymentIsFor) {
  open();
  const Trace trace{"click-1", "0af7651916cd43dd8448eb211c80319c", "01"};
  ASSERT_TRUE(test::run(shop->service.attempt_payment(OrderId{1}, buyer, trace)));
  ASSERT_EQ(orders.asked_for.size(), 2U) << "to enter the payment, and of its end";
  for (const Trace& heard : orders.asked_for) {
    EXPECT_EQ(heard.request_id(), trace.request_id());
    EXPECT_EQ(heard.id(), trace.id());
  }
}

TEST_F(PaymentServiceTest, ErrorsOfTheOrderServicePassThroughBeforeAnyCharge) {
  open();
  EXPECT_EQ(pay(OrderId{99}).error().error, Error::not_found);
  orders.orders[OrderId{1}].ended = true;
  const auto refused = pay();
  EXPECT_EQ(refused.error().error, Error::illegal_state);
  EXPECT_EQ(std::get<std::string>(refused.error().members.at(0).second), "EXPIRED");
  EXPECT_EQ(book("SELECT COUNT(*) FROM charges"), 0);
  EXPECT_EQ(payment("SELECT COUNT(*) FROM payment_attempts"), 0);
}

TEST_F(PaymentServiceTest, ADeclinedPaymentSaysWhatRemainsAndMayBeTriedAgain) {
  open(0);
  const auto declined = pay();
  ASSERT_EQ(declined.error().error, Error::payment_failed);
  const Failure failure = declined.error();
  const std::map<std::string, Failure::Member> members(failure.members.begin(), failure.members.end());
  EXPECT_NEAR(std::get<std::int64_t>(members.at("holdRemainingSeconds")), 59, 2);
  EXPECT_EQ(std::get<std::string>(members.at("holdExpiresAt")), format_time(orders.hold_expires_at));
  EXPECT_EQ(open_attempts(), 0);

  open(1);
  EXPECT_EQ(pay().value().attempt, AttemptId{2});
  EXPECT_EQ(payment("SELECT MAX(attempt_no) FROM payment_attempts"), 2);
}

TEST_F(PaymentServiceTest, TwoClicksAtOnceMakeOneAttempt) {
  open();
  shop->provider.charge_delay = 50ms;
  std::vector<Result<Receipt>> results;
  asio::io_context context;
  const auto click = [](PaymentService& service, std::vector<Result<Receipt>>& into) -> Awaitable<void> {
    auto result = co_await service.attempt_payment(OrderId{1}, buyer);
    into.push_back(std::move(result));
  };
  for (int i = 0; i < 5; ++i) asio::co_spawn(context, click(shop->service, results), asio::detached);
  context.run();
  ASSERT_EQ(results.size(), 5u);
  int paid = 0, in_progress = 0;
  for (const auto& result : results) {
    if (result) {
      ++paid;
    } else if (result.error().error == Error::payment_in_progress) {
      ++in_progress;
    }
  }
  EXPECT_EQ(paid, 1);
  EXPECT_EQ(in_progress, 4);
  EXPECT_EQ(payment("SELECT COUNT(*) FROM payment_attempts"), 1);
  EXPECT_EQ(book("SELECT COUNT(*) FROM charges"), 1);
}

// The second click has entered payment, then is slow; the first one pays and closes before the second claims.
TEST_F(PaymentServiceTest, AClickThatIsOvertakenByAWholePaymentChargesNothing) {
  open();
  const PaymentTicket ticket{OrderId{1}, buyer.user, price, orders.hold_expires_at};
  ASSERT_TRUE(pay().has_value());
  const auto claimed = test::run(shop->store->claim(ticket, clock.now()));
  ASSERT_FALSE(claimed.has_value());
  EXPECT_EQ(claimed.error().error, Error::illegal_state);
  EXPECT_EQ(book("SELECT COUNT(*) FROM charges"), 1);
}

TEST_F(PaymentServiceTest, ATimeOutIsUnknownUntilTheSweeperHasAskedAgain) {
  open(1, 30ms);
  shop->provider.charge_delay = 300ms;
  const auto unknown = pay();
  ASSERT_EQ(unknown.error().error, Error::outcome_unknown);
  EXPECT_GT(unknown.error().retry_after.count(), 0);
  EXPECT_EQ(payment("SELECT state FROM payment_attempts"), 4);
  EXPECT_EQ(pay().error().error, Error::payment_in_progress);  // no new attempt while one is open

  open(1);  // whose provider has all the time it needs
  sweep(Sweep::overdue);
  EXPECT_EQ(orders.orders[OrderId{1}].paid_by, AttemptId{1});
  EXPECT_EQ(open_attempts(), 0);
  EXPECT_EQ(book("SELECT COUNT(*) FROM charges"), 1);
}

TEST_F(PaymentServiceTest, ALostConnectionToTheProviderIsUnknownToo) {
  open();
  shop->provider.break_charges = true;
  EXPECT_EQ(pay().error().error, Error::outcome_unknown);
  EXPECT_EQ(payment("SELECT state FROM payment_attempts"), 4);
  sweep(Sweep::overdue);
  EXPECT_EQ(open_attempts(), 1);
  shop->provider.break_charges = false;
  sweep(Sweep::overdue);
  EXPECT_EQ(open_attempts(), 0);
  EXPECT_EQ(charged(), 1);
}

TEST_F(PaymentServiceTest, AnOrderServiceThatCannotBeToldIsToldLater) {
  open();
  orders.settle_fails = Failure(Error::overloaded, "busy");
  EXPECT_EQ(pay().error().error, Error::outcome_unknown);
  EXPECT_EQ(payment("SELECT state FROM payment_attempts"), 2);
  orders.settle_fails.reset();
  sweep(Sweep::overdue);  // the request may still be at it
  EXPECT_EQ(open_attempts(), 1);
  clock.shift = limits::payment_sweep_margin + 100ms;
  sweep(Sweep::overdue);
  EXPECT_EQ(open_attempts(), 0);
  EXPECT_EQ(shop->provider.charges, 1);
  EXPECT_EQ(orders.orders[OrderId{1}].paid_by, AttemptId{1});
}

TEST_F(PaymentServiceTest, TheSweeperLeavesLiveRequestsAlone) {
  open(1, 10s);
  const PaymentTicket ticket{OrderId{1}, buyer.user, price, orders.hold_expires_at};
  ASSERT_TRUE(test::run(shop->store->claim(ticket, clock.now())).has_value());
  sweep(Sweep::overdue);
  EXPECT_EQ(shop->provider.charges, 0);
  clock.shift = 13s;
  sweep(Sweep::overdue);
  EXPECT_EQ(shop->provider.charges, 1);
  EXPECT_EQ(open_attempts(), 0);
}

TEST_F(PaymentServiceTest, MoreOpenAttemptsThanOneChunkAreAllTakenUp) {
  open();
  const auto claim_all = [](PaymentStore& store, FakeOrders& into, Time now) -> Awaitable<void> {
    for (int i = 1; i <= 250; ++i) {
      into.orders[OrderId{i}];
      const PaymentTicket ticket{OrderId{i}, buyer.user, price, now};
      (void)co_await store.claim(ticket, now);
    }
  };
  test::run(claim_all(*shop->store, orders, clock.now()));
  test::HeldElsewhere lease;
  test::run(shop->service.sweep(Sweep::all, lease));
  EXPECT_EQ(open_attempts(), 250) << "another server does it";
  sweep();
  EXPECT_EQ(open_attempts(), 0);
  EXPECT_EQ(charged(), 250);
}

TEST_F(PaymentServiceTest, AChargeThatCameTooLateIsGivenBackOnce) {
  open(1, 30ms);
  shop->provider.charge_delay = 200ms;
  EXPECT_EQ(pay().error().error, Error::outcome_unknown);
  orders.orders[OrderId{1}].ended = true;
  shop->provider.charge_delay = 0ms;
  sweep();
  sweep();
  EXPECT_EQ(payment("SELECT COUNT(*) FROM refunds WHERE refund_key = 'late:1' AND state = 2"), 1);
  EXPECT_EQ(book("SELECT COUNT(*) FROM refunds"), 1);
  EXPECT_EQ(book("SELECT SUM(amount) FROM refunds"), price);
  EXPECT_EQ(open_attempts(), 0);
}

TEST_F(PaymentServiceTest, TheBuyerIsToldThatALateChargeIsGivenBack) {
  open();
  shop->provider.charge_delay = 50ms;
  asio::io_context context;
  std::optional<Result<Receipt>> result;
  const auto click = [](PaymentService& service, std::optional<Result<Receipt>>& into) -> Awaitable<void> {
    auto receipt = co_await service.attempt_payment(OrderId{1}, buyer);
    into.emplace(std::move(receipt));
  };
  asio::co_spawn(context, click(shop->service, result), asio::detached);
  while (shop->provider.charges == 0) context.run_one();
  orders.orders[OrderId{1}].ended = true;  // canceled while the card was checked
  context.run();
  EXPECT_EQ(result->error().error, Error::payment_refunded);
  EXPECT_EQ(payment("SELECT COUNT(*) FROM refunds WHERE state = 1"), 1);
}

TEST_F(PaymentServiceTest, ARefundThatFailsIsTriedAgainLater) {
  open();
  const auto receipt = pay();
  const RefundRequest refund{RefundId{1}, OrderId{1}, receipt->attempt, price};
  ASSERT_TRUE(test::run(shop->service.take_refund(refund)).has_value());
  shop->provider.refunds_to_fail = 1;
  sweep();
  EXPECT_EQ(payment("SELECT state FROM refunds"), 3);
  sweep();  // not due yet
  EXPECT_EQ(shop->provider.refunds, 1);
  clock.shift = 3s;
  sweep();
  EXPECT_EQ(payment("SELECT state FROM refunds"), 2);
  EXPECT_EQ(payment("SELECT tries FROM refunds"), 2);
  EXPECT_EQ(book("SELECT SUM(amount) FROM refunds"), price);
}

TEST_F(PaymentServiceTest, ARefundIsTakenOnceHoweverOftenItIsDelivered) {
  open();
  const auto receipt = pay();
  const RefundRequest refund{RefundId{5}, OrderId{1}, receipt->attempt, price};
  EXPECT_TRUE(test::run(shop->service.take_refund(refund)).has_value());
  EXPECT_TRUE(test::run(shop->service.take_refund(refund)).has_value());
  EXPECT_EQ(payment("SELECT COUNT(*) FROM refunds"), 1);
  sweep();
  EXPECT_TRUE(test::run(shop->service.take_refund(refund)).has_value());
  sweep();
  EXPECT_EQ(book("SELECT COUNT(*) FROM refunds"), 1);
}

TEST_F(PaymentServiceTest, RefundsTogetherNeverExceedTheCharge) {
  open();
  const auto receipt = pay();
  const auto take = [&](std::int64_t id, AttemptId attempt, Money amount) {
    const RefundRequest refund{RefundId{id}, OrderId{1}, attempt, amount};
    return test::run(shop->service.take_refund(refund));
  };
  EXPECT_TRUE(take(1, receipt->attempt, price - 1).has_value());
  EXPECT_EQ(take(2, receipt->attempt, 2).error().error, Error::illegal_state);
  EXPECT_TRUE(take(3, receipt->attempt, 1).has_value());
  EXPECT_EQ(take(4, AttemptId{44}, 1).error().error, Error::not_found);
  // The provider keeps the same rule by itself.
  const ChargeRefund beyond{"beyond", receipt->attempt, price + 1};
  EXPECT_EQ(test::run(shop->simulated->refund(beyond)).error().error, Error::illegal_state);
}

TEST_F(PaymentServiceTest, TheProviderGivesTheSameAnswerToTheSameKey) {
  open(0.5);
  std::map<int, ChargeOutcome> first;
  const auto ask = [&](int key) {
    const ChargeRequest request{AttemptId{key}, OrderId{key}, price};
    return test::run(shop->simulated->charge(request)).value();
  };
  int succeeded = 0;
  for (int key = 1; key <= 60; ++key) {
    first[key] = ask(key);
    succeeded += first[key] == ChargeOutcome::succeeded;
  }
  EXPECT_GT(succeeded, 15);
  EXPECT_LT(succeeded, 45);
  open(0);  // what is booked stays, whatever the settings are now
  for (int key = 1; key <= 60; ++key) EXPECT_EQ(ask(key), first[key]) << key;
  EXPECT_EQ(book("SELECT COUNT(*) FROM charges"), 60);
  const ChargeRequest other{AttemptId{1}, OrderId{1}, price + 1};
  EXPECT_EQ(test::run(shop->simulated->charge(other)).error().error, Error::idempotency_mismatch);
}

}  // namespace
}  // namespace buyme::payment
