// The reads of payments. They see every commit that was answered.
#include "db/sql.hpp"
#include "payment/records.hpp"
#include "payment/rows_sql.hpp"

namespace buyme::payment {

namespace {

constexpr const char* attempts_of_order =
    "SELECT attempt_id, order_id, attempt_no, user_id, amount, state, open_order_id IS NOT NULL, settlement,"
    " requested_at, finished_at FROM payment_attempts WHERE order_id = :number AND 0 < :maximum ORDER BY "
    "attempt_no";
constexpr const char* unknown_attempts =
    "SELECT attempt_id, order_id, attempt_no, user_id, amount, state, 1, settlement, requested_at, "
    "finished_at"
    " FROM payment_attempts WHERE open_order_id IS NOT NULL AND state IN (1, 4) AND requested_at < :number"
    " ORDER BY attempt_id LIMIT :maximum";
constexpr const char* charged_attempts =
    "SELECT attempt_id, order_id, attempt_no, user_id, amount, state, 1, settlement, requested_at, "
    "finished_at"
    " FROM payment_attempts WHERE open_order_id IS NOT NULL AND state = 2 AND requested_at < :number"
    " ORDER BY attempt_id LIMIT :maximum";

constexpr const char* refunds_of_order =
    "SELECT refund_id, order_id, attempt_id, amount, state, tries, taken_at, finished_at FROM refunds"
    " WHERE attempt_id IN (SELECT attempt_id FROM payment_attempts WHERE order_id = :number) AND 0 < :maximum"
    " ORDER BY refund_id";
constexpr const char* refunds_to_retry =
    "SELECT refund_id, order_id, attempt_id, amount, state, tries, taken_at, finished_at FROM refunds"
    " WHERE state IN (1, 3) AND taken_at < :number ORDER BY refund_id LIMIT :maximum";

constexpr long long all = 1;

std::optional<Time> optional_time(long long ms, soci::indicator present) {
  return present == soci::i_ok ? std::optional(from_unix_ms(ms)) : std::nullopt;
}

std::vector<AttemptRecord> attempts_in(soci::session& session, const char* sql, long long number,
                                       long long maximum) {
  std::vector<AttemptRecord> records;
  AttemptRow row;
  long long requested_at = 0, finished_at = 0;
  soci::indicator finished = soci::i_null;
  soci::statement select =
      (session.prepare << sql, soci::use(number), soci::use(maximum), soci::into(row.id),
       soci::into(row.order), soci::into(row.number), soci::into(row.user), soci::into(row.amount),
       soci::into(row.state), soci::into(row.open), soci::into(row.settlement, row.settled),
       soci::into(requested_at), soci::into(finished_at, finished));
  select.execute();
  while (select.fetch()) {
    records.push_back({row.attempt(), from_unix_ms(requested_at), optional_time(finished_at, finished)});
  }
  return records;
}

std::vector<RefundRecord> refunds_in(soci::session& session, const char* sql, long long number,
                                     long long maximum) {
  std::vector<RefundRecord> records;
  long long id = 0, order = 0, attempt = 0, amount = 0, tries = 0, taken_at = 0, finished_at = 0;
  int state = 0;
  soci::indicator finished = soci::i_null;
  soci::statement select = (session.prepare << sql, soci::use(number), soci::use(maximum), soci::into(id),
                            soci::into(order), soci::into(attempt), soci::into(amount), soci::into(state),
                            soci::into(tries), soci::into(taken_at), soci::into(finished_at, finished));
  select.execute();
  while (select.fetch()) {
    records.push_back({id, OrderId{order}, AttemptId{attempt}, amount, static_cast<RefundState>(state), tries,
                       from_unix_ms(taken_at), optional_time(finished_at, finished)});
  }
  return records;
}

class SqlPaymentReads final : public PaymentReads {
 public:
  SqlPaymentReads(db::DatabaseAddress address, std::size_t sessions, Log log)
      : database_(std::move(address), sessions, schema), log_(std::move(log)) {}

  Result<OrderPayments> of_order(OrderId order) override {
    return read<OrderPayments>([order](soci::session& session) {
      return OrderPayments{attempts_in(session, attempts_of_order, order.value, all),
                           refunds_in(session, refunds_of_order, order.value, all)};
    });
  }
  Result<Attention> attention(Time before, std::size_t limit) override {
    const long long time = to_unix_ms(before);
    const auto maximum = static_cast<long long>(limit);
    return read<Attention>([time, maximum](soci::session& session) {
      return Attention{attempts_in(session, unknown_attempts, time, maximum),
                       attempts_in(session, charged_attempts, time, maximum),
                       refunds_in(session, refunds_to_retry, time, maximum)};
    });
  }

 private:
  template <class T, class Query>
  Result<T> read(Query query) {
    try {
      return database_.with_session(query);
    } catch (const soci::soci_error& error) {
      log_->error("reading payments: {}", error.what());
      return Failure(Error::store_unavailable, "The payments cannot be read right now. Repeat in a second.")
          .retry_in(std::chrono::seconds{1});
    }
  }

  db::SqlDatabase database_;
  Log log_;
};

}  // namespace

std::unique_ptr<PaymentReads> make_sql_payment_reads(db::DatabaseAddress address, std::size_t sessions,
                                                     Log log) {
  return std::make_unique<SqlPaymentReads>(std::move(address), sessions, std::move(log));
}

}  // namespace buyme::payment
