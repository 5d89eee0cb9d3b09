// Every kind of damage must be found under its name, and a shop in order passes.
#include "audit/audit.hpp"

#include <algorithm>
#include <fstream>

#include "audit/test_shop.hpp"

namespace buyme::audit {
namespace {

// Product 1 (10 units, 2 per buyer):
//   order 1 PENDING; 2 PAID by attempt 1 (2 units); 3 CANCELED after attempt 2 had paid it, and refunded; 4
//   EXPIRED; 5 PAYMENT_FAILED by attempt 3; 6 EXPIRED before attempt 4 came through, which was refunded.
// Product 2 (5 units, no limit): order 7 SHIPPED, paid by attempt 5; order 8 DELIVERED, 3 units paid by
// attempt 6, of
//   which one is to go back and one has come back and was refunded.
// Product 3 is a draft.
constexpr std::string_view product_rows = R"(
  INSERT INTO products(product_id, version, state, product_name, description, price, total_units,
                       product_type, created_by, created_at, body_hash) VALUES
    (1, 1, 2, 'cup', '', 100, 10, 1, 1, 1000, 0), (2, 1, 2, 'pen', '', 70, 5, 1, 1, 1000, 0),
    (3, 1, 1, 'hat', '', 30, 2, 1, 1, 1000, 0);)";
constexpr std::string_view order_rows = R"(
  INSERT INTO stock_ledger VALUES (1, 10, 4, 2, 9), (2, 5, 3, 3, 3);
  INSERT INTO sale_terms VALUES (1, 1, 1, 100, NULL, NULL, 2), (2, 1, 2, 70, NULL, NULL, NULL);
  INSERT INTO orders(order_id, user_id, status, amount, placed_at, hold_expires_at, paid_at, paid_attempt_id,
                     idempotency_key, body_hash) VALUES
    (1, 11, 1, 100, 1000, 9000, NULL, NULL, 'k1', 1), (2, 12, 4, 200, 1000, 9000, 2000, 1, 'k1', 2),
    (3, 13, 7, 100, 1000, 9000, 2000, 2, NULL, NULL), (4, 14, 8, 100, 1000, 1500, NULL, NULL, NULL, NULL),
    (5, 15, 3, 100, 1000, 9000, NULL, NULL, NULL, NULL), (6, 16, 8, 100, 1000, 1500, NULL, NULL, NULL, NULL),
    (7, 11, 5, 70, 1000, 9000, 2000, 5, NULL, NULL), (8, 12, 6, 210, 1000, 9000, 2000, 6, NULL, NULL);
  INSERT INTO order_items VALUES (1, 1, 1, 1, 100, 1, 1), (2, 2, 1, 2, 100, 1, 1), (3, 3, 1, 1, 100, 2, 1),
    (4, 4, 1, 1, 100, 2, 1), (5, 5, 1, 1, 100, 1, 1), (6, 6, 1, 1, 100, 2, 1), (7, 7, 2, 1, 70, 1, 0),
    (8, 8, 2, 1, 70, 1, 0), (9, 8, 2, 1, 70, 3, 0), (10, 8, 2, 1, 70, 4, 0);
  INSERT INTO purchase VALUES (1, 11, 1, 2, 1), (1, 12, 2, 2, 2), (1, 13, 0, 2, 3), (1, 15, 1, 2, 5);
  INSERT INTO refund_outbox VALUES (1, 3, 2, 100, 3000, 0), (2, 8, 6, 70, 3000, 10);)";
constexpr std::string_view payment_rows = R"(
  INSERT INTO payment_attempts(attempt_id, order_id, attempt_no, user_id, amount, state, open_order_id,
                               requested_at, finished_at, settlement) VALUES
    (1, 2, 1, 12, 200, 2, NULL, 1500, 1600, 1), (2, 3, 1, 13, 100, 2, NULL, 1500, 1600, 1),
    (3, 5, 1, 15, 100, 3, NULL, 1500, 1600, 2), (4, 6, 1, 16, 100, 2, NULL, 1400, 1600, 3),
    (5, 7, 1, 11, 70, 2, NULL, 1500, 1600, 1), (6, 8, 1, 12, 210, 2, NULL, 1500, 1600, 1);
  INSERT INTO refunds(refund_id, refund_key, order_id, attempt_id, amount, state, next_try_at, taken_at)
    VALUES
    (1, 'order:1', 3, 2, 100, 2, 0, 0), (2, 'late:4', 6, 4, 100, 2, 0, 0),
    (3, 'order:2', 8, 6, 70, 2, 0, 0);)";
constexpr std::string_view provider_rows = R"(
  INSERT INTO charges VALUES (1, 2, 200, 1, 1500), (2, 3, 100, 1, 1500), (3, 5, 100, 2, 1500),
    (4, 6, 100, 1, 1500), (5, 7, 70, 1, 1500), (6, 8, 210, 1, 1500);
  INSERT INTO refunds VALUES ('order:1', 2, 100, 2000), ('late:4', 4, 100, 2000),
    ('order:2', 6, 70, 2000);)";

// User 13 has ended, and nothing is left to do for him.
constexpr std::string_view user_rows = R"(
  INSERT INTO users(user_id, email, name, phone, address, password_hash, role, created_at, ended_at) VALUES
    (11, 'a@x.kr', 'A', '0', 'A', 'h', 'USER', 500, NULL),
    (12, 'b@x.kr', 'B', '0', 'A', 'h', 'USER', 500, NULL),
    (13, 'ended-13', '', '', '', '!', 'USER', 500, 3000),
    (15, 'd@x.kr', 'D', '0', 'A', 'h', 'USER', 500, NULL);
  INSERT INTO sessions VALUES ('s', 13, 500, 4100, 4100, 3000), ('t', 12, 500, 4100, 9000, NULL);)";

class AuditTest : public ShopTest {
 protected:
  void SetUp() override {
    ShopTest::SetUp();
    doctor(File::user, user_rows);
    doctor(File::product, product_rows);
    doctor(File::order, order_rows);
    doctor(File::payment, payment_rows);
    doctor(File::provider, provider_rows);
  }

  Report report() { return make_report(read_books(Snapshot(shop_), from_unix_ms(5'000))); }

  // The names of what was found, in their order.
  std::vector<std::string> found(Finding::Kind kind) {
    std::vector<std::string> checks;
    for (const Finding& finding : report().findings) {
      if (finding.kind == kind) checks.push_back(finding.check);
    }
    return checks;
  }
  std::vector<std::string> faults() { return found(Finding::Kind::fault); }
  std::vector<std::string> notes() { return found(Finding::Kind::note); }
};

using Names = std::vector<std::string>;

TEST_F(AuditTest, ShopInOrderPasses) {
  const Report result = report();
  EXPECT_TRUE(result.passed());
  EXPECT_TRUE(result.findings.empty()) << render_text(result);
  ASSERT_EQ(result.products.size(), 2u);
  const ProductSums& first = result.products[0];
  EXPECT_EQ(first.total, 10);
  EXPECT_EQ(first.free(), 6);
  EXPECT_EQ(first.held, 2);
  EXPECT_EQ(first.sold, 2);
  EXPECT_EQ(first.canceled, 1);
  EXPECT_EQ(first.expired, 2);
  EXPECT_EQ(result.products[1].sold, 3);
  EXPECT_EQ(result.products[1].returned, 1);
}

TEST_F(AuditTest, FreshShopPasses) {
  for (const char* table :
       {"refund_outbox", "purchase", "order_items", "orders", "sale_terms", "stock_ledger"}) {
    doctor(File::order, std::string("DELETE FROM ") + table);
  }
  doctor(File::product, "DELETE FROM products");
  doctor(File::payment, "DELETE FROM refunds; DELETE FROM payment_attempts");
  doctor(File::provider, "DELETE FROM refunds; DELETE FROM charges");
  EXPECT_TRUE(report().findings.empty());
}

TEST_F(AuditTest, UnpaidOrdersOfAnAccountThatEndsJustNowAreUnderWay) {
  doctor(File::user, R"(
    UPDATE users SET ended_at = 4500, name = '', phone = '', address = '', password_hash = '!',
                     email = 'ended-15' WHERE user_id = 15;
    INSERT INTO account_endings VALUES (15, 4500);)");
  EXPECT_TRUE(report().passed());
  EXPECT_EQ(notes(), Names{"accounts-ending"});
}

// Where callers are trusted, anybody may order and wish in the name of an account that is long gone.
TEST_F(AuditTest, OrdersAndWishesLongAfterAnEndAreNoFaultOfIt) {
  doctor(File::product, "INSERT INTO wishlist VALUES (1, 13, 1, '', 13000)");
  doctor(File::order,
         "UPDATE orders SET placed_at = 13000, hold_expires_at = 99000, user_id = 13 "
         "WHERE order_id = 5; DELETE FROM purchase WHERE user_id = 13; "
         "UPDATE purchase SET user_id = 13 WHERE user_id = 15");
  EXPECT_TRUE(report().findings.empty()) << render_text(report());
}

struct Damage {
  const char* name;
  File file;
  const char* sql;
  Names faults;
};

class DamageTest : public AuditTest, public testing::WithParamInterface<Damage> {};

TEST_P(DamageTest, IsFoundUnderItsName) {
  doctor(GetParam().file, GetParam().sql);
  const Report result = report();
  EXPECT_FALSE(result.passed());
  EXPECT_EQ(faults(), GetParam().faults) << render_text(result);
}

const Damage damages[] = {
    {"EndedAccountWithAName",
     File::user,
     "UPDATE users SET name = 'C' WHERE user_id = 13",
     {"ended-accounts"}},
    {"EndedAccountThatCanBeWrittenTo",
     File::user,
     "UPDATE users SET email = 'c@x.kr' WHERE user_id = 13",
     {"ended-accounts"}},
    {"EndedAccountWithASession",
     File::user,
     "UPDATE sessions SET ended_at = NULL WHERE user_id = 13",
     {"ended-accounts"}},
    {"EndedAccountWithAnUnpaidOrder",
     File::user,
     "UPDATE users SET ended_at = 4500, name = '', phone = '', address = '', password_hash = '!', "
     "email = 'ended-15' WHERE user_id = 15",
     {"orders-of-ended-accounts"}},
    {"EndedAccountWithAWish",
     File::product,
     "INSERT INTO wishlist VALUES (1, 13, 1, '', 2000)",
     {"wishes-of-ended-accounts"}},
    {"Oversold",
     File::order,
     "INSERT INTO orders SELECT 9, 20, 1, amount, placed_at, hold_expires_at, 0, NULL, NULL, 0, NULL, NULL, "
     "NULL, NULL "
     "FROM orders WHERE order_id = 7; INSERT INTO order_items VALUES (11, 9, 2, 1, 70, 1, 0)",
     {"ledger-against-items"}},
    {"UnitLost",
     File::order,
     "UPDATE stock_ledger SET committed = 5 WHERE product_id = 1",
     {"ledger-against-items"}},
    {"SoldWrong",
     File::order,
     "UPDATE stock_ledger SET sold = 3 WHERE product_id = 1",
     {"ledger-against-items"}},
    {"TotalTooSmall",
     File::order,
     "UPDATE stock_ledger SET total = 3 WHERE product_id = 1",
     {"file-damage", "ledger-bounds"}},
    {"LedgerGone",
     File::order,
     "DELETE FROM stock_ledger WHERE product_id = 2",
     {"file-damage", "ledger-against-items", "terms-without-ledger"}},
    {"PausedWithoutTerms",
     File::product,
     "UPDATE products SET state = 3 WHERE product_id = 3",
     {"selling-without-terms"}},
    {"TermsBehind",
     File::product,
     "UPDATE products SET version = 2 WHERE product_id = 1",
     {"terms-behind-catalogue"}},
    {"NotCounted",
     File::order,
     "UPDATE order_items SET counted = 0 WHERE order_item_id = 1; UPDATE purchase SET units = 0 WHERE "
     "user_id = 11",
     {"limit-not-counted"}},
    {"PurchaseWrong",
     File::order,
     "UPDATE purchase SET units = 1 WHERE user_id = 12",
     {"purchases-against-items"}},
    {"PurchaseMissing", File::order, "DELETE FROM purchase WHERE user_id = 12", {"purchases-against-items"}},
    {"PurchaseNotLowered",
     File::order,
     "UPDATE purchase SET units = 1 WHERE user_id = 13",
     {"purchases-against-items"}},
    {"AboveLimit",
     File::order,
     "UPDATE purchase SET cap = 1 WHERE user_id = 12",
     {"file-damage", "purchase-above-limit"}},
    {"OrderWithoutItems",
     File::order,
     "DELETE FROM order_items WHERE order_id = 4",
     {"orders-without-items"}},
    {"ItemWithoutOrder",
     File::order,
     "DELETE FROM orders WHERE order_id = 4",
     {"file-damage", "items-without-order"}},
    {"AmountWrong", File::order, "UPDATE order_items SET price = 99 WHERE order_id = 1", {"order-amounts"}},
    {"AmountTooLarge",
     File::order,
     "UPDATE order_items SET price = 9223372036854775807 WHERE order_id = 2",
     {"order-amounts"}},
    {"DeadItemInLiveOrder",
     File::order,
     "UPDATE order_items SET status = 2 WHERE order_id = 7; UPDATE stock_ledger SET committed = 2, sold = 2 "
     "WHERE "
     "product_id = 2",
     {"items-against-orders"}},
    {"LiveItemInDeadOrder",
     File::order,
     "UPDATE order_items SET status = 1 WHERE order_id = 4",
     {"items-against-orders"}},
    {"KeyTwice",
     File::order,
     "DROP INDEX orders_by_key; UPDATE orders SET user_id = 14, idempotency_key = 'k' WHERE order_id IN (4, "
     "6)",
     {"one-order-per-key"}},
    {"PaidWithoutTime",
     File::order,
     "UPDATE orders SET paid_at = NULL WHERE order_id = 2",
     {"paid-orders-against-attempts"}},
    {"PaidByAnothersAttempt",
     File::order,
     "UPDATE orders SET paid_attempt_id = 5 WHERE order_id = 2",
     {"paid-orders-against-attempts", "attempts-against-orders", "charged-for-nothing"}},
    {"UnpaidWithPayment",
     File::order,
     "UPDATE orders SET paid_at = 5 WHERE order_id = 1",
     {"paid-orders-against-attempts"}},
    {"AmountNotPaid",
     File::payment,
     "UPDATE payment_attempts SET amount = 20 WHERE attempt_id = 1",
     {"paid-orders-against-attempts", "provider-book"}},
    {"AttemptGone",
     File::payment,
     "DELETE FROM payment_attempts WHERE attempt_id = 1",
     {"paid-orders-against-attempts", "provider-book"}},
    {"CanceledWithoutRefund",
     File::order,
     "DELETE FROM refund_outbox WHERE order_id = 3",
     {"canceled-without-refund"}},
    {"ReturnedWithoutRefund",
     File::order,
     "DELETE FROM refund_outbox WHERE order_item_id = 10",
     {"returned-without-refund"}},
    {"ReturnedForLess",
     File::order,
     "UPDATE order_items SET quantity = 2, price = 35 WHERE order_item_id = 10; UPDATE refund_outbox SET "
     "amount = 35"
     " WHERE order_item_id = 10",
     {"returned-without-refund", "refunds-lost"}},
    {"RefundOfWhatWasNotReturned",
     File::order,
     "UPDATE refund_outbox SET order_item_id = 8 WHERE order_item_id = 10",
     {"returned-without-refund", "refunds-for-nothing"}},
    {"RefundOfALivingOrder",
     File::order,
     "INSERT INTO refund_outbox VALUES (3, 2, 1, 200, NULL, 0)",
     {"refunds-for-nothing"}},
    {"ReturnBeforeDelivery",
     File::order,
     "UPDATE order_items SET status = 3 WHERE order_id = 7",
     {"items-against-orders"}},
    {"ReturnStillInTheLedger",
     File::order,
     "UPDATE stock_ledger SET committed = 4, sold = 4 WHERE product_id = 2",
     {"ledger-against-items"}},
    {"AttemptWithoutOrder",
     File::payment,
     "UPDATE payment_attempts SET order_id = 99 WHERE attempt_id = 3",
     {"attempts-without-order", "provider-book"}},
    {"LateChargeKept",
     File::payment,
     "DELETE FROM refunds WHERE refund_key = 'late:4'",
     {"attempts-against-orders"}},
    {"AttemptGivenUp",
     File::payment,
     "UPDATE payment_attempts SET state = 4 WHERE attempt_id = 3",
     {"attempts-against-orders"}},
    {"ChargedTwice", File::provider, "INSERT INTO charges VALUES (7, 2, 200, 1, 1500)", {"provider-book"}},
    {"TooMuchGivenBack",
     File::provider,
     "UPDATE refunds SET amount = 101 WHERE refund_key = 'late:4'",
     {"provider-book"}},
    {"WrongSumCharged",
     File::provider,
     "UPDATE charges SET amount = 201 WHERE charge_key = 1",
     {"provider-book"}},
    {"SuccessWithoutCharge",
     File::provider,
     "UPDATE charges SET outcome = 2 WHERE charge_key = 1",
     {"attempts-against-provider"}},
    {"FailureWithCharge",
     File::provider,
     "UPDATE charges SET outcome = 1 WHERE charge_key = 3",
     {"charged-for-nothing", "attempts-against-provider"}},
    {"RefundLost", File::payment, "DELETE FROM refunds WHERE refund_key = 'order:1'", {"refunds-lost"}},
    {"RefundNotGiven",
     File::provider,
     "DELETE FROM refunds WHERE refund_key = 'late:4'",
     {"refunds-not-given"}},
};

INSTANTIATE_TEST_SUITE_P(Audit, DamageTest, testing::ValuesIn(damages),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_F(AuditTest, TwoChargesKeptForOneOrderAreFound) {
  doctor(
      File::payment,
      "INSERT INTO payment_attempts(attempt_id, order_id, attempt_no, user_id, amount, state, requested_at, "
      "settlement) VALUES (7, 2, 2, 12, 200, 2, 1500, 1)");
  doctor(File::provider, "INSERT INTO charges VALUES (7, 2, 200, 1, 1500)");
  EXPECT_EQ(faults(), (Names{"attempts-against-orders", "charged-twice", "charged-for-nothing"}));
}

TEST_F(AuditTest, UnreadableFileIsFound) {
  const std::string path = shop_ / "provider.sqlite";
  {
    const db::Sqlite database(path, db::Access::read_write);
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  // All of the file behind its first page, which holds the schema.
  constexpr std::size_t page = 4096;
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(page);
  file << std::string(size - page, '\xff');
  file.close();
  const auto named = faults();
  ASSERT_FALSE(named.empty());
  EXPECT_EQ(named.front(), "file-damage");
}

TEST_F(AuditTest, WhatIsUnderWayIsNotedAndPasses) {
  // Order 1 lapsed a moment ago; its payment was charged and nobody has been told yet.
  doctor(File::order, "UPDATE orders SET hold_expires_at = 4999 WHERE order_id = 1");
  doctor(
      File::payment,
      "INSERT INTO payment_attempts(attempt_id, order_id, attempt_no, user_id, amount, state, open_order_id, "
      "requested_at) VALUES (7, 1, 1, 11, 100, 1, 1, 1500)");
  doctor(File::provider, "INSERT INTO charges VALUES (7, 1, 100, 1, 1500)");
  // The refund of order 3 has not left the order service.
  doctor(File::order, "UPDATE refund_outbox SET delivered_at = NULL");
  doctor(File::payment, "DELETE FROM refunds WHERE refund_key = 'order:1'");
  doctor(File::provider, "DELETE FROM refunds WHERE refund_key = 'order:1'");
  EXPECT_TRUE(report().passed()) << render_text(report());
  EXPECT_EQ(notes(), (Names{"open-attempts", "pending-refunds", "lapsed-holds"}));
}

TEST(AuditOfGates, ADifferenceIsNotedAndPasses) {
  Books books;
  books.ledgers = {{ProductId{1}, 10, 3, 0}, {ProductId{2}, 5, 5, 0}};
  books.gate_read = Books::GateRead::read;
  books.gate = {{ProductId{1}, 7}, {ProductId{2}, 0}};
  const auto about_the_gate = [&] {
    Names names;
    for (const Finding& finding : make_report(books).findings) {
      if (!finding.check.starts_with("gate")) continue;
      EXPECT_EQ(finding.kind, Finding::Kind::note);
      names.insert(names.end(), finding.check);
    }
    return names;
  };
  EXPECT_EQ(about_the_gate(), Names{});
  books.gate[0].free = 8;
  EXPECT_EQ(about_the_gate(), Names{"gate-against-ledger"});
  books.gate.clear();
  books.gate_read = Books::GateRead::away;
  EXPECT_EQ(about_the_gate(), Names{"gate-away"});
}

TEST_F(AuditTest, RefundThatIsTakenAndNotYetMadeIsNoted) {
  doctor(File::payment, "UPDATE refunds SET state = 3");
  doctor(File::provider, "DELETE FROM refunds");
  EXPECT_EQ(faults(), Names{});
  EXPECT_EQ(notes(), Names{"pending-refunds"});
}

TEST_F(AuditTest, ReportNamesTheFirstAndCountsAll) {
  doctor(File::order, "UPDATE orders SET amount = amount + 1");
  const Report result = report();
  const auto finding = std::ranges::find(result.findings, "order-amounts", &Finding::check);
  ASSERT_NE(finding, result.findings.end());
  EXPECT_EQ(finding->count, 8);
  EXPECT_TRUE(finding->detail.ends_with("; and 3 more")) << finding->detail;
  EXPECT_NE(render_text(result).find("FAULT order-amounts (8): order 1 says 101, its items 100"),
            std::string::npos);
  EXPECT_NE(render_json(result).find("\"passed\":false"), std::string::npos);
}

}  // namespace
}  // namespace buyme::audit
