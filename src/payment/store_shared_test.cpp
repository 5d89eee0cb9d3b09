// Payments that two servers drive at once: two stores over one database.
#include <gtest/gtest.h>

#include <future>
#include <latch>

#include "payment/provider.hpp"
#include "payment/store.hpp"
#include "support/run.hpp"
#include "support/test_database.hpp"

namespace buyme::payment {
namespace {

using order::PaymentSettlement;

constexpr int rounds = 12;
constexpr Time now{Milliseconds{1'800'000'000'000}};

// Both at the same moment.
template <class First, class Second>
auto together(First first, Second second) {
  std::latch start(2);
  auto other = std::async(std::launch::async, [&] {
    start.arrive_and_wait();
    return second();
  });
  start.arrive_and_wait();
  auto mine = first();
  return std::pair(std::move(mine), other.get());
}

Result<Attempt> claim(PaymentStore& store, std::int64_t order) {
  return test::run(store.claim({OrderId{order}, UserId{7}, 1'000, now}, now));
}
Attempt charged(PaymentStore& store, std::int64_t order) {
  const Attempt attempt = claim(store, order).value();
  return test::run(store.record(attempt.id, AttemptState::succeeded, now)).value();
}

class TwoPaymentServers : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  Result<void> refund(PaymentStore& store, std::int64_t id, const Attempt& attempt, Money amount) {
    return test::run(store.add_refund({RefundId{id}, attempt.order, attempt.id, amount}, now));
  }

  test::TestDatabase place{GetParam()};
  std::unique_ptr<PaymentStore> one = make_sql_payment_store(place.address(), make_null_log());
  std::unique_ptr<PaymentStore> two = make_sql_payment_store(place.address(), make_null_log());
};

INSTANTIATE_TEST_SUITE_P(Databases, TwoPaymentServers, test::both_databases(), test::kind_name);

TEST_P(TwoPaymentServers, TwoClaimsOfOneOrderMakeOneAttempt) {
  for (std::int64_t order = 1; order <= rounds; ++order) {
    const auto [a, b] = together([&] { return claim(*one, order); }, [&] { return claim(*two, order); });
    ASSERT_NE(a.has_value(), b.has_value());
    EXPECT_EQ((a ? b : a).error().error, Error::payment_in_progress);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM payment_attempts"), rounds);
}

// The claim that comes while the order is being paid elsewhere is refused, as under way or as settled.
TEST_P(TwoPaymentServers, AnOrderThatIsPaidMeanwhileTakesNoOtherClaim) {
  for (std::int64_t order = 1; order <= 3 * rounds; ++order) {
    const Attempt attempt = charged(*one, order);
    const auto [closed, claimed] =
        together([&] { return test::run(one->close(attempt.id, PaymentSettlement::paid, now)); },
                 [&] { return claim(*two, order); });
    ASSERT_TRUE(closed);
    ASSERT_FALSE(claimed);
    EXPECT_TRUE(claimed.error().error == Error::payment_in_progress ||
                claimed.error().error == Error::illegal_state);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM payment_attempts WHERE open_order_id IS NOT NULL"), 0);
}

TEST_P(TwoPaymentServers, RefundsAtOnceDoNotExceedTheCharge) {
  for (std::int64_t order = 1; order <= rounds; ++order) {
    const Attempt attempt = charged(*one, order);
    const auto [a, b] = together([&] { return refund(*one, 10 * order, attempt, 600); },
                                 [&] { return refund(*two, 10 * order + 1, attempt, 600); });
    ASSERT_NE(a.has_value(), b.has_value());
    EXPECT_EQ((a ? b : a).error().error, Error::illegal_state);
  }
}

TEST_P(TwoPaymentServers, OneRefundThatIsAskedForTwiceIsOne) {
  for (std::int64_t order = 1; order <= rounds; ++order) {
    const Attempt attempt = charged(*one, order);
    const auto [a, b] = together([&] { return refund(*one, order, attempt, 600); },
                                 [&] { return refund(*two, order, attempt, 600); });
    EXPECT_TRUE(a && b);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM refunds"), rounds);
}

TEST_P(TwoPaymentServers, AnAttemptThatBothDriveHasOneEnd) {
  for (std::int64_t order = 1; order <= rounds; ++order) {
    const Attempt attempt = claim(*one, order).value();
    const auto [a, b] =
        together([&] { return test::run(one->record(attempt.id, AttemptState::succeeded, now)); },
                 [&] { return test::run(two->record(attempt.id, AttemptState::failed, now)); });
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->state, b->state);
    const auto [closed, closed_too] =
        together([&] { return test::run(one->close(attempt.id, PaymentSettlement::too_late, now)); },
                 [&] { return test::run(two->close(attempt.id, PaymentSettlement::too_late, now)); });
    EXPECT_TRUE(closed && closed_too);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM refunds"),
            place.integer("SELECT COUNT(*) FROM payment_attempts WHERE state = 2"));
}

TEST_P(TwoPaymentServers, TheBankBooksOneChargePerKey) {
  const test::TestDatabase book{GetParam()};
  const auto clock = make_system_clock();
  const SimulatedProviderSettings settings{.path = book.address(), .success_rate = 1};
  const auto bank = make_simulated_provider(settings, *clock, make_null_log());
  const auto branch = make_simulated_provider(settings, *clock, make_null_log());
  for (std::int64_t key = 1; key <= rounds; ++key) {
    const ChargeRequest charge{AttemptId{key}, OrderId{key}, 1'000};
    const auto [a, b] = together([&] { return test::run(bank->charge(charge)); },
                                 [&] { return test::run(branch->charge(charge)); });
    ASSERT_TRUE(a && b);
    EXPECT_EQ(*a, ChargeOutcome::succeeded);
    EXPECT_EQ(*b, ChargeOutcome::succeeded);
    const ChargeRefund half{"half", AttemptId{key}, 600}, more{"more", AttemptId{key}, 600};
    const auto give = [&](PaymentProvider& at, ChargeRefund refund) {
      refund.key += std::to_string(key);
      return test::run(at.refund(refund));
    };
    const auto [first, second] =
        together([&] { return give(*bank, half); }, [&] { return give(*branch, more); });
    EXPECT_NE(first.has_value(), second.has_value());
  }
  EXPECT_EQ(book.integer("SELECT COUNT(*) FROM charges"), rounds);
}

TEST(PaymentServer, GoesOnWhenItsDatabaseWasKilledAndStartedAgain) {
  test::MariadbServer server;
  const test::TestDatabase place(server);
  const auto store = make_sql_payment_store(place.address(), make_null_log());
  const Attempt attempt = charged(*store, 1);
  server.kill();
  EXPECT_EQ(claim(*store, 2).error().error, Error::store_unavailable);
  server.start();
  EXPECT_EQ(claim(*store, 1).error().error, Error::payment_in_progress);
  EXPECT_TRUE(test::run(store->close(attempt.id, PaymentSettlement::paid, now)));
  EXPECT_TRUE(claim(*store, 2));
}

}  // namespace
}  // namespace buyme::payment
