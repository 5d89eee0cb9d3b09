// The payment service's only public door.
#pragma once

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/money.hpp"
#include "core/result.hpp"

namespace buyme::payment {

// Money that must go back for a canceled order. `id` is unique in the order service's outbox and makes
// delivery idempotent.
struct RefundRequest {
  RefundId id;
  OrderId order;
  AttemptId attempt;  // the charge that is undone
  Money amount = 0;
};

class PaymentApi {
 public:
  virtual ~PaymentApi() = default;

  // Takes the refund over durably; the payment service carries it out and retries by itself. A repeat is
  // success. Errors: overloaded, store_unavailable, outcome_unknown: deliver again.
  virtual Awaitable<Result<void>> take_refund(RefundRequest refund) = 0;
};

}  // namespace buyme::payment
