// The port to whoever moves the money. Every request carries a key of the shop's, and a repeat with the same
// key gets the answer of the first: asking again is always safe, so a lost answer is never guessed.
//
// A real provider fits as an implementation of this port over its HTTP API: the attempt's id goes along as
// its idempotency key, the order's id as its reference. What it tells by webhook has no way into the books of
// its own. The endpoint, POST /api/payments/webhook for anyone, takes the raw body and
// 1. checks the signature (an HMAC of time stamp and body under a shared secret, compared in constant time,
// the
//    stamp a few minutes old at most); a wrong one is 401 and nothing is read from the body;
// 2. takes the attempt's id from the body and nothing else: neither outcome nor amount, which may be old by
//    then, or out of order with other events;
// 3. answers 204, also for an attempt that is unknown or closed, so that the provider stops repeating, and
//    wakes PaymentService::finish for that attempt, as the sweeper would a little later.
// finish() asks the provider with the attempt's key and records the answer to that. So an event that comes
// twice, late, or not at all changes nothing but how soon the outcome is known, and idempotency needs no
// table of events. A provider whose charge only begins with the request (the buyer confirms elsewhere)
// answers ChargeOutcome::unknown until it knows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/log.hpp"
#include "core/money.hpp"
#include "core/result.hpp"
#include "db/address.hpp"

namespace buyme::payment {

struct ChargeRequest {
  AttemptId key;
  OrderId order;
  Money amount = 0;
};

enum class ChargeOutcome : std::uint8_t {
  succeeded,
  declined,
  unknown,  // the provider itself cannot say yet: ask again
};

struct ChargeRefund {
  std::string key;
  AttemptId charge;  // the key of the charge that is undone, wholly or in part
  Money amount = 0;
};

// Thread-safe.
class PaymentProvider {
 public:
  virtual ~PaymentProvider() = default;

  // A failure says nothing about the charge: it may or may not have been made.
  virtual Awaitable<Result<ChargeOutcome>> charge(ChargeRequest request) = 0;

  // Success: the money is on its way back (now or by an earlier request with this key). The refunds of one
  // charge together never exceed it: illegal_state. Any failure: ask again later.
  virtual Awaitable<Result<void>> refund(ChargeRefund request) = 0;
};

struct SimulatedProviderSettings {
  db::DatabaseAddress path;   // of its book, which is nobody else's database
  double success_rate = 0.8;  // share of charges that succeed
  std::chrono::milliseconds latency{0};
  std::uint64_t seed = 1;
  // Amounts with a fate of their own, as the test modes of real providers have them; all others follow
  // success_rate.
  std::vector<Money> decline_amounts;  // are declined
  std::vector<Money> timeout_amounts;  // are charged, and the first answer comes `silence` too late
  std::chrono::milliseconds silence{20'000};
};

// A provider that keeps a book of its own in a database of its own, which several servers may share. The
// outcome of a charge is a function of the settings and its key alone, but for the amounts named in them, and
// once booked it stays. `clock` must outlive it.
std::unique_ptr<PaymentProvider> make_simulated_provider(SimulatedProviderSettings settings, Clock& clock,
                                                         Log log);

}  // namespace buyme::payment
