// The ports to the order database. One transaction per round: the writer hands over a plan, the store applies
// it whole or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "order/command.hpp"
#include "order/states.hpp"

namespace buyme::order {

// The books of one product. committed = held + sold.
struct Ledger {
  ProductId product;
  std::int64_t version = 0;
  Units total = 0;
  Units committed = 0;
  Units sold = 0;
  Units available() const { return total - committed; }
  bool operator==(const Ledger&) const = default;
};

// An order with what only the writer needs to know of it.
struct OrderRow {
  Order order;
  bool hold_extended = false;
  AttemptId paid_attempt;
  std::int64_t settled_attempt_no = 0;
};

// The order of an item, and what an earlier request with the same key asked to return of it.
struct ReturnRow {
  OrderRow order;
  struct Kept {
    OrderItemId item;
    std::int64_t body_hash = 0;
  };
  std::optional<Kept> kept;
};

// --- what a round wants to know before it decides

struct Questions {
  struct Key {
    UserId user;
    std::string_view key;
  };
  struct Limit {
    ProductId product;
    UserId user;
  };
  std::vector<Key> keys;
  std::vector<Limit> limits;
  struct Return {
    OrderItemId item;
    std::string_view key;  // empty: none
  };
  std::vector<OrderId> orders;
  std::vector<Return> returns;
  bool empty() const { return keys.empty() && limits.empty() && orders.empty() && returns.empty(); }
};

// The answers, each at the position of its question.
struct Known {
  struct KeptOrder {
    Order order;
    std::int64_t body_hash = 0;
  };
  struct LimitRow {
    Units units = 0;
    OrderId open_order;  // the buyer's newest order that is counted, while it is unpaid: the one to resume
  };
  std::vector<std::optional<KeptOrder>> keys;
  std::vector<LimitRow> limits;
  std::vector<std::optional<OrderRow>> orders;
  std::vector<std::optional<ReturnRow>> returns;
};

// --- what a round writes

struct Stamp {
  std::int64_t writer = 0;  // a fresh number at each start
  std::int64_t seq = 0;     // of the round
};

struct NewOrder {
  const Order* order = nullptr;  // lives in its command until the commit is over
  std::string_view key;
  std::int64_t body_hash = 0;
};

// Applied only where the order still is as it was read (status, hold_extended and settled_attempt_no are its
// version). The store computes from the rows it stamped what the ledger and the limits get back.
struct OrderMove {
  OrderId order;
  OrderStatus from = OrderStatus::pending;
  bool was_extended = false;
  std::int64_t was_settled_attempt_no = 0;

  OrderStatus to = OrderStatus::pending;
  Time hold_expires_at;
  bool hold_extended = false;
  std::int64_t settled_attempt_no = 0;
  std::optional<Time> paid_at;
  AttemptId paid_attempt;

  UserId actor;
  std::string reason;
  Money refund = 0;  // written to the outbox in the same transaction when positive

  bool gives_back() const { return is_dead(to); }                                   // its units
  bool changes_ledgers() const { return gives_back() || to == OrderStatus::paid; }  // of its items' products
};

// Refused when the product's terms are not of `terms_version` any more: another server may have set a limit
// or paused the sale since they were read.
struct LedgerRaise {
  ProductId product;
  Units units = 0;
  std::int64_t terms_version = 0;
};

// Applied only where the item is as it was read: ordered, of `item_quantity`.
struct ReturnRequest {
  OrderId order;
  OrderItemId item;
  Units item_quantity = 0;
  Units quantity = 0;
  OrderItemId part;  // the number of the part that is split off; `item` itself when all of it goes back
  UserId actor;
  std::string reason;
  std::string key;
  std::int64_t body_hash = 0;
};

// Applied only where the item is as it was read: return_requested.
struct ReturnCompletion {
  OrderId order;
  OrderItemId item;
  ProductId product;
  bool restock = false;
  AttemptId paid_attempt;
  UserId actor;
  Money refund = 0;  // written to the outbox in the same transaction when positive
};

struct LimitRaise {
  ProductId product;
  UserId user;
  Units units = 0;
  Units cap = 0;
  OrderId last_order;
};

// Refused when the stored terms are not of `old_version` any more (0: there are none). The total is computed
// from the stored one.
struct TermsChange {
  TermsUpdate update;
  std::int64_t old_version = 0;
  bool starts_limit = false;  // the product sold without a limit until now: count what its buyers hold
};

struct Plan {
  Stamp stamp;
  Time now;
  std::vector<NewOrder> orders;
  std::vector<LedgerRaise> raises;             // ascending by product, each once
  std::vector<LimitRaise> limits;              // ascending by (product, user)
  std::vector<OrderMove> moves;                // ascending by order, each once
  std::vector<ReturnRequest> return_requests;  // of an order at most one, or one completion
  std::vector<ReturnCompletion> return_completions;
  std::optional<AdvanceShipping> shipping;  // applied after the moves
  std::vector<TermsChange> terms;           // ascending by product, each once
  std::vector<RefundId> delivered_refunds;
  bool empty() const {
    return orders.empty() && moves.empty() && return_requests.empty() && return_completions.empty() &&
           !shipping && terms.empty() && delivered_refunds.empty();
  }
};

struct Committed {
  std::vector<Ledger> ledgers;     // every ledger that the transaction touched, as committed
  std::vector<OrderId> not_moved;  // moves and returns that found their order changed by somebody else
  bool took_unheard = false;       // `not_moved` is not known: all moves and returns are in it
  std::size_t shipped = 0;         // orders that `shipping` moved
};

struct Rejected {
  enum class Why : std::uint8_t {
    constraint,   // a CHECK, a key or the terms refused: the plan was decided on what is not so any more
    unavailable,  // the database cannot write now (disk full, locked): nothing was written
  };
  Why why = Why::unavailable;
  std::string detail;  // for the log
};

// The commit may have taken, may yet take or may never: settle() decides which.
struct Unknown {
  std::string detail;  // for the log
};

using CommitResult = std::variant<Committed, Rejected, Unknown>;

enum class RoundFate : std::uint8_t {
  committed,  // the whole plan took, some time ago
  dead,       // nothing of it took, and nothing ever will
};

struct OpenRefund {
  RefundId id;
  OrderId order;
  AttemptId attempt;
  Money amount = 0;
};

struct Sale {
  SaleTerms terms;
  Ledger ledger;
};

// Used on the writer's executor alone, by its rounds and by the jobs: a job's reads may be under way while a
// round is. What it cannot do right now it says as store_unavailable.
class OrderStore {
 public:
  virtual ~OrderStore() = default;

  virtual Awaitable<Result<std::int64_t>> next_writer_number() = 0;
  virtual Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name,
                                                          std::int64_t count) = 0;  // first
  virtual Awaitable<Result<std::vector<Sale>>> load_sales() = 0;
  virtual Awaitable<Result<Known>> read(const Questions& questions) = 0;
  virtual Awaitable<CommitResult> commit(const Plan& plan) = 0;
  // The fate of the round whose commit was Unknown, made final: a round that has not taken by now is burned,
  // so that a commit still on its way is refused when it arrives. Repeat it until it is answered.
  virtual Awaitable<Result<RoundFate>> settle(Stamp round) = 0;
  virtual Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) = 0;
  virtual Awaitable<Result<std::vector<OpenRefund>>> open_refunds(RefundId after, std::size_t limit) = 0;
};

// --- reads that no decision waits for

struct OrderQuery {
  UserId user;  // 0: of all users
  std::optional<OrderStatus> status;
  std::optional<OrderId> before;  // ids below this one
  std::size_t limit = 0;
};

struct OrderPage {
  std::vector<Order> orders;  // newest first
  std::optional<OrderId> next_before;
};

// Who must not simply be told "sold out" (hashes of hash_key() and hash_user(), ascending).
struct SoldOutMarks {
  std::vector<std::uint64_t> keys;     // (user, Idempotency-Key) of every order of the product
  std::vector<std::uint64_t> holders;  // of a limited product: users who hold units
};
std::uint64_t hash_key(UserId user, std::string_view key);
std::uint64_t hash_user(UserId user);

// Thread-safe; snapshots at least as new as any commit that was answered. Blocks a pool thread, never the
// caller.
class OrderReads {
 public:
  virtual ~OrderReads() = default;
  virtual Awaitable<Result<std::optional<Order>>> find(OrderId order) = 0;
  virtual Awaitable<Result<OrderPage>> list(OrderQuery query) = 0;
  virtual Awaitable<Result<SoldOutMarks>> sold_out_marks(ProductId product) = 0;
  virtual Awaitable<Result<std::vector<OrderId>>> unpaid_orders(UserId user) = 0;
  // How the order came to be as it is, oldest first; its creation is no step.
  virtual Awaitable<Result<std::vector<OrderStep>>> history(OrderId order) = 0;
  // Newest first, with ids below `before` when given.
  virtual Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                                    std::optional<std::int64_t> before,
                                                                    std::size_t limit) = 0;
};

}  // namespace buyme::order
