// The port to the payment database. Each call is one transaction; every change is conditional, so that two
// drivers of one attempt (its request and the sweeper) may make it twice without harm.
//
// Thread-safe. Besides the errors named below every call may answer overloaded or store_unavailable: nothing
// was done; and, over a database server that is lost at the wrong moment, outcome_unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "db/address.hpp"
#include "order/api.hpp"
#include "payment/api.hpp"

namespace buyme::payment {

// What the database stores as an integer: never renumber.
enum class AttemptState : std::uint8_t { requested = 1, succeeded = 2, failed = 3, unknown = 4 };

struct Attempt {
  AttemptId id;
  OrderId order;
  std::int64_t number = 0;  // 1, 2, 3 within its order
  UserId user;
  Money amount = 0;
  AttemptState state = AttemptState::requested;
  bool open = true;  // the order service has not been told yet, or that is not yet known here
  std::optional<order::PaymentSettlement> settlement;  // once closed
};

// A refund that has not been made yet.
struct DueRefund {
  std::int64_t id = 0;
  std::string key;  // the provider's idempotency key
  AttemptId attempt;
  Money amount = 0;
  std::int64_t tries = 0;
};

// Which open attempts are to be taken up again: all that are UNKNOWN, and those of other states last touched
// before the time given for them. Ascending by order, behind `after`.
struct OpenQuery {
  Time requested_before;  // REQUESTED
  Time recorded_before;   // SUCCEEDED, FAILED
  OrderId after;
  std::size_t limit = 0;
};

class PaymentStore {
 public:
  virtual ~PaymentStore() = default;

  // Inserts the order's next attempt as REQUESTED and open. payment_in_progress while another one is open;
  // illegal_state when an earlier attempt has settled the order for good (paid, or came too late).
  virtual Awaitable<Result<Attempt>> claim(order::PaymentTicket ticket, Time now) = 0;

  // Writes down the provider's answer, unless one is written down already; answers with the attempt as it is
  // then. not_found.
  virtual Awaitable<Result<Attempt>> record(AttemptId attempt, AttemptState answer, Time now) = 0;

  // Ends an attempt after the order service was told; with a charge that came too late, its refund is written
  // in the same transaction. A repeat changes nothing.
  virtual Awaitable<Result<void>> close(AttemptId attempt, order::PaymentSettlement settlement, Time now) = 0;

  // Writes down a refund that the order service asks for; a repeat is success. not_found without such an
  // attempt; illegal_state when it was not charged, or when its refunds together would exceed the charge.
  virtual Awaitable<Result<void>> add_refund(RefundRequest refund, Time now) = 0;

  virtual Awaitable<Result<std::vector<Attempt>>> open_attempts(OpenQuery query) = 0;

  // Refunds whose next try is due, ascending by id, behind `after`.
  virtual Awaitable<Result<std::vector<DueRefund>>> due_refunds(Time now, std::int64_t after,
                                                                std::size_t limit) = 0;
  virtual Awaitable<Result<void>> refund_done(std::int64_t refund, Time now) = 0;
  virtual Awaitable<Result<void>> refund_later(std::int64_t refund, Time next_try) = 0;

  // False for a moment after a write failed. Any thread.
  virtual bool can_write() const { return true; }
};

enum class Claims : std::uint8_t {
  unique,  // an order has at most one open attempt
  none,    // any number, and none is found again: for LockKind::none
};

// Written through group commit. Several servers may have one database.
std::unique_ptr<PaymentStore> make_sql_payment_store(db::DatabaseAddress address, Log log,
                                                     Claims claims = Claims::unique);

}  // namespace buyme::payment
