#include "payment/records.hpp"

#include <gtest/gtest.h>

#include "core/log.hpp"
#include "db/sqlite.hpp"
#include "support/temp_dir.hpp"

namespace buyme::payment {
namespace {

class PaymentReadsTest : public testing::Test {
 protected:
  void execute(std::string_view sql) { db::Sqlite(path, db::Access::read_write).execute(sql); }

  test::TempDir place;
  std::string path = place.file("payment.sqlite");
  std::unique_ptr<PaymentReads> reads = make_sql_payment_reads(path, 1, make_null_log());
};

// Order 1: declined, then paid; a part was refunded and a part could not be yet. Order 2: nobody knows. Order
// 3: charged, and not told.
constexpr std::string_view rows = R"(
  INSERT INTO payment_attempts VALUES
    (1, 1, 1, 7, 500, 3, NULL, 1000, 1100, 2), (2, 1, 2, 7, 500, 2, NULL, 2000, 2100, 1),
    (3, 2, 1, 8, 900, 4, 2, 3000, NULL, NULL), (4, 3, 1, 9, 100, 2, 3, 4000, 4100, NULL);
  INSERT INTO refunds VALUES
    (1, 'order:1', 1, 2, 200, 2, 1, 0, 5000, 5100), (2, 'order:2', 1, 2, 100, 3, 4, 0, 6000, NULL);)";

TEST_F(PaymentReadsTest, ShowsAttemptsAndRefundsOfAnOrder) {
  execute(rows);
  const auto payments = reads->of_order(OrderId{1});
  ASSERT_TRUE(payments.has_value());
  ASSERT_EQ(payments->attempts.size(), 2u);
  const AttemptRecord& declined = payments->attempts[0];
  EXPECT_EQ(declined.attempt.number, 1);
  EXPECT_EQ(declined.attempt.state, AttemptState::failed);
  EXPECT_EQ(declined.attempt.settlement, order::PaymentSettlement::failed);
  EXPECT_FALSE(declined.attempt.open);
  EXPECT_EQ(declined.requested_at, from_unix_ms(1'000));
  EXPECT_EQ(declined.finished_at, from_unix_ms(1'100));
  EXPECT_EQ(payments->attempts[1].attempt.settlement, order::PaymentSettlement::paid);
  ASSERT_EQ(payments->refunds.size(), 2u);
  EXPECT_EQ(payments->refunds[0].state, RefundState::done);
  EXPECT_EQ(payments->refunds[0].finished_at, from_unix_ms(5'100));
  EXPECT_EQ(payments->refunds[1].state, RefundState::retry);
  EXPECT_EQ(payments->refunds[1].tries, 4);
  EXPECT_EQ(payments->refunds[1].amount, 100);
  EXPECT_FALSE(payments->refunds[1].finished_at);
  EXPECT_TRUE(reads->of_order(OrderId{9})->attempts.empty());
}

TEST_F(PaymentReadsTest, AttentionIsForWhatHasBeenOpenForTooLong) {
  execute(rows);
  const auto attention = reads->attention(from_unix_ms(10'000), 10);
  ASSERT_TRUE(attention.has_value());
  ASSERT_EQ(attention->unknown.size(), 1u);
  EXPECT_EQ(attention->unknown[0].attempt.order, OrderId{2});
  ASSERT_EQ(attention->charged.size(), 1u);
  EXPECT_EQ(attention->charged[0].attempt.order, OrderId{3});
  ASSERT_EQ(attention->refunds.size(), 1u);
  EXPECT_EQ(attention->refunds[0].id, 2);
  const auto younger = reads->attention(from_unix_ms(3'000), 10);
  EXPECT_TRUE(younger->unknown.empty() && younger->charged.empty() && younger->refunds.empty());
  EXPECT_TRUE(reads->attention(from_unix_ms(10'000), 0)->unknown.empty());
}

}  // namespace
}  // namespace buyme::payment
