// What keeps two attempts at paying one order apart, beside the claim. The claim (store.hpp) is an optimistic
// lock: it is written only where no other is open, and the database refuses the second. A lock on top of it
// makes the second click wait instead of telling it PAYMENT_IN_PROGRESS; what makes a double charge
// impossible is still the claim.
#pragma once

#include <memory>

#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"

namespace buyme::redis {
class Locks;
}

namespace buyme::payment {

// Thread-safe.
class AttemptLock {
 public:
  class Held {
   public:
    virtual ~Held() = default;  // released behind its owner's back, if it was not yet
    virtual Awaitable<void> release() = 0;
  };

  virtual ~AttemptLock() = default;

  // Errors: payment_in_progress when others held it all the time; store_unavailable.
  virtual Awaitable<Result<std::shared_ptr<Held>>> acquire(OrderId order) = 0;
};

// `locks` lives on `executor`. Waits for `patience`.
std::unique_ptr<AttemptLock> make_redis_attempt_lock(redis::Locks& locks, Executor executor,
                                                     Milliseconds patience = Milliseconds{3'000});

}  // namespace buyme::payment
