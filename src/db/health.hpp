// What is asked of a database from time to time: whether it answers, and whether its clock and ours agree.
#pragma once

#include "core/clock.hpp"
#include "db/address.hpp"

namespace buyme::db {

// Holds and leases are written by one server's clock and judged by another's; the database's is the one that
// all can see. They bear more, but not for long.
inline constexpr Milliseconds clock_tolerance{2'000};

struct Health {
  bool answers = false;
  // How far our clock is ahead of the database server's, at least: what the question was under way for is
  // taken off. Negative: behind. 0 for a file.
  Milliseconds clock_ahead{0};
};

// Makes a connection of its own; blocks.
Health look_at(const DatabaseAddress& address, const Clock& clock);

}  // namespace buyme::db
