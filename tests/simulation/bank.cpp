#include "simulation/bank.hpp"

#include <charconv>
#include <string_view>

#include "core/random.hpp"

namespace buyme::simulation {

using payment::ChargeOutcome;
using payment::ChargeRefund;
using payment::ChargeRequest;

// The stream of the simulated provider, its name written without an allocation.
bool Bank::succeeds(AttemptId key) const {
  constexpr std::string_view prefix = "charge:";
  char name[prefix.size() + 20];
  char* const digits = name + prefix.copy(name, prefix.size());
  const char* const end = std::to_chars(digits, name + sizeof name, key.value).ptr;
  return Random(seed_, {name, static_cast<std::size_t>(end - name)}).chance(success_rate_);
}

Result<ChargeOutcome> Bank::charge(const ChargeRequest& request, Time now) {
  const auto [place, is_new] = charges_.try_emplace(request.key);
  Charge& charge = place->second;
  if (is_new) {
    charge = {request.order, request.amount, succeeds(request.key), 0, now};
  } else if (charge.order != request.order || charge.amount != request.amount) {
    return Failure(Error::idempotency_mismatch, "This key belongs to another charge.");
  }
  return charge.succeeded ? ChargeOutcome::succeeded : ChargeOutcome::declined;
}

Result<void> Bank::refund(const ChargeRefund& request, Time now) {
  if (const auto known = refunds_.find(request.key); known != refunds_.end()) {
    if (known->second.charge == request.charge && known->second.amount == request.amount) return {};
    return Failure(Error::idempotency_mismatch, "This key belongs to another refund.");
  }
  const auto charge = charges_.find(request.charge);
  if (charge == charges_.end() || !charge->second.succeeded) {
    return Failure(Error::not_found, "There is no such charge.");
  }
  Money& refunded = charge->second.refunded;
  if (request.amount <= 0 || request.amount > charge->second.amount - refunded) {
    return Failure(Error::illegal_state, "The refunds of a charge cannot exceed it.");
  }
  refunds_.emplace(request.key, Refund{request.charge, request.amount, now});
  refunded += request.amount;
  return {};
}

void Bank::add_to(audit::Books& books) const {
  books.charges.clear();
  books.charges.reserve(charges_.size());
  for (const auto& [key, charge] : charges_) {
    books.charges.push_back({key, charge.order, charge.succeeded ? charge.amount : 0, charge.refunded});
  }
}

namespace {

class BankProvider final : public payment::PaymentProvider {
 public:
  BankProvider(Bank& bank, Clock& clock) : bank_(bank), clock_(clock) {}

  Awaitable<Result<ChargeOutcome>> charge(ChargeRequest request) override {
    co_return bank_.charge(request, clock_.now());
  }
  Awaitable<Result<void>> refund(ChargeRefund request) override {
    co_return bank_.refund(request, clock_.now());
  }

 private:
  Bank& bank_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<payment::PaymentProvider> make_bank_provider(Bank& bank, Clock& clock) {
  return std::make_unique<BankProvider>(bank, clock);
}

}  // namespace buyme::simulation
