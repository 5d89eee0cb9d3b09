// Judges a sale from the outside: what the buyers were told against what the shop shows afterwards.
//
// A pure function, so that the rehearsal, the chaos tests and a simulation share one definition of a sale
// that adds up. It trusts neither side: sums are recounted from the orders, and an order that nobody was told
// of is as wrong as a 201 whose order is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/money.hpp"

namespace buyme::drop {

// An order as the shop sent it, in an answer or in its list.
// All that an order has of one product: what is returned in parts is one item here.
struct SeenItem {
  std::int64_t product_id = 0;
  Units quantity = 0;
  Money price = 0;
  Units returned = 0;  // of `quantity`
};
struct SeenOrder {
  std::int64_t order_id = 0;
  std::int64_t user_id = 0;
  Money amount = 0;
  std::string status;  // "PENDING"
  std::string placed_at;
  std::optional<Time> hold_expires_at;
  std::vector<SeenItem> items;

  // Keeps them ascending by product; parts of one product become one.
  void add_item(const SeenItem& part);
};

enum class Outcome : std::uint8_t {
  unanswered,  // no final answer: the order may or may not exist
  ordered,
  sold_out,
  limit_exceeded,
  refused,  // any other final answer
};

enum class PaymentSeen : std::uint8_t {
  not_tried,
  paid,
  declined,   // the last answer was 402
  refunded,   // 409 PAYMENT_REFUNDED: it came too late
  undecided,  // never a final answer
  refused,    // any other final answer
};

// One product of an order as asked for; each product once.
struct WantedLine {
  std::int64_t product_id = 0;
  Units quantity = 1;
};

// All that was answered to one Idempotency-Key, or to one click without a key.
struct Attempt {
  std::string key;  // empty: the buyer sent none
  std::int64_t user_id = 0;
  std::vector<WantedLine> lines;  // ascending by product
  Outcome outcome = Outcome::unanswered;
  bool gave_up = false;  // went away of his own will: `unanswered` is then no offence of the shop
  // To one of its requests: that one may have placed the order, or may yet, whatever another was told.
  bool answer_lost = false;
  std::vector<SeenOrder> orders;  // one for each answer that carried an order
  int sold_out_answers = 0;
  std::string refusal;  // of the last refusal: status and code, or the code ("SALE_CLOSED")
  PaymentSeen payment = PaymentSeen::not_tried;
  std::string payment_refusal;
  bool may_be_canceled = false;  // he or the merchant asked for a cancel whose answer may have been lost
  bool canceled = false;         // he was told that the order is CANCELED: it must be
  bool may_be_paid = false;      // he tried to pay and never saw the answer
};

struct Observed {
  std::vector<Attempt> attempts;
};

struct StockLevel {
  Units total = 0;
  Units available = 0;
  Units held = 0;
  Units sold = 0;
  bool sold_out = false;
  Units committed() const { return held + sold; }
  bool operator==(const StockLevel&) const = default;
};

// What the buyer got who asked for his order once more; no order: it could not be read.
struct ReadBack {
  std::int64_t order_id = 0;
  std::optional<SeenOrder> order;
  std::string problem;
};

struct ProductView {
  std::int64_t product_id = 0;
  Units per_user_limit = 0;  // 0: none
  StockLevel before;         // when the first buyer clicked
  StockLevel stock;          // when all was over
  // Total, limit, window or state were changed during the sale: demanded is then only what holds whatever the
  // merchant does.
  bool terms_changed = false;
};

struct ShopView {
  std::vector<ProductView> products;  // ascending by product
  std::vector<SeenOrder> earlier;     // orders of these products from before the sale, as they are now
  std::vector<SeenOrder> orders;      // orders of these products from the sale
  std::vector<ReadBack> read_back;
  Time read_at{};
  Milliseconds clock_tolerance{2'000};  // between the shop's clock and ours
};

struct Check {
  std::string name;
  bool passed = false;
  std::string detail;  // the numbers, and when it failed the first offenders
};

// Every check, in the order in which they are best read. With several products each tells of all of them.
std::vector<Check> check(const Observed& clients, const ShopView& shop);

// PENDING, PAYMENT_ENTERED, PAYMENT_FAILED
bool is_unpaid(std::string_view order_status);
// PAID, SHIPPED, DELIVERED
bool is_paid(std::string_view order_status);

}  // namespace buyme::drop
