// The logger is injected, never global: several shops run in one process in tests and in the simulation.
#pragma once

#include <spdlog/logger.h>

#include <memory>

namespace buyme {

using Log = std::shared_ptr<spdlog::logger>;

Log make_stderr_log(const std::string& level);  // one line per entry, time and level first
Log make_null_log();

}  // namespace buyme
