// The payment provider's own book in memory, for a simulation: what the simulated provider keeps in a file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "audit/books.hpp"
#include "core/clock.hpp"
#include "payment/provider.hpp"

namespace buyme::simulation {

// A bank: no shop's crash touches it. Whether a charge succeeds is a function of seed, key and success rate
// alone (the simulated provider would decide alike), and once booked it stays. Logarithmic in its charges.
// One thread at a time.
class Bank {
 public:
  explicit Bank(std::uint64_t seed, double success_rate = 0.8) : seed_(seed), success_rate_(success_rate) {}

  // The share of charges that succeed among those booked from now on.
  void set_success_rate(double share) { success_rate_ = share; }

  // Never unknown. idempotency_mismatch: the key was used for another order or amount.
  Result<payment::ChargeOutcome> charge(const payment::ChargeRequest& request, Time now);

  // A repeat is success. idempotency_mismatch: the key was used for another charge or amount; not_found: no
  // such charge succeeded; illegal_state: nothing is asked for, or more than is left of the charge.
  Result<void> refund(const payment::ChargeRefund& request, Time now);

  // Sets the books' charges to what the audit would read from the provider's file.
  void add_to(audit::Books& books) const;

 private:
  struct Charge {
    OrderId order;
    Money amount = 0;
    bool succeeded = false;
    Money refunded = 0;
    Time charged_at;
  };
  struct Refund {
    AttemptId charge;
    Money amount = 0;
    Time refunded_at;
  };

  bool succeeds(AttemptId key) const;

  std::uint64_t seed_;
  double success_rate_;
  std::map<AttemptId, Charge> charges_;
  std::unordered_map<std::string, Refund> refunds_;  // never walked
};

// A provider that answers at once from `bank`, booking at `clock`'s time. Both must outlive it.
std::unique_ptr<payment::PaymentProvider> make_bank_provider(Bank& bank, Clock& clock);

}  // namespace buyme::simulation
