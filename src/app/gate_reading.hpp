#pragma once

#include "app/config.hpp"
#include "audit/books.hpp"

namespace buyme::app {

// Puts into the books what the shared gate would grant of each product in them; waits for Redis for
// limits::service_deadline at most. Blocks.
void read_gate(const Config& config, audit::Books& books);

}  // namespace buyme::app
