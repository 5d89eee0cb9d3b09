// The latency passes before the book is written: a shop that loses patience, or dies, leaves the charge not
// yet made, and meets it booked when it asks again later. Both halves of "unknown" occur that way.
#include <fmt/format.h>

#include <algorithm>

#include "core/random.hpp"
#include "db/group_commit.hpp"
#include "embedded/provider_schema.hpp"
#include "embedded/provider_schema_mysql.hpp"
#include "payment/provider.hpp"

namespace buyme::payment {

namespace {

constexpr db::Migration sqlite_steps[] = {{1, "provider", embedded::provider_schema}};
constexpr db::Migration mysql_steps[] = {{1, "provider", embedded::provider_schema_mysql}};
constexpr db::Schema schema{sqlite_steps, mysql_steps};

enum StoredOutcome : int { booked_success = 1, booked_decline = 2 };

constexpr const char* find_charge =
    "SELECT order_id, amount, outcome FROM charges WHERE charge_key = :charge_key";
constexpr const char* insert_charge =
    "INSERT INTO charges(charge_key, order_id, amount, outcome, charged_at) "
    "VALUES(:charge_key, :order_id, :amount, :outcome, :charged_at)";
constexpr const char* find_refund = "SELECT charge_key, amount FROM refunds WHERE refund_key = :refund_key";
constexpr const char* sum_refunds =
    "SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE charge_key = :charge_key";
constexpr const char* insert_refund =
    "INSERT INTO refunds(refund_key, charge_key, amount, refunded_at) "
    "VALUES(:refund_key, :charge_key, :amount, :refunded_at)";

struct Charge {
  long long order = 0, amount = 0;
  int outcome = 0;
};

// Locked: what its refunds add up to stays true.
std::optional<Charge> read_charge(soci::session& session, AttemptId id) {
  Charge charge;
  long long key = id.value;
  session << std::string(find_charge) + db::for_update(session), soci::use(key), soci::into(charge.order),
      soci::into(charge.amount), soci::into(charge.outcome);
  if (!session.got_data()) return std::nullopt;
  return charge;
}

struct Booked {
  ChargeOutcome outcome = ChargeOutcome::unknown;
  bool fresh = false;  // not a repeat
};

// A repeat is refused by the key, and finds what was booked: by this server or another.
Result<Booked> book_charge(soci::session& session, const ChargeRequest& request, int outcome, Time now) {
  long long key = request.key.value, order = request.order.value, amount = request.amount;
  long long charged_at = to_unix_ms(now);
  std::optional<Charge> charge(Charge{order, amount, outcome});
  bool fresh = true;
  try {
    session << insert_charge, soci::use(key), soci::use(order), soci::use(amount), soci::use(outcome),
        soci::use(charged_at);
  } catch (const soci::soci_error& error) {
    if (!db::is_unique_violation(error)) throw;
    charge = read_charge(session, request.key);
    fresh = false;
  }
  if (!charge || charge->order != order || charge->amount != amount) {
    return Failure(Error::idempotency_mismatch, "This key belongs to another charge.");
  }
  const bool succeeded = charge->outcome == booked_success;
  return Booked{succeeded ? ChargeOutcome::succeeded : ChargeOutcome::declined, fresh};
}

Result<void> book_refund(soci::session& session, const ChargeRefund& request, Time now) {
  long long charge_key = request.charge.value, amount = request.amount;
  long long known_charge = 0, known_amount = 0;
  const auto charge = read_charge(session, request.charge);
  session << find_refund, soci::use(request.key), soci::into(known_charge), soci::into(known_amount);
  if (session.got_data()) {
    if (known_charge == charge_key && known_amount == amount) return {};
    return Failure(Error::idempotency_mismatch, "This key belongs to another refund.");
  }
  if (!charge || charge->outcome != booked_success) {
    return Failure(Error::not_found, "There is no such charge.");
  }
  long long refunded = 0;
  session << sum_refunds, soci::use(charge_key), soci::into(refunded);
  if (amount <= 0 || amount > charge->amount - refunded) {
    return Failure(Error::illegal_state, "The refunds of a charge cannot exceed it.");
  }
  long long refunded_at = to_unix_ms(now);
  session << insert_refund, soci::use(request.key), soci::use(charge_key), soci::use(amount),
      soci::use(refunded_at);
  return {};
}

class SimulatedProvider final : public PaymentProvider {
 public:
  SimulatedProvider(SimulatedProviderSettings settings, Clock& clock, Log log)
      : settings_(std::move(settings)),
        clock_(clock),
        book_({.name = "provider", .database = settings_.path}, schema, std::move(log)) {}

  Awaitable<Result<ChargeOutcome>> charge(ChargeRequest request) override {
    if (settings_.latency.count() > 0) co_await clock_.sleep_for(settings_.latency);
    // Named, not written into the call: g++ 12 destroys a lambda's captures twice there.
    auto job = [request, outcome = outcome_of(request), now = clock_.now()](soci::session& session) {
      return book_charge(session, request, outcome, now);
    };
    const auto booked = co_await book_.run(std::move(job));
    if (!booked) co_return booked.error();
    const bool silent = booked->fresh && is_among(settings_.timeout_amounts, request.amount);
    if (silent) co_await clock_.sleep_for(settings_.silence);
    co_return booked->outcome;
  }

  Awaitable<Result<void>> refund(ChargeRefund request) override {
    if (settings_.latency.count() > 0) co_await clock_.sleep_for(settings_.latency);
    auto job = [request, now = clock_.now()](soci::session& session) {
      return book_refund(session, request, now);
    };
    auto booked = co_await book_.run(std::move(job));
    co_return booked;
  }

 private:
  static bool is_among(const std::vector<Money>& amounts, Money amount) {
    return std::ranges::find(amounts, amount) != amounts.end();
  }
  int outcome_of(const ChargeRequest& request) const {
    if (is_among(settings_.decline_amounts, request.amount)) return booked_decline;
    if (is_among(settings_.timeout_amounts, request.amount)) return booked_success;
    Random random(settings_.seed, fmt::format("charge:{}", request.key.value));
    return random.chance(settings_.success_rate) ? booked_success : booked_decline;
  }

  SimulatedProviderSettings settings_;
  Clock& clock_;
  db::GroupCommit book_;
};

}  // namespace

std::unique_ptr<PaymentProvider> make_simulated_provider(SimulatedProviderSettings settings, Clock& clock,
                                                         Log log) {
  return std::make_unique<SimulatedProvider>(std::move(settings), clock, std::move(log));
}

}  // namespace buyme::payment
