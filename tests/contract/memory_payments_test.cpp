// The payment database and the bank in memory against the files they stand for: long random histories in
// which every answer, and in the end the audit's books, must be the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "audit/snapshot.hpp"
#include "core/random.hpp"
#include "simulation/bank.hpp"
#include "simulation/memory_payments.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

namespace {

using order::PaymentSettlement;
using payment::Attempt;
using payment::AttemptState;
using payment::ChargeOutcome;
using payment::DueRefund;

// --- answers and books as text, so that a difference can be read

std::string text(const Attempt& attempt) {
  const int settlement = attempt.settlement ? static_cast<int>(*attempt.settlement) : -1;
  return fmt::format("attempt {} of order {} no {} user {} amount {} state {} open {} settlement {}",
                     attempt.id.value, attempt.order.value, attempt.number, attempt.user.value,
                     attempt.amount, static_cast<int>(attempt.state), attempt.open, settlement);
}

std::string text(const DueRefund& refund) {
  return fmt::format("refund {} {} of attempt {} amount {} tries {}", refund.id, refund.key,
                     refund.attempt.value, refund.amount, refund.tries);
}

std::string text(ChargeOutcome outcome) {
  return fmt::format("outcome {}", static_cast<int>(outcome));
}

template <class T>
std::string text(const std::vector<T>& list) {
  std::string all = fmt::format("{}:", list.size());
  for (const T& one : list) all += "\n  " + text(one);
  return all;
}

template <class T>
std::string text(const Result<T>& result) {
  if (!result) {
    const Failure& failure = result.error();
    return fmt::format("error {} {} retry {}", error_info(failure.error).code, failure.detail,
                       failure.retry_after.count());
  }
  if constexpr (std::is_void_v<T>) {
    return "done";
  } else {
    return text(*result);
  }
}

std::string text(const audit::Books& books) {
  std::string all;
  for (const auto& row : books.attempts) {
    all += fmt::format("attempt {} {} {} {} {}\n", row.attempt.value, row.order.value, row.amount,
                       static_cast<int>(row.state), row.open);
  }
  for (const auto& row : books.refunds) {
    all += fmt::format("refund {} {} {} {}\n", row.attempt.value, row.outbox.value, row.amount, row.done);
  }
  for (const auto& row : books.charges) {
    all += fmt::format("charge {} {} {} {}\n", row.attempt.value, row.order.value, row.charged, row.refunded);
  }
  return all;
}

// --- the histories

class MemoryPaymentsTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  std::int64_t pick(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(to - from + 1)));
  }
  Time moment() { return now + Milliseconds{pick(-40, 40)}; }
  AttemptId some_attempt() { return AttemptId{pick(0, claims + 1)}; }

  // One call, any of all, meaningful or not. Small ranges, so that calls meet.
  std::string call_of_store(payment::PaymentStore& store) {
    switch (pick(0, 9)) {
      case 0:
      case 1: {
        const auto claimed =
            run(store.claim({OrderId{pick(1, 30)}, UserId{pick(1, 5)}, pick(0, 20), now}, moment()));
        if (claimed) claims = claimed->id.value;
        return "claim " + text(claimed);
      }
      case 2:
      case 3: {
        const auto answer = static_cast<AttemptState>(pick(1, 4));
        return "record " + text(run(store.record(some_attempt(), answer, moment())));
      }
      case 4: {
        // Mostly failed, or soon no order could be paid any more.
        const PaymentSettlement settlements[] = {PaymentSettlement::failed, PaymentSettlement::paid,
                                                 PaymentSettlement::failed, PaymentSettlement::too_late};
        const PaymentSettlement settlement = settlements[pick(0, 3)];
        return "close " + text(run(store.close(some_attempt(), settlement, moment())));
      }
      case 5: {
        const AttemptId attempt = some_attempt();
        // Of the attempt's own order, as far as another answer of the store tells it.
        const auto known = run(store.record(attempt, AttemptState::unknown, moment()));
        const OrderId order = known && pick(0, 9) > 0 ? known->order : OrderId{pick(1, 30)};
        return "add_refund " +
               text(run(store.add_refund({RefundId{pick(1, 60)}, order, attempt, pick(-1, 12)}, moment())));
      }
      case 6: {
        const payment::OpenQuery query{moment(), moment(), OrderId{pick(0, 20)},
                                       static_cast<std::size_t>(pick(0, 6))};
        return "open_attempts " + text(run(store.open_attempts(query)));
      }
      case 7:
        return "due_refunds " +
               text(run(store.due_refunds(moment(), pick(0, 10), static_cast<std::size_t>(pick(0, 6)))));
      case 8:
        return "refund_done " + text(run(store.refund_done(pick(0, 30), moment())));
      default:
        return "refund_later " + text(run(store.refund_later(pick(0, 30), moment())));
    }
  }

  std::string call_of_provider(payment::PaymentProvider& provider) {
    if (pick(0, 1) == 0) {
      const AttemptId key{pick(1, 40)};
      return "charge " + text(run(provider.charge({key, OrderId{key.value % pick(2, 3)}, pick(9, 10)})));
    }
    return "refund " + text(run(provider.refund(
                           {fmt::format("order:{}", pick(1, 60)), AttemptId{pick(1, 40)}, pick(0, 6)})));
  }

  // The same call of either, by the same random numbers.
  template <class Port, class Call>
  void compare(Port& file, Port& memory, Call call) {
    for (int i = 0; i < 1'500; ++i) {
      now += Milliseconds{pick(0, 3)};
      const Random as_it_is = random;
      const std::string expected = call(file);
      random = as_it_is;
      ASSERT_EQ(call(memory), expected) << "in call " << i;
      ++answers[expected.substr(0, expected.find_first_of("0123456789:"))];
    }
  }

  // Books of the files in `place`; those of the other services stand empty.
  audit::Books books_of_files() const {
    for (const audit::File file : audit::all_files) {
      const db::Sqlite made(place.file(audit::file_name(file)), db::Access::read_write);
    }
    return audit::read_books(audit::Snapshot(place.path()), now);
  }

  Random random{GetParam(), "memory payments"};
  Time now{Milliseconds{1'800'000'000'000}};
  std::int64_t claims = 0;
  std::map<std::string, int> answers;  // by what they begin with
  TempDir place;
};

TEST_P(MemoryPaymentsTest, TheStoreAnswersAsTheFileDoes) {
  simulation::PaymentDatabase rows;
  const auto file = payment::make_sql_payment_store(place.file("payment.sqlite"), make_null_log());
  const auto memory = simulation::make_memory_payment_store(rows);
  compare(*file, *memory, [this](payment::PaymentStore& store) { return call_of_store(store); });

  audit::Books books;
  books.attempts.resize(3);  // what stood there before is gone
  books.refunds.resize(3);
  rows.add_to(books);
  EXPECT_EQ(text(books), text(books_of_files()));
  EXPECT_GT(books.attempts.size(), 20u);
  EXPECT_GT(books.refunds.size(), 5u);
  for (const char* answer : {"claim attempt ", "claim error PAYMENT_IN_PROGRESS", "claim error ILLEGAL_STATE",
                             "record attempt ", "record error NOT_FOUND", "add_refund done",
                             "add_refund error NOT_FOUND", "add_refund error ILLEGAL_STATE"}) {
    const auto found = answers.lower_bound(answer);
    EXPECT_TRUE(found != answers.end() && found->first.starts_with(answer)) << answer << " never came";
  }
}

TEST_P(MemoryPaymentsTest, TheBankAnswersAsTheSimulatedProviderDoes) {
  const auto clock = make_system_clock();
  simulation::Bank bank(GetParam(), 0.6);
  const auto file = payment::make_simulated_provider(
      {.path = place.file("provider.sqlite"), .success_rate = 0.6, .seed = GetParam()}, *clock,
      make_null_log());
  const auto memory = simulation::make_bank_provider(bank, *clock);
  compare(*file, *memory, [this](payment::PaymentProvider& provider) { return call_of_provider(provider); });

  audit::Books books;
  books.charges.resize(3);
  bank.add_to(books);
  EXPECT_EQ(text(books), text(books_of_files()));
  EXPECT_GT(books.charges.size(), 20u);
}

INSTANTIATE_TEST_SUITE_P(Histories, MemoryPaymentsTest, ::testing::Range<std::uint64_t>(1, 5));

// --- what only the memory can tell

TEST(MemoryPayments, ItIsQuietOnceNothingIsLeftToDo) {
  const Time now{Milliseconds{1'800'000'000'000}};
  simulation::PaymentDatabase rows;
  EXPECT_TRUE(rows.quiet());
  const Attempt paid = rows.claim({OrderId{1}, UserId{7}, 100, now}, now).value();
  EXPECT_FALSE(rows.quiet());
  ASSERT_TRUE(rows.record(paid.id, AttemptState::succeeded, now));
  EXPECT_FALSE(rows.quiet());
  ASSERT_TRUE(rows.close(paid.id, PaymentSettlement::paid, now));
  EXPECT_TRUE(rows.quiet());

  ASSERT_TRUE(rows.add_refund({RefundId{1}, OrderId{1}, paid.id, 40}, now));
  EXPECT_FALSE(rows.quiet());
  rows.refund_later(1, now + Milliseconds{5});
  EXPECT_FALSE(rows.quiet()) << "though nothing is due";
  rows.refund_done(1);
  EXPECT_TRUE(rows.quiet());

  const Attempt late = rows.claim({OrderId{2}, UserId{7}, 100, now}, now).value();
  ASSERT_TRUE(rows.record(late.id, AttemptState::succeeded, now));
  ASSERT_TRUE(rows.close(late.id, PaymentSettlement::too_late, now));
  EXPECT_FALSE(rows.quiet());
  rows.refund_done(2);
  EXPECT_TRUE(rows.quiet());
}

}  // namespace

}  // namespace buyme::test
