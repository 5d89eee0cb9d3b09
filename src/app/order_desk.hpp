// The order service alone, without HTTP and the rest of the shop: for commands on a shop that does not run.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

namespace buyme::app {

// Over config.data_dir, which the caller has locked. Moves on what is due at `as_of` and answers how many
// moves that were. Throws std::runtime_error when the database cannot do it.
std::int64_t ship_at_desk(const Config& config, Time as_of, Log log);

}  // namespace buyme::app
