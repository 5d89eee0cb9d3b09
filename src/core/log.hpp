// The logger is injected, never global: several shops run in one process in tests and in the simulation.
#pragma once

#include <spdlog/logger.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace buyme {

using Log = std::shared_ptr<spdlog::logger>;

enum class LogFormat : std::uint8_t {
  text,  // one line per entry: time, level, message, name=value ...
  json,  // one object per line: time, level, message and the fields as members
};

Log make_stderr_log(const std::string& level, LogFormat format = LogFormat::text);
Log make_null_log();

// An entry with fields of its own beside the message. An empty value is left out. Nothing about a person
// belongs into either.
using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
void log_with(const Log& log, spdlog::level::level_enum level, std::string_view message, LogFields fields);

// What writes the lines of make_stderr_log; for loggers with another sink. Control characters never reach a
// line, so that nobody can forge one.
std::unique_ptr<spdlog::formatter> make_log_formatter(LogFormat format);

}  // namespace buyme
