// The port to whoever moves the money. Every request carries a key of the shop's, and a repeat with the same
// key gets the answer of the first: asking again is always safe, so a lost answer is never guessed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

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
};

// A provider that keeps a book of its own in a database of its own, which several servers may share. The
// outcome of a charge is a function of seed and key alone, and once booked it stays. `clock` must outlive it.
std::unique_ptr<PaymentProvider> make_simulated_provider(SimulatedProviderSettings settings, Clock& clock,
                                                         Log log);

}  // namespace buyme::payment
