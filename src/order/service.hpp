// The order service: what a buyer can do with an order, and what the other services ask of it. Every change
// goes through the order writer; reads go to the read pool; stock is read from the board.
//
// Thread safety: the awaitables may run on any executor that the writer knows as a home.
#pragma once

#include <atomic>
#include <memory>

#include "core/calendar.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "db/lease.hpp"
#include "order/api.hpp"
#include "order/stock_board.hpp"
#include "order/writer.hpp"
#include "payment/api.hpp"

namespace buyme::order {

struct PlaceRequest {
  UserId user;
  std::vector<OrderLine>
      lines;  // as sent: at most limits::max_order_lines, each quantity positive and bounded
  std::string key;
};

struct Placed {
  Order order;
  bool replayed = false;
};

struct ReturnOrder {
  OrderItemId item;
  std::optional<Units> quantity;  // all of the item's when not given; positive
  std::string reason;
  std::string key;
};

struct Returned {
  Order order;
  OrderItemId item;  // the part that goes back: the item itself, or a new one split off from it
  bool replayed = false;
};

// Orders asked for, by outcome.
struct PlacementCounts {
  Counter placed, replayed;
  std::array<Counter, error_count> refused;  // by Error
  Counter by_flag;                           // of the refused: sold out, told without the queue

  void refuse(Error error) { refused[static_cast<std::size_t>(error)].add(); }
};

class OrderService final : public OrderApi {
 public:
  // Orders are placed by `placer`, or by the writer when none is given.
  OrderService(OrderWriter& writer, OrderStore& store, OrderReads& reads, StockBoard& board, Clock& clock,
               Log log, Placer* placer = nullptr);

  // Errors: invalid, idempotency_mismatch, sale_not_open, sale_closed, sale_paused, limit_exceeded, sold_out,
  // overloaded, store_unavailable, shutting_down.
  Awaitable<Result<Placed>> place(PlaceRequest request);
  Awaitable<Result<Order>> cancel(OrderId order, Caller caller);

  // A part of a delivered order is to go back. Errors: not_found, illegal_state naming `state`, invalid
  // (quantity), idempotency_mismatch, overloaded, store_unavailable, outcome_unknown, shutting_down.
  Awaitable<Result<Returned>> request_return(ReturnOrder wanted, Caller caller);
  // It has come back: its money is owed; with `restock` its units are sold again, else they leave the total.
  // For an admin. Errors as above.
  Awaitable<Result<Returned>> complete_return(OrderItemId item, Caller caller, bool restock);

  // Who moved it when and why, oldest first. Errors: not_found.
  Awaitable<Result<std::vector<OrderStep>>> history(OrderId order, Caller caller);
  // Newest first; who is no admin gets his own, whatever user the query names.
  Awaitable<Result<OrderPage>> list(Caller caller, OrderQuery query);

  const StockBoard& board() const { return board_; }
  const PlacementCounts& placements() const { return placements_; }

  Awaitable<Result<Order>> get(OrderId order, Caller caller, Trace trace = {}) override;
  Awaitable<Result<void>> put_terms(TermsUpdate update, Trace trace = {}) override;
  Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit, Trace trace = {}) override;
  Awaitable<Result<void>> cancel_unpaid(UserId user, Trace trace = {}) override;
  Awaitable<Result<StockLevel>> stock(ProductId product, Trace trace = {}) override;
  Awaitable<Result<std::vector<StockLevel>>> stock(std::vector<ProductId> products,
                                                   Trace trace = {}) override;
  Awaitable<Result<PaymentTicket>> enter_payment(OrderId order, Caller caller, bool attempting,
                                                 Trace trace = {}) override;
  Awaitable<Result<PaymentSettlement>> settle_payment(OrderId order, AttemptRef attempt, bool succeeded,
                                                      Trace trace = {}) override;

  // Jobs, for as long as the executor runs. They belong on the writer's executor (they read its store).
  // Each asks its lease before each pass: of several servers one does it. What two do at once all the same is
  // done once, by the conditions of rule 1.
  // run_expiry gives back the units of lapsed holds, run_refund_delivery hands the outbox over.
  Awaitable<void> run_expiry(db::JobLease& lease = db::sole_server());
  Awaitable<void> run_refund_delivery(payment::PaymentApi& payments, db::JobLease& lease = db::sole_server());
  Awaitable<void> run_shipping(const Calendar& calendar, db::JobLease& lease = db::sole_server());

  // What was paid on an earlier day than that of `as_of` is SHIPPED (D+1), what was paid before the day
  // before is DELIVERED (D+2). In chunks; right when run twice. Answers how many moves were made. Errors:
  // overloaded, store_unavailable, outcome_unknown, shutting_down: what is left to do is done by the next
  // call.
  Awaitable<Result<std::int64_t>> advance_shipping(const Calendar& calendar, Time as_of);

 private:
  std::optional<Failure> refused_at_once(const PlaceOrder& order) const;
  Awaitable<void> hear_of_new_products();

  OrderWriter& writer_;
  Placer& placer_;
  OrderStore& store_;
  OrderReads& reads_;
  StockBoard& board_;
  Clock& clock_;
  Log log_;
  PlacementCounts placements_;
  std::atomic<bool> reading_{false};  // the ledgers, for products that are not known here
  std::atomic<std::uint64_t> readings_begun_{0}, readings_ended_{0};
  std::optional<Event> expiry_answered_;  // not in the job's own frame, which it would keep alive for ever
};

// Lines of one product become one, ascending by product: the form in which orders are compared and decided.
std::vector<OrderLine> merge_lines(std::vector<OrderLine> lines);

}  // namespace buyme::order
