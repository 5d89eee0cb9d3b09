// What every payment store must do, whatever database stands behind it; looked at through the port alone.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "payment/store.hpp"
#include "simulation/memory_payments.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"
#include "support/test_database.hpp"

namespace buyme::test {

namespace {

using order::PaymentSettlement;
using payment::Attempt;
using payment::AttemptState;
using payment::DueRefund;
using payment::OpenQuery;
using payment::PaymentStore;

// What outlives a store; each kind uses its own.
struct PaymentRows {
  TempDir files;
  std::unique_ptr<TestDatabase> server;
  simulation::PaymentDatabase memory;
};

struct PaymentStoreKind {
  const char* name;
  // Each call opens the same database anew, as the next process would.
  std::function<std::unique_ptr<PaymentStore>(PaymentRows&)> open;
};

void PrintTo(const PaymentStoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

class PaymentStoreContract : public ::testing::TestWithParam<PaymentStoreKind> {
 protected:
  static Time at(std::int64_t ms) { return Time{Milliseconds{1'800'000'000'000 + ms}}; }

  void reopen() {
    store.reset();
    store = GetParam().open(rows);
  }

  // --- the calls

  Result<Attempt> claim(std::int64_t order, Time now = at(0)) {
    return run(store->claim({OrderId{order}, UserId{order + 100}, 1'000, at(600'000)}, now));
  }
  Result<Attempt> record(AttemptId attempt, AttemptState answer, Time now = at(0)) {
    return run(store->record(attempt, answer, now));
  }
  Result<void> close(AttemptId attempt, PaymentSettlement settlement, Time now = at(0)) {
    return run(store->close(attempt, settlement, now));
  }
  Result<void> add_refund(std::int64_t refund, const Attempt& attempt, Money amount, Time now = at(0)) {
    return run(store->add_refund({RefundId{refund}, attempt.order, attempt.id, amount}, now));
  }
  std::vector<DueRefund> due(Time now = at(0), std::int64_t after = 0, std::size_t limit = 100) {
    return run(store->due_refunds(now, after, limit)).value();
  }
  std::vector<std::int64_t> open_orders(const OpenQuery& query) {
    std::vector<std::int64_t> orders;
    for (const Attempt& attempt : run(store->open_attempts(query)).value()) {
      EXPECT_TRUE(attempt.open);
      orders.push_back(attempt.order.value);
    }
    return orders;
  }
  std::vector<std::int64_t> open_orders() { return open_orders({at(1'000'000), at(1'000'000), {}, 100}); }

  // --- the steps that most tests begin with

  Attempt claimed(std::int64_t order, Time now = at(0)) { return claim(order, now).value(); }
  Attempt recorded(std::int64_t order, AttemptState answer) {
    return record(claimed(order).id, answer).value();
  }
  Attempt charged(std::int64_t order) { return recorded(order, AttemptState::succeeded); }

  // As it stands, for one that has its answer: what says nothing new is a way to read.
  Attempt read(AttemptId attempt) { return record(attempt, AttemptState::unknown).value(); }

  template <class T>
  static Error error_of(const Result<T>& result) {
    EXPECT_FALSE(result.has_value()) << "was accepted";
    return result ? Error::internal : result.error().error;
  }

  PaymentRows rows;
  std::unique_ptr<PaymentStore> store = GetParam().open(rows);
};

std::vector<std::string> keys_of(const std::vector<DueRefund>& refunds) {
  std::vector<std::string> keys;
  for (const DueRefund& refund : refunds) keys.push_back(refund.key);
  return keys;
}

using Keys = std::vector<std::string>;
using Orders = std::vector<std::int64_t>;

// --- claim

TEST_P(PaymentStoreContract, AClaimIsTheOrdersNextAttemptRequestedAndOpen) {
  const Attempt first = claimed(5);
  EXPECT_TRUE(first.id);
  EXPECT_EQ(first.order, OrderId{5});
  EXPECT_EQ(first.number, 1);
  EXPECT_EQ(first.user, UserId{105});
  EXPECT_EQ(first.amount, 1'000);
  EXPECT_EQ(first.state, AttemptState::requested);
  EXPECT_TRUE(first.open);
  EXPECT_FALSE(first.settlement.has_value());

  EXPECT_EQ(claimed(6).number, 1) << "each order counts by itself";
  ASSERT_TRUE(close(first.id, PaymentSettlement::failed));
  EXPECT_EQ(claimed(5).number, 2);
}

TEST_P(PaymentStoreContract, NoIdIsUsedTwice) {
  std::set<AttemptId> ids;
  for (std::int64_t order = 1; order <= 5; ++order) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      const AttemptId id = claimed(order).id;
      EXPECT_TRUE(ids.insert(id).second);
      EXPECT_FALSE(claim(order));
      ASSERT_TRUE(close(id, PaymentSettlement::failed));
      reopen();
    }
  }
}

TEST_P(PaymentStoreContract, WhileAnAttemptIsOpenItsOrderTakesNoOther) {
  const std::vector<AttemptState> states = {AttemptState::requested, AttemptState::unknown,
                                            AttemptState::succeeded, AttemptState::failed};
  std::int64_t order = 0;
  for (const AttemptState state : states) {
    const Attempt attempt = claimed(++order);
    if (state != AttemptState::requested) {
      ASSERT_TRUE(record(attempt.id, state));
    }
    const auto refused = claim(order);
    EXPECT_EQ(error_of(refused), Error::payment_in_progress);
    EXPECT_GT(refused.error().retry_after.count(), 0);
    reopen();
    EXPECT_EQ(error_of(claim(order)), Error::payment_in_progress);
    ASSERT_TRUE(close(attempt.id, PaymentSettlement::failed));
    EXPECT_EQ(claimed(order).number, 2) << "what was refused has left nothing";
  }
}

TEST_P(PaymentStoreContract, AnOrderThatIsSettledForGoodTakesNoFurtherAttempt) {
  ASSERT_TRUE(close(charged(1).id, PaymentSettlement::paid));
  ASSERT_TRUE(close(charged(2).id, PaymentSettlement::too_late));
  // Not only the last attempt counts.
  ASSERT_TRUE(close(recorded(3, AttemptState::failed).id, PaymentSettlement::failed));
  ASSERT_TRUE(close(charged(3).id, PaymentSettlement::paid));
  for (int start = 0; start < 2; ++start) {
    for (const std::int64_t order : {1, 2, 3}) EXPECT_EQ(error_of(claim(order)), Error::illegal_state);
    reopen();
  }
  EXPECT_TRUE(claim(4)) << "another order is not concerned";
  EXPECT_EQ(open_orders(), Orders{4});
}

// --- record

TEST_P(PaymentStoreContract, AnAnswerIsWrittenDownOnce) {
  for (const AttemptState first : {AttemptState::succeeded, AttemptState::failed}) {
    const Attempt attempt = claimed(static_cast<std::int64_t>(first));
    const Attempt answer = record(attempt.id, first).value();
    EXPECT_EQ(answer.id, attempt.id);
    EXPECT_EQ(answer.order, attempt.order);
    EXPECT_EQ(answer.number, attempt.number);
    EXPECT_EQ(answer.user, attempt.user);
    EXPECT_EQ(answer.amount, attempt.amount);
    EXPECT_EQ(answer.state, first);
    EXPECT_TRUE(answer.open);
    EXPECT_FALSE(answer.settlement.has_value());
    for (const AttemptState later : {AttemptState::failed, AttemptState::succeeded, AttemptState::unknown}) {
      EXPECT_EQ(record(attempt.id, later)->state, first);
    }
    reopen();
    EXPECT_EQ(read(attempt.id).state, first);
  }
}

TEST_P(PaymentStoreContract, UnknownIsNoAnswerYet) {
  for (const AttemptState answer : {AttemptState::succeeded, AttemptState::failed}) {
    const Attempt attempt = claimed(static_cast<std::int64_t>(answer));
    EXPECT_EQ(record(attempt.id, AttemptState::unknown)->state, AttemptState::unknown);
    EXPECT_EQ(record(attempt.id, AttemptState::unknown)->state, AttemptState::unknown);
    EXPECT_EQ(record(attempt.id, answer)->state, answer);
  }
}

TEST_P(PaymentStoreContract, AnAnswerConcernsItsAttemptAlone) {
  const Attempt first = claimed(1), second = claimed(2);
  ASSERT_TRUE(record(second.id, AttemptState::failed));
  EXPECT_EQ(record(first.id, AttemptState::succeeded)->state, AttemptState::succeeded);
  EXPECT_EQ(read(second.id).state, AttemptState::failed);
}

TEST_P(PaymentStoreContract, AnAnswerToNoAttemptIsNotFound) {
  const Attempt only = claimed(1);
  for (const std::int64_t offset : {-1, 1, 1'000}) {
    const AttemptId none{only.id.value + offset};
    EXPECT_EQ(error_of(record(none, AttemptState::succeeded)), Error::not_found);
    EXPECT_EQ(error_of(record(none, AttemptState::unknown)), Error::not_found);
  }
  EXPECT_EQ(error_of(record(AttemptId{-1}, AttemptState::failed)), Error::not_found);
}

// The other driver of the attempt learns here that it is done.
TEST_P(PaymentStoreContract, AnAnswerAfterTheEndTellsTheEnd) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(close(attempt.id, PaymentSettlement::paid));
  for (int start = 0; start < 2; ++start) {
    const Attempt after = record(attempt.id, AttemptState::succeeded).value();
    EXPECT_FALSE(after.open);
    EXPECT_EQ(after.settlement, PaymentSettlement::paid);
    EXPECT_EQ(after.state, AttemptState::succeeded);
    reopen();
  }
}

// --- close

TEST_P(PaymentStoreContract, ClosingEndsTheAttemptWithItsSettlement) {
  std::int64_t order = 0;
  for (const auto settlement :
       {PaymentSettlement::paid, PaymentSettlement::failed, PaymentSettlement::too_late}) {
    const Attempt attempt = charged(++order);
    ASSERT_TRUE(close(attempt.id, settlement));
    EXPECT_FALSE(read(attempt.id).open);
    EXPECT_EQ(read(attempt.id).settlement, settlement);
    EXPECT_EQ(open_orders(), Orders{});
  }
}

TEST_P(PaymentStoreContract, ARepeatedCloseChangesNothing) {
  const Attempt paid = charged(1), late = charged(2);
  ASSERT_TRUE(close(paid.id, PaymentSettlement::paid));
  ASSERT_TRUE(close(late.id, PaymentSettlement::too_late));
  for (const auto again : {PaymentSettlement::paid, PaymentSettlement::failed, PaymentSettlement::too_late}) {
    EXPECT_TRUE(close(paid.id, again));
    EXPECT_TRUE(close(late.id, again));
  }
  EXPECT_EQ(read(paid.id).settlement, PaymentSettlement::paid);
  EXPECT_EQ(read(late.id).settlement, PaymentSettlement::too_late);
  EXPECT_EQ(due().size(), 1u) << "the late one's, once";
}

// The claim that is open now is another attempt's.
TEST_P(PaymentStoreContract, ARepeatedCloseLeavesTheNextAttemptOpen) {
  const Attempt first = recorded(1, AttemptState::failed);
  ASSERT_TRUE(close(first.id, PaymentSettlement::failed));
  const Attempt second = claimed(1);
  EXPECT_TRUE(close(first.id, PaymentSettlement::failed));
  EXPECT_EQ(error_of(claim(1)), Error::payment_in_progress);
  EXPECT_TRUE(read(second.id).open);
  EXPECT_EQ(open_orders(), Orders{1});
}

TEST_P(PaymentStoreContract, ClosingNoAttemptIsARepeat) {
  const Attempt only = charged(1);
  EXPECT_TRUE(close(AttemptId{only.id.value + 1}, PaymentSettlement::too_late));
  EXPECT_TRUE(close(AttemptId{0}, PaymentSettlement::too_late));
  EXPECT_EQ(due().size(), 0u);
  EXPECT_TRUE(read(only.id).open);
}

TEST_P(PaymentStoreContract, AChargeThatCameTooLateIsRefundedWhole) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(close(attempt.id, PaymentSettlement::too_late, at(50)));
  EXPECT_EQ(due(at(49)).size(), 0u);
  for (int start = 0; start < 2; ++start) {
    const auto refunds = due(at(50));
    ASSERT_EQ(refunds.size(), 1u);
    EXPECT_GT(refunds[0].id, 0);
    EXPECT_EQ(refunds[0].key, "late:" + std::to_string(attempt.id.value));
    EXPECT_EQ(refunds[0].attempt, attempt.id);
    EXPECT_EQ(refunds[0].amount, 1'000);
    EXPECT_EQ(refunds[0].tries, 0);
    reopen();
  }
}

TEST_P(PaymentStoreContract, OnlyAChargeThatCameTooLateIsRefunded) {
  ASSERT_TRUE(close(charged(1).id, PaymentSettlement::paid));
  ASSERT_TRUE(close(charged(2).id, PaymentSettlement::failed));
  ASSERT_TRUE(close(recorded(3, AttemptState::failed).id, PaymentSettlement::too_late));
  ASSERT_TRUE(close(recorded(4, AttemptState::unknown).id, PaymentSettlement::too_late));
  ASSERT_TRUE(close(claimed(5).id, PaymentSettlement::too_late));
  EXPECT_EQ(due().size(), 0u);
  EXPECT_EQ(open_orders(), Orders{});
}

// One transaction: where the refund cannot be written, the attempt is not closed either.
TEST_P(PaymentStoreContract, WithoutItsRefundALateAttemptIsNotClosed) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(add_refund(1, attempt, 1));
  EXPECT_EQ(error_of(close(attempt.id, PaymentSettlement::too_late)), Error::illegal_state);
  EXPECT_TRUE(read(attempt.id).open);
  EXPECT_FALSE(read(attempt.id).settlement.has_value());
  EXPECT_EQ(error_of(claim(1)), Error::payment_in_progress);
  EXPECT_EQ(keys_of(due()), Keys{"order:1"});
  EXPECT_TRUE(close(attempt.id, PaymentSettlement::paid));
}

// --- refunds that are asked for

TEST_P(PaymentStoreContract, ARefundIsDueAtOnceUnderItsOwnKey) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(close(attempt.id, PaymentSettlement::paid));
  ASSERT_TRUE(add_refund(77, attempt, 600, at(50)));
  EXPECT_EQ(due(at(49)).size(), 0u);
  for (int start = 0; start < 2; ++start) {
    const auto refunds = due(at(50));
    ASSERT_EQ(refunds.size(), 1u);
    EXPECT_EQ(refunds[0].key, "order:77");
    EXPECT_EQ(refunds[0].attempt, attempt.id);
    EXPECT_EQ(refunds[0].amount, 600);
    EXPECT_EQ(refunds[0].tries, 0);
    reopen();
  }
}

TEST_P(PaymentStoreContract, ARefundThatIsAskedForAgainIsOneRefund) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(add_refund(1, attempt, 600));
  EXPECT_TRUE(add_refund(1, attempt, 600));
  reopen();
  EXPECT_TRUE(add_refund(1, attempt, 600));
  ASSERT_EQ(due().size(), 1u);
  EXPECT_EQ(due()[0].amount, 600);

  ASSERT_TRUE(run(store->refund_done(due()[0].id, at(1))));
  EXPECT_TRUE(add_refund(1, attempt, 600));
  EXPECT_EQ(due(at(9)).size(), 0u) << "it was made already";
  EXPECT_TRUE(add_refund(2, attempt, 400)) << "the repeats have used nothing up";
}

TEST_P(PaymentStoreContract, ARefundOfNoSuchAttemptIsNotFound) {
  const Attempt first = charged(1), second = charged(2);
  Attempt none = first;
  none.id = AttemptId{second.id.value + 1};
  EXPECT_EQ(error_of(add_refund(1, none, 1)), Error::not_found);
  none.id = AttemptId{0};
  EXPECT_EQ(error_of(add_refund(1, none, 1)), Error::not_found);
  Attempt mixed = first;
  mixed.order = second.order;
  EXPECT_EQ(error_of(add_refund(1, mixed, 1)), Error::not_found);
  EXPECT_EQ(due().size(), 0u);
  EXPECT_TRUE(add_refund(1, first, 1)) << "what was refused has not used its number up";
  EXPECT_EQ(due().size(), 1u);
}

TEST_P(PaymentStoreContract, WhatWasNotChargedIsNotRefunded) {
  EXPECT_EQ(error_of(add_refund(1, claimed(1), 1)), Error::illegal_state);
  EXPECT_EQ(error_of(add_refund(2, recorded(2, AttemptState::failed), 1)), Error::illegal_state);
  EXPECT_EQ(error_of(add_refund(3, recorded(3, AttemptState::unknown), 1)), Error::illegal_state);
  EXPECT_EQ(due().size(), 0u);
}

TEST_P(PaymentStoreContract, RefundsTogetherDoNotExceedTheCharge) {
  const Attempt attempt = charged(1), other = charged(2);
  EXPECT_EQ(error_of(add_refund(1, attempt, 1'001)), Error::illegal_state);
  EXPECT_EQ(error_of(add_refund(1, attempt, -1)), Error::illegal_state);
  ASSERT_TRUE(add_refund(1, attempt, 600));
  EXPECT_EQ(error_of(add_refund(2, attempt, 401)), Error::illegal_state);
  ASSERT_TRUE(run(store->refund_done(due()[0].id, at(0))));
  reopen();
  EXPECT_EQ(error_of(add_refund(2, attempt, 401)), Error::illegal_state) << "also one that was made counts";
  ASSERT_TRUE(add_refund(2, attempt, 400));
  EXPECT_EQ(error_of(add_refund(3, attempt, 1)), Error::illegal_state);
  EXPECT_TRUE(add_refund(3, other, 1'000)) << "each charge counts by itself";

  ASSERT_TRUE(close(charged(3).id, PaymentSettlement::too_late));
  EXPECT_EQ(keys_of(due()).size(), 3u);
  Attempt late = attempt;
  late.id = due().back().attempt;
  late.order = OrderId{3};
  EXPECT_EQ(error_of(add_refund(4, late, 1)), Error::illegal_state) << "it goes back whole already";
}

// --- open attempts

TEST_P(PaymentStoreContract, WhatIsUnknownIsAlwaysTakenUp) {
  const Attempt attempt = claimed(1, at(100));
  ASSERT_TRUE(record(attempt.id, AttemptState::unknown, at(100)));
  EXPECT_EQ(open_orders({at(0), at(0), {}, 10}), Orders{1});
  ASSERT_TRUE(record(attempt.id, AttemptState::succeeded, at(100)));
  EXPECT_EQ(open_orders({at(0), at(0), {}, 10}), Orders{});
}

// The bounds belong to them: the first sweep after a start passes the time it is now, and means all.
TEST_P(PaymentStoreContract, OtherOpenAttemptsAreTakenUpByWhenTheyWereTouched) {
  claimed(1, at(100));
  ASSERT_TRUE(record(claimed(2, at(100)).id, AttemptState::succeeded, at(200)));
  ASSERT_TRUE(record(claimed(3, at(100)).id, AttemptState::failed, at(200)));
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(open_orders({at(99), at(199), {}, 10}), Orders{});
    EXPECT_EQ(open_orders({at(100), at(199), {}, 10}), Orders{1});
    EXPECT_EQ(open_orders({at(99), at(200), {}, 10}), (Orders{2, 3}));
    EXPECT_EQ(open_orders({at(100), at(200), {}, 10}), (Orders{1, 2, 3}));
    reopen();
  }
}

TEST_P(PaymentStoreContract, ALaterAnswerDoesNotTouchAgain) {
  const Attempt attempt = claimed(1, at(100));
  ASSERT_TRUE(record(attempt.id, AttemptState::unknown, at(150)));
  ASSERT_TRUE(record(attempt.id, AttemptState::succeeded, at(200)));
  ASSERT_TRUE(record(attempt.id, AttemptState::failed, at(300)));
  ASSERT_TRUE(record(attempt.id, AttemptState::unknown, at(300)));
  EXPECT_EQ(open_orders({at(0), at(199), {}, 10}), Orders{});
  EXPECT_EQ(open_orders({at(0), at(200), {}, 10}), Orders{1});
}

TEST_P(PaymentStoreContract, OpenAttemptsComeByOrderInPages) {
  for (const std::int64_t order : {40, 10, 50, 30, 20}) claimed(order);
  const Attempt closed = claimed(25);
  ASSERT_TRUE(close(closed.id, PaymentSettlement::failed));
  EXPECT_EQ(open_orders(), (Orders{10, 20, 30, 40, 50}));

  OpenQuery query{at(0), at(0), {}, 2};
  EXPECT_EQ(open_orders(query), (Orders{10, 20}));
  query.after = OrderId{20};
  EXPECT_EQ(open_orders(query), (Orders{30, 40}));
  query.after = OrderId{40};
  EXPECT_EQ(open_orders(query), Orders{50});
  query.after = OrderId{50};
  EXPECT_EQ(open_orders(query), Orders{});
  query.after = OrderId{29};
  EXPECT_EQ(open_orders(query), (Orders{30, 40}));
}

// A page is of those that are to be taken up, not of those that were looked at.
TEST_P(PaymentStoreContract, APageOfOpenAttemptsIsFull) {
  for (const std::int64_t order : {1, 2, 3}) claimed(order, at(100));
  for (const std::int64_t order : {4, 5, 6}) claimed(order, at(0));
  EXPECT_EQ(open_orders({at(50), at(50), {}, 2}), (Orders{4, 5}));
}

TEST_P(PaymentStoreContract, AnOpenAttemptComesBackAsItIs) {
  ASSERT_TRUE(close(recorded(9, AttemptState::failed).id, PaymentSettlement::failed));
  const Attempt second = charged(9);
  const auto found = run(store->open_attempts({at(0), at(0), {}, 10})).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, second.id);
  EXPECT_EQ(found[0].order, OrderId{9});
  EXPECT_EQ(found[0].number, 2);
  EXPECT_EQ(found[0].user, UserId{109});
  EXPECT_EQ(found[0].amount, 1'000);
  EXPECT_EQ(found[0].state, AttemptState::succeeded);
  EXPECT_TRUE(found[0].open);
  EXPECT_FALSE(found[0].settlement.has_value());
}

// --- refunds on their way

TEST_P(PaymentStoreContract, DueRefundsComeByIdInPages) {
  const Attempt attempt = charged(1);
  for (const std::int64_t refund : {5, 3, 4, 1, 2}) ASSERT_TRUE(add_refund(refund, attempt, 1));
  const auto all = due();
  EXPECT_EQ(keys_of(all), (Keys{"order:5", "order:3", "order:4", "order:1", "order:2"}));
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].id, all[i].id);
  EXPECT_EQ(keys_of(due(at(0), 0, 2)), (Keys{"order:5", "order:3"}));
  EXPECT_EQ(keys_of(due(at(0), all[1].id, 2)), (Keys{"order:4", "order:1"}));
  EXPECT_EQ(keys_of(due(at(0), all[3].id, 2)), Keys{"order:2"});
  EXPECT_EQ(due(at(0), all[4].id, 2).size(), 0u);

  ASSERT_TRUE(run(store->refund_later(all[0].id, at(9))));
  ASSERT_TRUE(run(store->refund_done(all[1].id, at(0))));
  EXPECT_EQ(keys_of(due(at(0), 0, 2)), (Keys{"order:4", "order:1"})) << "a page is full";
}

TEST_P(PaymentStoreContract, ARefundThatWasMadeIsNotDueAgain) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(add_refund(1, attempt, 1));
  ASSERT_TRUE(add_refund(2, attempt, 2));
  const std::int64_t made = due()[0].id;
  ASSERT_TRUE(run(store->refund_done(made, at(1))));
  EXPECT_EQ(keys_of(due(at(1'000))), Keys{"order:2"});
  // The other driver's failure, and its success, come after it.
  EXPECT_TRUE(run(store->refund_later(made, at(2))));
  EXPECT_EQ(keys_of(due(at(1'000))), Keys{"order:2"});
  EXPECT_TRUE(run(store->refund_done(made, at(3))));
  reopen();
  EXPECT_EQ(keys_of(due(at(1'000))), Keys{"order:2"});
}

TEST_P(PaymentStoreContract, ARefundThatFailedIsDueAtItsNextTry) {
  const Attempt attempt = charged(1);
  ASSERT_TRUE(add_refund(1, attempt, 1));
  const std::int64_t id = due()[0].id;
  for (std::int64_t tries = 1; tries <= 3; ++tries) {
    ASSERT_TRUE(run(store->refund_later(id, at(100 * tries))));
    reopen();
    EXPECT_EQ(due(at(100 * tries - 1)).size(), 0u);
    const auto again = due(at(100 * tries));
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].id, id);
    EXPECT_EQ(again[0].key, "order:1");
    EXPECT_EQ(again[0].tries, tries);
  }
  ASSERT_TRUE(run(store->refund_done(id, at(400))));
  EXPECT_EQ(due(at(1'000)).size(), 0u);
}

TEST_P(PaymentStoreContract, NoSuchRefundIsNothingToMark) {
  ASSERT_TRUE(add_refund(1, charged(1), 1));
  const std::int64_t id = due()[0].id;
  for (const std::int64_t none : {std::int64_t{-1}, std::int64_t{0}, id + 1}) {
    EXPECT_TRUE(run(store->refund_done(none, at(0))));
    EXPECT_TRUE(run(store->refund_later(none, at(9))));
  }
  ASSERT_EQ(due().size(), 1u);
  EXPECT_EQ(due()[0].tries, 0);
}

std::unique_ptr<PaymentStore> open_on_a_server(PaymentRows& rows) {
  if (!rows.server) rows.server = std::make_unique<TestDatabase>(DatabaseKind::mysql);
  return payment::make_sql_payment_store(rows.server->address(), make_null_log());
}

INSTANTIATE_TEST_SUITE_P(PaymentStores, PaymentStoreContract,
                         ::testing::Values(PaymentStoreKind{"sql",
                                                            [](PaymentRows& rows) {
                                                              return payment::make_sql_payment_store(
                                                                  rows.files.file("payment.sqlite"),
                                                                  make_null_log());
                                                            }},
                                           PaymentStoreKind{"mysql", open_on_a_server},
                                           PaymentStoreKind{"memory",
                                                            [](PaymentRows& rows) {
                                                              return simulation::make_memory_payment_store(
                                                                  rows.memory);
                                                            }}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace

}  // namespace buyme::test
