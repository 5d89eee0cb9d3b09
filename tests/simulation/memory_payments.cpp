#include "simulation/memory_payments.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace buyme::simulation {

using order::PaymentSettlement;
using payment::Attempt;
using payment::AttemptState;
using payment::DueRefund;

// --- attempts

PaymentDatabase::AttemptRow* PaymentDatabase::find(AttemptId attempt) {
  if (attempt.value < 1 || static_cast<std::size_t>(attempt.value) > attempts_.size()) return nullptr;
  return &attempts_[static_cast<std::size_t>(attempt.value - 1)];
}

Result<Attempt> PaymentDatabase::claim(const order::PaymentTicket& ticket, Time now) {
  OrderState& order = orders_[ticket.order];  // one that is new here is not refused: nothing to undo
  if (order.settled) return Failure(Error::illegal_state, "This order takes no further payment.");
  const AttemptId id{static_cast<std::int64_t>(attempts_.size()) + 1};
  if (!open_.try_emplace(ticket.order, id).second) {
    return Failure(Error::payment_in_progress,
                   "A payment of this order is under way; look at the order in a few seconds.")
        .retry_in(std::chrono::seconds{2});
  }
  AttemptRow& row = attempts_.emplace_back();
  row.attempt = {id,   ticket.order, ++order.attempts, ticket.user, ticket.amount, AttemptState::requested,
                 true, std::nullopt};
  row.requested_at = now;
  return row.attempt;
}

Result<Attempt> PaymentDatabase::record(AttemptId attempt, AttemptState answer, Time now) {
  AttemptRow* row = find(attempt);
  if (row == nullptr) return Failure(Error::not_found, "There is no such payment attempt.");
  AttemptState& state = row->attempt.state;
  if (state == AttemptState::requested || state == AttemptState::unknown) {
    state = answer;
    row->recorded_at = now;
  }
  return row->attempt;
}

Result<void> PaymentDatabase::close(AttemptId attempt, PaymentSettlement settlement, Time now) {
  AttemptRow* row = find(attempt);
  if (row == nullptr || !row->attempt.open) return {};
  // First what may be refused, so that a refusal leaves the attempt open.
  if (settlement == PaymentSettlement::too_late && row->attempt.state == AttemptState::succeeded &&
      row->attempt.amount > 0) {
    RefundRow refund;
    refund.amount = row->attempt.amount;
    refund.next_try = now;
    refund.late = true;
    if (auto inserted = insert_refund(*row, refund); !inserted) return inserted;
  }
  row->attempt.open = false;
  row->attempt.settlement = settlement;
  open_.erase(row->attempt.order);
  if (settlement != PaymentSettlement::failed) orders_[row->attempt.order].settled = true;
  return {};
}

std::vector<Attempt> PaymentDatabase::open_attempts(const payment::OpenQuery& query) const {
  std::vector<Attempt> found;
  for (auto open = open_.upper_bound(query.after); open != open_.end() && found.size() < query.limit;
       ++open) {
    const AttemptRow& row = attempts_[static_cast<std::size_t>(open->second.value - 1)];
    const bool taken_up =
        row.attempt.state == AttemptState::unknown ||
        (row.attempt.state == AttemptState::requested ? row.requested_at <= query.requested_before
                                                      : row.recorded_at <= query.recorded_before);
    if (taken_up) found.push_back(row.attempt);
  }
  return found;
}

// --- refunds

PaymentDatabase::RefundRow* PaymentDatabase::find_unfinished(std::int64_t refund) {
  if (refund < 1 || static_cast<std::size_t>(refund) > refunds_.size()) return nullptr;
  RefundRow& row = refunds_[static_cast<std::size_t>(refund - 1)];
  return row.done ? nullptr : &row;
}

Result<void> PaymentDatabase::insert_refund(AttemptRow& charge, RefundRow refund) {
  if (refund.amount < 0 || refund.amount > charge.attempt.amount - charge.refunded) {
    return Failure(Error::illegal_state, "The refunds of a charge cannot exceed it.");
  }
  charge.refunded += refund.amount;
  refund.attempt = charge.attempt.id;
  refunds_.push_back(refund);
  unfinished_.insert(unfinished_.end(), static_cast<std::int64_t>(refunds_.size()));
  return {};
}

Result<void> PaymentDatabase::add_refund(const payment::RefundRequest& refund, Time now) {
  if (taken_over_.contains(refund.id)) return {};
  AttemptRow* charge = find(refund.attempt);
  if (charge == nullptr || charge->attempt.order != refund.order) {
    return Failure(Error::not_found, "There is no such payment attempt of this order.");
  }
  if (charge->attempt.state != AttemptState::succeeded) {
    return Failure(Error::illegal_state, "This attempt was not charged.");
  }
  RefundRow row;
  row.outbox = refund.id;
  row.amount = refund.amount;
  row.next_try = now;
  auto inserted = insert_refund(*charge, row);
  if (inserted) taken_over_.insert(refund.id);
  return inserted;
}

std::vector<DueRefund> PaymentDatabase::due_refunds(Time now, std::int64_t after, std::size_t limit) const {
  std::vector<DueRefund> due;
  for (auto id = unfinished_.upper_bound(after); id != unfinished_.end() && due.size() < limit; ++id) {
    const RefundRow& row = refunds_[static_cast<std::size_t>(*id - 1)];
    if (row.next_try > now) continue;
    std::string key =
        row.late ? "late:" + std::to_string(row.attempt.value) : "order:" + std::to_string(row.outbox.value);
    due.push_back({*id, std::move(key), row.attempt, row.amount, row.tries});
  }
  return due;
}

void PaymentDatabase::refund_done(std::int64_t refund) {
  RefundRow* row = find_unfinished(refund);
  if (row == nullptr) return;
  row->done = true;
  ++row->tries;
  unfinished_.erase(refund);
}

void PaymentDatabase::refund_later(std::int64_t refund, Time next_try) {
  RefundRow* row = find_unfinished(refund);
  if (row == nullptr) return;
  ++row->tries;
  row->next_try = next_try;
}

// --- for the audit

namespace {

audit::Books::AttemptState audited(AttemptState state) {
  switch (state) {
    case AttemptState::succeeded:
      return audit::Books::AttemptState::succeeded;
    case AttemptState::failed:
      return audit::Books::AttemptState::failed;
    case AttemptState::unknown:
      return audit::Books::AttemptState::unknown;
    case AttemptState::requested:
      break;
  }
  return audit::Books::AttemptState::requested;
}

}  // namespace

void PaymentDatabase::add_to(audit::Books& books) const {
  books.attempts.clear();
  books.attempts.reserve(attempts_.size());
  for (const AttemptRow& row : attempts_) {
    const Attempt& attempt = row.attempt;
    books.attempts.push_back(
        {attempt.id, attempt.order, attempt.amount, audited(attempt.state), attempt.open});
  }
  books.refunds.clear();
  books.refunds.reserve(refunds_.size());
  for (const RefundRow& row : refunds_) {
    books.refunds.push_back({row.attempt, row.outbox, row.amount, row.done});
  }
  std::ranges::stable_sort(books.refunds, {}, &audit::Books::Refund::attempt);
}

// --- the store

namespace {

class MemoryPaymentStore final : public payment::PaymentStore {
 public:
  explicit MemoryPaymentStore(PaymentDatabase& database) : database_(database) {}

  Awaitable<Result<Attempt>> claim(order::PaymentTicket ticket, Time now) override {
    co_return database_.claim(ticket, now);
  }
  Awaitable<Result<Attempt>> record(AttemptId attempt, AttemptState answer, Time now) override {
    co_return database_.record(attempt, answer, now);
  }
  Awaitable<Result<void>> close(AttemptId attempt, PaymentSettlement settlement, Time now) override {
    co_return database_.close(attempt, settlement, now);
  }
  Awaitable<Result<void>> add_refund(payment::RefundRequest refund, Time now) override {
    co_return database_.add_refund(refund, now);
  }
  Awaitable<Result<std::vector<Attempt>>> open_attempts(payment::OpenQuery query) override {
    co_return database_.open_attempts(query);
  }
  Awaitable<Result<std::vector<DueRefund>>> due_refunds(Time now, std::int64_t after,
                                                        std::size_t limit) override {
    co_return database_.due_refunds(now, after, limit);
  }
  Awaitable<Result<void>> refund_done(std::int64_t refund, Time) override {
    database_.refund_done(refund);
    co_return Result<void>{};
  }
  Awaitable<Result<void>> refund_later(std::int64_t refund, Time next_try) override {
    database_.refund_later(refund, next_try);
    co_return Result<void>{};
  }

 private:
  PaymentDatabase& database_;
};

}  // namespace

std::unique_ptr<payment::PaymentStore> make_memory_payment_store(PaymentDatabase& database) {
  return std::make_unique<MemoryPaymentStore>(database);
}

}  // namespace buyme::simulation
