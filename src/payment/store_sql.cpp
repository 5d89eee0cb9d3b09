#include "db/group_commit.hpp"
#include "payment/refusals.hpp"
#include "payment/rows_sql.hpp"
#include "payment/store.hpp"

namespace buyme::payment {

namespace {

using order::PaymentSettlement;

constexpr int refund_requested = 1;  // as the schema's comment numbers it

constexpr const char* attempts_of_order =
    "SELECT COALESCE(MAX(attempt_no), 0), "
    "COALESCE(SUM(CASE WHEN settlement IN (1, 3) THEN 1 ELSE 0 END), 0) "
    "FROM payment_attempts WHERE order_id = :order_id";
constexpr const char* insert_attempt =
    "INSERT INTO payment_attempts(order_id, attempt_no, user_id, amount, state, open_order_id, requested_at) "
    "VALUES(:order_id, :attempt_no, :user_id, :amount, 1, :open_order_id, :requested_at)";
constexpr const char* find_attempt =
    "SELECT attempt_id, order_id, attempt_no, user_id, amount, state, open_order_id IS NOT NULL, settlement "
    "FROM payment_attempts WHERE attempt_id = :attempt_id";
constexpr const char* record_answer =
    "UPDATE payment_attempts SET state = :state, finished_at = :finished_at "
    "WHERE attempt_id = :attempt_id AND state IN (1, 4)";
constexpr const char* record_unknown =
    "UPDATE payment_attempts SET state = 4 WHERE attempt_id = :attempt_id AND state = 1";
constexpr const char* close_attempt =
    "UPDATE payment_attempts SET open_order_id = NULL, settlement = :settlement "
    "WHERE attempt_id = :attempt_id AND open_order_id IS NOT NULL";
constexpr const char* open_attempts_behind =
    "SELECT attempt_id, order_id, attempt_no, user_id, amount, state, 1, settlement FROM payment_attempts "
    "WHERE open_order_id > :after AND (state = 4 OR (state = 1 AND requested_at <= :requested_before) "
    "OR (state IN (2, 3) AND finished_at <= :recorded_before)) ORDER BY open_order_id LIMIT :maximum";

constexpr const char* find_refund = "SELECT attempt_id, amount FROM refunds WHERE refund_key = :refund_key";
constexpr const char* sum_refunds =
    "SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE attempt_id = :attempt_id";
constexpr const char* insert_refund =
    "INSERT INTO refunds(refund_key, order_id, attempt_id, amount, state, next_try_at, taken_at) "
    "VALUES(:refund_key, :order_id, :attempt_id, :amount, :state, :next_try_at, :taken_at)";
constexpr const char* due_refunds_behind =
    "SELECT refund_id, refund_key, attempt_id, amount, tries FROM refunds "
    "WHERE state IN (1, 3) AND next_try_at <= :now AND refund_id > :after ORDER BY refund_id LIMIT :maximum";
constexpr const char* mark_refund_done =
    "UPDATE refunds SET state = 2, tries = tries + 1, finished_at = :finished_at "
    "WHERE refund_id = :refund_id AND state IN (1, 3)";
constexpr const char* mark_refund_later =
    "UPDATE refunds SET state = 3, tries = tries + 1, next_try_at = :next_try_at "
    "WHERE refund_id = :refund_id AND state IN (1, 3)";

int stored(PaymentSettlement settlement) {
  switch (settlement) {
    case PaymentSettlement::paid:
      return settled_paid;
    case PaymentSettlement::failed:
      return settled_failed;
    case PaymentSettlement::too_late:
      return settled_too_late;
  }
  throw std::logic_error("no such settlement");
}

enum class Lock : std::uint8_t { none, row };

std::optional<Attempt> read_attempt(soci::session& session, AttemptId id, Lock lock = Lock::none) {
  AttemptRow row;
  long long key = id.value;
  const std::string query = std::string(find_attempt) + (lock == Lock::row ? db::for_update(session) : "");
  session << query, soci::use(key), soci::into(row.id), soci::into(row.order), soci::into(row.number),
      soci::into(row.user), soci::into(row.amount), soci::into(row.state), soci::into(row.open),
      soci::into(row.settlement, row.settled);
  if (!session.got_data()) return std::nullopt;
  return row.attempt();
}

// nullopt: the order has an attempt of this number, or an open one.
std::optional<Attempt> insert_attempt_in(soci::session& session, const order::PaymentTicket& ticket,
                                         long long number, Time now, Claims claims) {
  long long order = ticket.order.value, user = ticket.user.value, amount = ticket.amount;
  long long requested_at = to_unix_ms(now), id = 0;
  soci::indicator claimed = claims == Claims::unique ? soci::i_ok : soci::i_null;
  try {
    session << insert_attempt, soci::use(order), soci::use(number), soci::use(user), soci::use(amount),
        soci::use(order, claimed), soci::use(requested_at);
  } catch (const soci::soci_error& error) {
    if (!db::is_unique_violation(error)) throw;
    return std::nullopt;
  }
  if (!session.get_last_insert_id("payment_attempts", id)) throw std::logic_error("no id of the new attempt");
  return Attempt{AttemptId{id},           ticket.order, number,      ticket.user, ticket.amount,
                 AttemptState::requested, true,         std::nullopt};
}

// Most orders are paid at the first attempt: numbers are never reused, so where that one can be inserted
// there was none. Else the rows of the order's attempts are locked: none of them can be settled between the
// look and the claim, and of two servers that see the same, one is refused by the unique number.
Result<Attempt> claim_in(soci::session& session, const order::PaymentTicket& ticket, Time now,
                         Claims claims) {
  if (auto first = insert_attempt_in(session, ticket, 1, now, claims)) return *first;
  long long order = ticket.order.value, number = 0, settled = 0;
  const std::string look = std::string(attempts_of_order) + db::for_update(session);
  session << look, soci::use(order), soci::into(number), soci::into(settled);
  if (settled > 0) return Failure(Error::illegal_state, "This order takes no further payment.");
  auto next = insert_attempt_in(session, ticket, number + 1, now, claims);
  if (!next) return in_progress();
  return *next;
}

Result<Attempt> record_in(soci::session& session, AttemptId id, AttemptState answer, Time now) {
  long long key = id.value, finished_at = to_unix_ms(now);
  int state = static_cast<int>(answer);
  if (answer == AttemptState::unknown) {
    session << record_unknown, soci::use(key);
  } else {
    session << record_answer, soci::use(state), soci::use(finished_at), soci::use(key);
  }
  if (auto attempt = read_attempt(session, id)) return *attempt;
  return Failure(Error::not_found, "There is no such payment attempt.");
}

Result<void> insert_refund_in(soci::session& session, const std::string& key, const Attempt& attempt,
                              Money wanted, Time now) {
  long long attempt_id = attempt.id.value, order = attempt.order.value, amount = wanted, refunded = 0;
  session << sum_refunds, soci::use(attempt_id), soci::into(refunded);
  if (amount < 0 || amount > attempt.amount - refunded) {
    return Failure(Error::illegal_state, "The refunds of a charge cannot exceed it.");
  }
  long long taken_at = to_unix_ms(now);
  int state = refund_requested;
  session << insert_refund, soci::use(key), soci::use(order), soci::use(attempt_id), soci::use(amount),
      soci::use(state), soci::use(taken_at), soci::use(taken_at);
  return {};
}

Result<void> close_in(soci::session& session, AttemptId id, PaymentSettlement settlement, Time now) {
  long long key = id.value;
  int value = stored(settlement);
  soci::statement update = (session.prepare << close_attempt, soci::use(value), soci::use(key));
  update.execute(true);
  if (update.get_affected_rows() == 0) return {};  // the other driver was first
  if (settlement != PaymentSettlement::too_late) return {};
  const auto attempt = read_attempt(session, id);
  if (!attempt || attempt->state != AttemptState::succeeded) return {};
  if (attempt->amount == 0) return {};  // nothing was taken, and no provider refunds nothing
  return insert_refund_in(session, "late:" + std::to_string(id.value), *attempt, attempt->amount, now);
}

// Under the lock of the attempt's row, so that what its refunds add up to stays true.
Result<void> add_refund_in(soci::session& session, const RefundRequest& refund, Time now) {
  const std::string key = "order:" + std::to_string(refund.id.value);
  const auto attempt = read_attempt(session, refund.attempt, Lock::row);
  long long known_attempt = 0, known_amount = 0;
  session << find_refund, soci::use(key), soci::into(known_attempt), soci::into(known_amount);
  if (session.got_data()) return {};
  if (!attempt || attempt->order != refund.order) {
    return Failure(Error::not_found, "There is no such payment attempt of this order.");
  }
  if (attempt->state != AttemptState::succeeded) {
    return Failure(Error::illegal_state, "This attempt was not charged.");
  }
  return insert_refund_in(session, key, *attempt, refund.amount, now);
}

std::vector<Attempt> open_attempts_in(soci::session& session, const OpenQuery& query) {
  std::vector<Attempt> attempts;
  AttemptRow row;
  long long after = query.after.value, maximum = static_cast<long long>(query.limit);
  long long requested_before = to_unix_ms(query.requested_before);
  long long recorded_before = to_unix_ms(query.recorded_before);
  soci::statement select =
      (session.prepare << open_attempts_behind, soci::use(after), soci::use(requested_before),
       soci::use(recorded_before), soci::use(maximum), soci::into(row.id), soci::into(row.order),
       soci::into(row.number), soci::into(row.user), soci::into(row.amount), soci::into(row.state),
       soci::into(row.open), soci::into(row.settlement, row.settled));
  select.execute();
  while (select.fetch()) attempts.push_back(row.attempt());
  return attempts;
}

std::vector<DueRefund> due_refunds_in(soci::session& session, Time now, std::int64_t behind,
                                      std::size_t limit) {
  std::vector<DueRefund> refunds;
  long long id = 0, attempt = 0, amount = 0, tries = 0;
  std::string key;
  long long due = to_unix_ms(now), after = behind, maximum = static_cast<long long>(limit);
  soci::statement select =
      (session.prepare << due_refunds_behind, soci::use(due), soci::use(after), soci::use(maximum),
       soci::into(id), soci::into(key), soci::into(attempt), soci::into(amount), soci::into(tries));
  select.execute();
  while (select.fetch()) refunds.push_back({id, key, AttemptId{attempt}, amount, tries});
  return refunds;
}

class SqlPaymentStore final : public PaymentStore {
 public:
  SqlPaymentStore(db::DatabaseAddress address, Log log, Claims claims)
      : claims_(claims),
        writer_({.name = "payment", .database = std::move(address)}, schema, std::move(log)) {}

  Awaitable<Result<Attempt>> claim(order::PaymentTicket ticket, Time now) override {
    const Claims claims = claims_;
    return writer_.run([=](soci::session& session) { return claim_in(session, ticket, now, claims); });
  }
  Awaitable<Result<Attempt>> record(AttemptId attempt, AttemptState answer, Time now) override {
    return writer_.run([=](soci::session& session) { return record_in(session, attempt, answer, now); });
  }
  Awaitable<Result<void>> close(AttemptId attempt, PaymentSettlement settlement, Time now) override {
    return writer_.run([=](soci::session& session) { return close_in(session, attempt, settlement, now); });
  }
  Awaitable<Result<void>> add_refund(RefundRequest refund, Time now) override {
    return writer_.run([=](soci::session& session) { return add_refund_in(session, refund, now); });
  }
  Awaitable<Result<std::vector<Attempt>>> open_attempts(OpenQuery query) override {
    return writer_.run([=](soci::session& session) -> Result<std::vector<Attempt>> {
      return open_attempts_in(session, query);
    });
  }
  Awaitable<Result<std::vector<DueRefund>>> due_refunds(Time now, std::int64_t after,
                                                        std::size_t limit) override {
    return writer_.run([=](soci::session& session) -> Result<std::vector<DueRefund>> {
      return due_refunds_in(session, now, after, limit);
    });
  }
  Awaitable<Result<void>> refund_done(std::int64_t refund, Time now) override {
    return writer_.run([=](soci::session& session) { return mark(session, mark_refund_done, now, refund); });
  }
  Awaitable<Result<void>> refund_later(std::int64_t refund, Time next_try) override {
    return writer_.run(
        [=](soci::session& session) { return mark(session, mark_refund_later, next_try, refund); });
  }
  bool can_write() const override { return writer_.can_write(); }

 private:
  static Result<void> mark(soci::session& session, const char* update, Time time, std::int64_t refund) {
    long long at = to_unix_ms(time), id = refund;
    session << update, soci::use(at), soci::use(id);
    return {};
  }

  const Claims claims_;
  db::GroupCommit writer_;
};

}  // namespace

std::unique_ptr<PaymentStore> make_sql_payment_store(db::DatabaseAddress address, Log log, Claims claims) {
  return std::make_unique<SqlPaymentStore>(std::move(address), std::move(log), claims);
}

}  // namespace buyme::payment
