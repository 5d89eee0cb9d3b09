// What still has to happen to orders, counted for whoever runs the shop.
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "db/address.hpp"

namespace buyme::order {

struct Backlog {
  std::int64_t holds = 0;               // unpaid orders that keep units
  std::int64_t holds_expiring = 0;      // of them within a minute
  std::int64_t holds_lapsed = 0;        // of them already: the expiry job is about to take them
  std::int64_t refunds_to_deliver = 0;  // owed by cancels, not yet taken by the payment service
};

// Reads the order database through a connection of its own; blocks, so it belongs on a pool. Answers
// store_unavailable when it cannot be read.
Result<Backlog> read_backlog(const db::DatabaseAddress& place, Time now);

}  // namespace buyme::order
