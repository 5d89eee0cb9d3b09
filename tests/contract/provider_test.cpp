// What every payment provider must do, whoever stands behind it: above all, asking again is safe.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "payment/provider.hpp"
#include "simulation/bank.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"
#include "support/test_database.hpp"

namespace buyme::test {

namespace {

using payment::ChargeOutcome;
using payment::PaymentProvider;

// A provider's book, which outlives whoever answers from it; each kind uses its own.
struct ProviderBook {
  explicit ProviderBook(std::uint64_t seed_of_outcomes = 1) : seed(seed_of_outcomes), bank(seed) {}
  std::uint64_t seed;
  TempDir files;
  std::unique_ptr<TestDatabase> server;
  simulation::Bank bank;
};

struct ProviderKind {
  const char* name;
  // Each call opens the same book anew, with another success rate for the charges to come.
  std::function<std::unique_ptr<PaymentProvider>(ProviderBook&, double success_rate, Clock&)> open;
};

void PrintTo(const ProviderKind& kind, std::ostream* out) {
  *out << kind.name;
}

class ProviderContract : public ::testing::TestWithParam<ProviderKind> {
 protected:
  void reopen(double success_rate) {
    provider.reset();
    provider = GetParam().open(book, success_rate, *clock);
  }
  Result<ChargeOutcome> try_charge(std::int64_t key, std::int64_t order, Money amount) {
    return run(provider->charge({AttemptId{key}, OrderId{order}, amount}));
  }
  ChargeOutcome charge(std::int64_t key, std::int64_t order = 1, Money amount = 1'000) {
    return try_charge(key, order, amount).value();
  }
  Result<void> refund(const std::string& key, std::int64_t charge, Money amount) {
    return run(provider->refund({key, AttemptId{charge}, amount}));
  }
  // Those of the keys 1 to `count` that succeed in a new book, charged in that order or the other way round.
  std::vector<std::int64_t> succeeding(std::uint64_t seed, std::int64_t count, bool backwards = false) {
    ProviderBook fresh(seed);
    const auto asked = GetParam().open(fresh, 0.5, *clock);
    std::vector<std::int64_t> keys;
    for (std::int64_t i = 1; i <= count; ++i) {
      const std::int64_t key = backwards ? count + 1 - i : i;
      const auto outcome = run(asked->charge({AttemptId{key}, OrderId{i}, 100 + i}));
      if (outcome.value() == ChargeOutcome::succeeded) keys.push_back(key);
    }
    if (backwards) std::ranges::reverse(keys);
    return keys;
  }

  template <class T>
  static Error error_of(const Result<T>& result) {
    EXPECT_FALSE(result.has_value()) << "was accepted";
    return result ? Error::internal : result.error().error;
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  ProviderBook book;
  std::unique_ptr<PaymentProvider> provider = GetParam().open(book, 1, *clock);
};

// --- charges

TEST_P(ProviderContract, TheSuccessRateIsTheShareThatSucceeds) {
  for (std::int64_t key = 1; key <= 20; ++key) EXPECT_EQ(charge(key), ChargeOutcome::succeeded);
  reopen(0);
  for (std::int64_t key = 21; key <= 40; ++key) EXPECT_EQ(charge(key), ChargeOutcome::declined);
  const auto half = succeeding(1, 100);
  EXPECT_GT(half.size(), 30u);
  EXPECT_LT(half.size(), 70u);
}

TEST_P(ProviderContract, TheOutcomeIsAFunctionOfSeedAndKeyAlone) {
  const auto outcomes = succeeding(7, 64);
  EXPECT_EQ(succeeding(7, 64), outcomes);
  EXPECT_EQ(succeeding(7, 64, true), outcomes) << "neither turn nor order nor amount counts";
  EXPECT_NE(succeeding(8, 64), outcomes);
}

TEST_P(ProviderContract, ARepeatGetsTheAnswerOfTheFirst) {
  ASSERT_EQ(charge(1), ChargeOutcome::succeeded);
  EXPECT_EQ(charge(1), ChargeOutcome::succeeded);
  reopen(0);
  ASSERT_EQ(charge(2, 2), ChargeOutcome::declined);
  EXPECT_EQ(charge(1), ChargeOutcome::succeeded) << "it stays booked";
  reopen(1);
  EXPECT_EQ(charge(2, 2), ChargeOutcome::declined) << "it stays booked";
  EXPECT_EQ(charge(3, 2), ChargeOutcome::succeeded) << "a new key is a new charge";
}

TEST_P(ProviderContract, AKeyIsGoodForOneCharge) {
  ASSERT_EQ(charge(1, 1, 1'000), ChargeOutcome::succeeded);
  reopen(0);
  ASSERT_EQ(charge(2, 2, 1'000), ChargeOutcome::declined);
  for (const std::int64_t key : {1, 2}) {
    EXPECT_EQ(error_of(try_charge(key, key, 999)), Error::idempotency_mismatch);
    EXPECT_EQ(error_of(try_charge(key, key, 1'001)), Error::idempotency_mismatch);
    EXPECT_EQ(error_of(try_charge(key, 9, 1'000)), Error::idempotency_mismatch);
  }
  EXPECT_EQ(charge(1, 1, 1'000), ChargeOutcome::succeeded) << "the first one is as it was";
  EXPECT_EQ(charge(2, 2, 1'000), ChargeOutcome::declined);
  EXPECT_TRUE(refund("whole", 1, 1'000));
}

// --- refunds

TEST_P(ProviderContract, TheRefundsOfAChargeNeverExceedIt) {
  ASSERT_EQ(charge(1), ChargeOutcome::succeeded);
  ASSERT_EQ(charge(2), ChargeOutcome::succeeded);
  EXPECT_EQ(error_of(refund("a", 1, 1'001)), Error::illegal_state);
  EXPECT_TRUE(refund("a", 1, 600)) << "what was refused has not used its key up";
  EXPECT_EQ(error_of(refund("b", 1, 401)), Error::illegal_state);
  reopen(1);
  EXPECT_EQ(error_of(refund("b", 1, 401)), Error::illegal_state);
  EXPECT_TRUE(refund("b", 1, 400));
  EXPECT_EQ(error_of(refund("c", 1, 1)), Error::illegal_state);
  EXPECT_TRUE(refund("c", 2, 1'000)) << "each charge counts by itself";
}

TEST_P(ProviderContract, ARefundOfNothingIsRefused) {
  ASSERT_EQ(charge(1), ChargeOutcome::succeeded);
  EXPECT_EQ(error_of(refund("a", 1, 0)), Error::illegal_state);
  EXPECT_EQ(error_of(refund("a", 1, -1)), Error::illegal_state);
  EXPECT_TRUE(refund("a", 1, 1'000)) << "neither has changed what is left";
}

TEST_P(ProviderContract, ARepeatedRefundIsOneRefund) {
  ASSERT_EQ(charge(1), ChargeOutcome::succeeded);
  ASSERT_TRUE(refund("a", 1, 600));
  EXPECT_TRUE(refund("a", 1, 600));
  reopen(0);
  EXPECT_TRUE(refund("a", 1, 600)) << "though as a second one it would exceed the charge";
  EXPECT_TRUE(refund("b", 1, 400)) << "the repeats have used nothing up";
  EXPECT_TRUE(refund("a", 1, 600)) << "nor does it matter that nothing is left";
  EXPECT_EQ(charge(1), ChargeOutcome::succeeded) << "that the money went back does not undo the answer";
}

TEST_P(ProviderContract, AKeyIsGoodForOneRefund) {
  ASSERT_EQ(charge(1), ChargeOutcome::succeeded);
  ASSERT_EQ(charge(2), ChargeOutcome::succeeded);
  ASSERT_TRUE(refund("a", 1, 100));
  EXPECT_EQ(error_of(refund("a", 1, 99)), Error::idempotency_mismatch);
  EXPECT_EQ(error_of(refund("a", 1, 5'000)), Error::idempotency_mismatch);
  EXPECT_EQ(error_of(refund("a", 2, 100)), Error::idempotency_mismatch);
  EXPECT_EQ(error_of(refund("a", 3, 100)), Error::idempotency_mismatch);
  EXPECT_TRUE(refund("b", 1, 900)) << "the first one is as it was";
  EXPECT_TRUE(refund("c", 2, 1'000));
}

TEST_P(ProviderContract, WhatWasNotChargedCannotBeRefunded) {
  EXPECT_EQ(error_of(refund("a", 1, 100)), Error::not_found);
  reopen(0);
  ASSERT_EQ(charge(2), ChargeOutcome::declined);
  EXPECT_EQ(error_of(refund("a", 2, 100)), Error::not_found);
  reopen(1);
  ASSERT_EQ(charge(1), ChargeOutcome::succeeded) << "the refund that came before has booked nothing";
  EXPECT_TRUE(refund("a", 1, 100)) << "nor used its key up";
}

std::unique_ptr<PaymentProvider> open_on_a_server(ProviderBook& book, double success_rate, Clock& clock) {
  if (!book.server) book.server = std::make_unique<TestDatabase>(DatabaseKind::mysql);
  return payment::make_simulated_provider(
      {.path = book.server->address(), .success_rate = success_rate, .seed = book.seed}, clock,
      make_null_log());
}

// --- the simulated provider's amounts with a fate of their own

class TestAmounts : public ::testing::Test {
 protected:
  void open(double success_rate) {
    provider.reset();
    payment::SimulatedProviderSettings settings{.path = files.file("provider.sqlite"),
                                                .success_rate = success_rate};
    settings.decline_amounts = {9'001, 9'002};
    settings.timeout_amounts = {9'003};
    settings.silence = std::chrono::milliseconds{20};
    provider = payment::make_simulated_provider(std::move(settings), clock, make_null_log());
  }
  ChargeOutcome charge(std::int64_t key, Money amount) {
    return run(provider->charge({AttemptId{key}, OrderId{1}, amount})).value();
  }

  // Remembers how long was slept.
  class SleeplessClock final : public Clock {
   public:
    Time now() const override { return {}; }
    Monotonic monotonic() const override { return {}; }
    Awaitable<void> sleep_until(Monotonic deadline) override {
      slept += deadline - Monotonic{};
      co_return;
    }
    std::chrono::nanoseconds slept{0};
  };

  TempDir files;
  SleeplessClock clock;
  std::unique_ptr<PaymentProvider> provider;
};

TEST_F(TestAmounts, AreDeclinedOrAnsweredTooLateWhateverTheRate) {
  open(1);
  EXPECT_EQ(charge(1, 9'001), ChargeOutcome::declined);
  EXPECT_EQ(charge(2, 9'002), ChargeOutcome::declined);
  EXPECT_EQ(charge(3, 9'004), ChargeOutcome::succeeded);
  open(0);
  EXPECT_EQ(charge(4, 9'004), ChargeOutcome::declined);
  EXPECT_EQ(clock.slept.count(), 0);
  EXPECT_EQ(charge(5, 9'003), ChargeOutcome::succeeded);
  EXPECT_EQ(clock.slept, std::chrono::milliseconds{20}) << "its answer comes when nobody waits any more";
  EXPECT_EQ(charge(5, 9'003), ChargeOutcome::succeeded);
  EXPECT_EQ(clock.slept, std::chrono::milliseconds{20}) << "who asks again is told at once";
}

INSTANTIATE_TEST_SUITE_P(
    Providers, ProviderContract,
    ::testing::Values(ProviderKind{"simulated",
                                   [](ProviderBook& book, double success_rate, Clock& clock) {
                                     return payment::make_simulated_provider(
                                         {.path = book.files.file("provider.sqlite"),
                                          .success_rate = success_rate,
                                          .seed = book.seed},
                                         clock, make_null_log());
                                   }},
                      ProviderKind{"mysql", open_on_a_server},
                      ProviderKind{"bank",
                                   [](ProviderBook& book, double success_rate, Clock& clock) {
                                     book.bank.set_success_rate(success_rate);
                                     return simulation::make_bank_provider(book.bank, clock);
                                   }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
