// The payment database in memory, for a simulation that runs thousands of sales a second on one thread.
//
// The rows and the store over them are two objects because they die apart: a process that is killed loses its
// store, and the one that starts after it opens another over the same rows. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "audit/books.hpp"
#include "payment/store.hpp"

namespace buyme::simulation {

// The tables, and each call of payment::PaymentStore as one transaction over them: it has happened wholly, or
// answered with a Failure and changed nothing. Outcomes and errors are those of the port; overloaded and
// store_unavailable never come from here. Logarithmic in the rows, but open_attempts and due_refunds walk
// over what is still unfinished.
class PaymentDatabase {
 public:
  Result<payment::Attempt> claim(const order::PaymentTicket& ticket, Time now);
  Result<payment::Attempt> record(AttemptId attempt, payment::AttemptState answer, Time now);
  Result<void> close(AttemptId attempt, order::PaymentSettlement settlement, Time now);
  Result<void> add_refund(const payment::RefundRequest& refund, Time now);
  std::vector<payment::Attempt> open_attempts(const payment::OpenQuery& query) const;
  std::vector<payment::DueRefund> due_refunds(Time now, std::int64_t after, std::size_t limit) const;
  void refund_done(std::int64_t refund);
  void refund_later(std::int64_t refund, Time next_try);

  // No attempt is open and every refund is done: the sweeper would find nothing, now or later. Constant time.
  bool quiet() const { return open_.empty() && unfinished_.empty(); }

  // Sets the books' attempts and refunds to what the audit would read from the file.
  void add_to(audit::Books& books) const;

 private:
  struct AttemptRow {
    payment::Attempt attempt;
    Time requested_at;
    Time recorded_at;    // means something with SUCCEEDED and FAILED
    Money refunded = 0;  // the sum of its refunds, made or not
  };
  struct RefundRow {
    RefundId outbox;
    AttemptId attempt;
    Money amount = 0;
    std::int64_t tries = 0;
    Time next_try;
    bool late = false;  // not from the outbox: the charge came too late
    bool done = false;
  };
  struct OrderState {
    std::int64_t attempts = 0;
    bool settled = false;  // paid, or came too late: for good
  };

  AttemptRow* find(AttemptId attempt);
  RefundRow* find_unfinished(std::int64_t refund);
  Result<void> insert_refund(AttemptRow& charge, RefundRow refund);

  // No row is ever deleted, so the row of id n is the one at n - 1.
  std::vector<AttemptRow> attempts_;
  std::vector<RefundRow> refunds_;

  // The indexes. Those that are hashed are never walked.
  std::unordered_map<OrderId, OrderState> orders_;
  std::unordered_set<RefundId> taken_over_;  // from the outbox
  std::map<OrderId, AttemptId> open_;
  std::set<std::int64_t> unfinished_;  // refunds
};

// A store over `database`, which must outlive it. Each call takes effect at once when its coroutine runs and
// never suspends; delays and faults are for decorators to add.
std::unique_ptr<payment::PaymentStore> make_memory_payment_store(PaymentDatabase& database);

}  // namespace buyme::simulation
