// What the order writer is asked to do, and what it answers. A command owns its data: a client that goes away
// changes nothing.
#pragma once

#include <boost/asio/async_result.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/limits.hpp"
#include "order/api.hpp"
#include "order/states.hpp"

namespace buyme::order {

struct OrderLine {
  ProductId product;
  Units quantity = 0;
};

// Lines are merged (each product once) and ascending by product.
struct PlaceOrder {
  UserId user;
  std::vector<OrderLine> lines;
  std::string key;             // Idempotency-Key; empty: none
  std::int64_t body_hash = 0;  // of what was asked, to tell a repeat from a misuse of the key
};

struct MoveOrder {
  OrderId order;
  OrderEvent event = OrderEvent::cancel;
  Caller caller;  // must own the order, or be admin (cancel); the shop itself: known admin with user 0
  bool attempting = false;  // enter_payment for an attempt: extends the hold once
  AttemptRef attempt;       // payment_succeeded, payment_failed
};

struct PutTerms {
  TermsUpdate update;
};

// A part of a delivered order is to go back.
struct RequestReturn {
  OrderItemId item;
  Caller caller;                  // must own the order
  std::optional<Units> quantity;  // all of the item's when not given
  std::string reason;
  std::string key;             // Idempotency-Key; empty: none
  std::int64_t body_hash = 0;  // of what was asked, to tell a repeat from a misuse of the key
};

// The part has come back: its money is owed.
struct CompleteReturn {
  OrderItemId item;
  Caller caller;         // an admin
  bool restock = false;  // its units are sold again; else they leave the total
};

// What was paid before `ship_before` is SHIPPED, what is SHIPPED and was paid before `deliver_before` is
// DELIVERED; at most `limit` orders each, so that no transaction is long.
struct AdvanceShipping {
  Time ship_before;
  Time deliver_before;
  std::size_t limit = 0;
};

// Refunds of the outbox that the payment service has taken over.
struct MarkRefundsDelivered {
  std::vector<RefundId> refunds;
};

// Asks for nothing but a round: where other servers sell the same products, a round reads ledgers that are
// older than this.
struct RefreshLedgers {
  std::chrono::nanoseconds older_than = limits::ledger_refresh;
};

struct Answer {
  Order order;                                               // after the command; empty for terms and refunds
  OrderItemId item;                                          // of returns: the part that goes back
  std::size_t moved = 0;                                     // orders that AdvanceShipping moved
  bool replayed = false;                                     // the key had placed this order before
  PaymentSettlement settlement = PaymentSettlement::failed;  // of payment results
};

using Outcome = Result<Answer>;

struct Command {
  using What = std::variant<PlaceOrder, MoveOrder, RequestReturn, CompleteReturn, AdvanceShipping, PutTerms,
                            MarkRefundsDelivered, RefreshLedgers>;
  using Waiter = asio::async_result<asio::use_awaitable_t<Executor>, void(Outcome)>::handler_type;

  What what;
  Monotonic arrived;
  std::size_t home = 0;      // the inlet whose executor the waiting coroutine lives on
  OrderId order_id;          // once assigned it stays, however often the command is decided
  OrderItemId item_id;       // likewise: of the part that a return splits off
  bool may_be_done = false;  // by a round that took unheard; it is decided again to learn the answer
  std::optional<Outcome> outcome;
  std::optional<Waiter> waiter;

  bool is_placement() const { return std::holds_alternative<PlaceOrder>(what); }
};

using CommandPtr = std::unique_ptr<Command>;

}  // namespace buyme::order
