// What was paid, refused and given back, for buyers, admins and whoever must look after it. Reads only.
//
// Thread safety: all calls from any executor; what blocks runs on the database pool.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/caller.hpp"
#include "core/pool.hpp"
#include "order/api.hpp"
#include "payment/store.hpp"

namespace buyme::payment {

struct AttemptRecord {
  Attempt attempt;
  Time requested_at;
  std::optional<Time> finished_at;  // when the provider's answer was written down
};

// What the database stores as an integer: never renumber.
enum class RefundState : std::uint8_t { requested = 1, done = 2, retry = 3 };

struct RefundRecord {
  std::int64_t id = 0;
  OrderId order;
  AttemptId attempt;
  Money amount = 0;
  RefundState state = RefundState::requested;
  std::int64_t tries = 0;
  Time taken_at;
  std::optional<Time> finished_at;
};

struct OrderPayments {
  std::vector<AttemptRecord> attempts;  // in the order in which they were made
  std::vector<RefundRecord> refunds;
};

// Oldest first, at most as many of each as were asked for.
struct Attention {
  std::vector<AttemptRecord> unknown;  // nobody knows yet whether the provider charged
  std::vector<AttemptRecord> charged;  // and the order service has not been told yet
  std::vector<RefundRecord> refunds;   // that failed and are tried again
};

// The port to the payment database. Calls block. Thread-safe. Errors: store_unavailable.
class PaymentReads {
 public:
  virtual ~PaymentReads() = default;
  virtual Result<OrderPayments> of_order(OrderId order) = 0;
  // Attempts that were requested, and refunds that were taken over, before `before`.
  virtual Result<Attention> attention(Time before, std::size_t limit) = 0;
};

// `sessions`: as many as threads of the pool it is called from.
std::unique_ptr<PaymentReads> make_sql_payment_reads(db::DatabaseAddress address, std::size_t sessions,
                                                     Log log);

class PaymentRecords {
 public:
  PaymentRecords(PaymentReads& reads, order::OrderApi& orders, Pool& database, Clock& clock)
      : reads_(reads), orders_(orders), database_(database), clock_(clock) {}

  // Of an order that `caller` may see. Errors: not_found, overloaded, store_unavailable.
  Awaitable<Result<OrderPayments>> of_order(OrderId order, Caller caller, Trace trace = {});
  // What has been open for longer than it takes when all goes well. Errors: overloaded, store_unavailable.
  Awaitable<Result<Attention>> attention();

 private:
  PaymentReads& reads_;
  order::OrderApi& orders_;
  Pool& database_;
  Clock& clock_;
};

}  // namespace buyme::payment
