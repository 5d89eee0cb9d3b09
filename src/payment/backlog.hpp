// What still has to happen to payments, counted for whoever runs the shop.
#pragma once

#include <cstdint>

#include "core/result.hpp"
#include "db/address.hpp"

namespace buyme::payment {

struct Backlog {
  std::int64_t attempts_open = 0;     // the order service has not been told of their outcome yet
  std::int64_t attempts_unknown = 0;  // of them: the provider did not answer, and is asked again
  std::int64_t refunds_waiting = 0;   // not tried yet
  std::int64_t refunds_retried = 0;   // failed, and tried again later
};

// Reads the payment database through a connection of its own; blocks, so it belongs on a pool. Answers
// store_unavailable when it cannot be read.
Result<Backlog> read_backlog(const db::DatabaseAddress& place);

}  // namespace buyme::payment
