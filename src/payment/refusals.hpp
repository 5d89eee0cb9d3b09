// What more than one place refuses a payment with.
#pragma once

#include "core/error.hpp"

namespace buyme::payment {

inline Failure in_progress() {
  return Failure(Error::payment_in_progress,
                 "A payment of this order is under way; look at the order in a few seconds.")
      .retry_in(std::chrono::seconds{2});
}

}  // namespace buyme::payment
