// The product service's only public door: what other services may ask of it.
#pragma once

#include "core/executor.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/trace.hpp"

namespace buyme::product {

class ProductApi {
 public:
  virtual ~ProductApi() = default;

  // Removes the wishes of an account that ends; what it registered and changed stays. Idempotent. Errors:
  // overloaded, store_unavailable, outcome_unknown: repeat.
  virtual Awaitable<Result<void>> forget_user(UserId user, Trace trace = {}) = 0;
};

}  // namespace buyme::product
