// The order service's only public door: what other services may ask of it. Local in one process, over HTTP in
// the split shape, behind fault-injecting decorators in the simulation.
//
// The order service owns the stock (ledger), the terms of each sale, the orders and their items.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/caller.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/money.hpp"
#include "core/result.hpp"
#include "core/trace.hpp"

namespace buyme::order {

// What the database stores as an integer: never renumber.
enum class OrderStatus : std::uint8_t {
  pending = 1,
  payment_entered = 2,
  payment_failed = 3,
  paid = 4,
  shipped = 5,
  delivered = 6,
  canceled = 7,
  expired = 8,
};
std::string_view to_string(OrderStatus status);  // "PENDING"

// What the database stores as an integer: never renumber. An item without a fate of its own shares its
// order's: it is stored as `ordered` and shown as ORDERED, SHIPPED or DELIVERED.
enum class ItemStatus : std::uint8_t { ordered = 1, canceled = 2, return_requested = 3, returned = 4 };
std::string_view to_string(ItemStatus status, OrderStatus order);

struct OrderItem {
  OrderItemId id;
  ProductId product;
  Units quantity = 0;
  Money price = 0;  // of one unit, as it was when the order was placed
  ItemStatus status = ItemStatus::ordered;
  bool counted = false;  // in the purchase row of a per-user limit
};

struct Order {
  OrderId id;
  UserId user;
  Time placed_at;
  Money amount = 0;
  OrderStatus status = OrderStatus::pending;
  Time hold_expires_at;
  std::optional<Time> paid_at;
  std::vector<OrderItem> items;
};

enum class SaleState : std::uint8_t { active = 1, paused = 2, archived = 3 };

// The terms under which a product sells. Written by the product service, kept beside the ledger so that no
// call leaves the order service while an order is placed.
struct SaleTerms {
  ProductId product;
  std::int64_t version = 0;  // of the product; an older version than the stored one changes nothing
  SaleState state = SaleState::active;
  Money price = 0;
  std::optional<Time> opens_at;
  std::optional<Time> closes_at;
  std::optional<Units> per_user_limit;
};

// What the merchant wants of a product.
struct TermsUpdate {
  SaleTerms terms;
  std::optional<Units> total;  // units for sale from now on, those sold included; a new product must say
  Units delta = 0;             // or by how many there are to be more; negative: fewer
  UserId actor;                // who wants it, and why: kept in the stock history when the total changes
  std::string reason;
};

// A change of a product's total.
struct StockChange {
  std::int64_t id = 0;  // ascending
  Time at;
  Units old_total = 0;
  Units new_total = 0;
  UserId actor;  // 0: the shop itself
  std::string reason;
};

// A step in the life of an order or of one of its items.
struct OrderStep {
  Time at;
  OrderItemId item;           // 0: of the order as a whole
  std::string_view from, to;  // "PENDING"; of an item "RETURNED"
  UserId actor;               // 0: the shop itself
  std::string reason;
};

struct StockLevel {
  ProductId product;
  Units total = 0;
  Units held = 0;
  Units sold = 0;
  std::int64_t version = 0;  // of the ledger: grows with every change
  Units available() const { return total - held - sold; }
};

// A payment attempt as the order sees it. `number` counts 1, 2, 3 within one order, so that a result that
// arrives again, or late, is told from a new one.
struct AttemptRef {
  AttemptId id;
  std::int64_t number = 0;
};

struct PaymentTicket {
  OrderId order;
  UserId user;
  Money amount = 0;
  Time hold_expires_at;
};

enum class PaymentSettlement : std::uint8_t {
  paid,      // the order is PAID by this attempt (now or by an earlier delivery of the same result)
  failed,    // the order is PAYMENT_FAILED, or this failure was known already
  too_late,  // the order is no longer payable, or PAID by another attempt: give the money back
};

// Every call names the request that it is made for, if there is one.
class OrderApi {
 public:
  virtual ~OrderApi() = default;

  // Creates or changes the terms and the ledger row of a product. Idempotent: a version that is not newer
  // changes nothing and is success. Errors: illegal_state when the total would fall below the committed units
  // (member `committed`) or rise above limits::max_total_units; overloaded, store_unavailable,
  // outcome_unknown: repeat.
  virtual Awaitable<Result<void>> put_terms(TermsUpdate update, Trace trace = {}) = 0;

  // Changes of the total, newest first, with ids below `before` when given.
  virtual Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                                    std::optional<std::int64_t> before,
                                                                    std::size_t limit, Trace trace = {}) = 0;

  // Cancels what an account that ends has not paid. Idempotent. Errors: overloaded, store_unavailable,
  // outcome_unknown, shutting_down: some may be canceled; repeat.
  virtual Awaitable<Result<void>> cancel_unpaid(UserId user, Trace trace = {}) = 0;

  // At least as new as any answer this server has sent. not_found for a product without terms.
  virtual Awaitable<Result<StockLevel>> stock(ProductId product, Trace trace = {}) = 0;
  virtual Awaitable<Result<std::vector<StockLevel>>> stock(std::vector<ProductId> products,
                                                           Trace trace = {}) = 0;  // skips unknown

  // Moves an order of `caller` into payment (a repeat succeeds). With `attempting`, the first time extends
  // the hold once by the payment grace. Errors: not_found (also for somebody else's order), illegal_state
  // naming `state`, overloaded, store_unavailable, outcome_unknown, shutting_down.
  virtual Awaitable<Result<PaymentTicket>> enter_payment(OrderId order, Caller caller, bool attempting,
                                                         Trace trace = {}) = 0;

  // Tells the result of an attempt; idempotent. Errors: not_found, overloaded, store_unavailable,
  // outcome_unknown.
  virtual Awaitable<Result<PaymentSettlement>> settle_payment(OrderId order, AttemptRef attempt,
                                                              bool succeeded, Trace trace = {}) = 0;

  // The order as `caller` may see it; not_found otherwise.
  virtual Awaitable<Result<Order>> get(OrderId order, Caller caller, Trace trace = {}) = 0;
};

}  // namespace buyme::order
