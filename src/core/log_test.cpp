#include "core/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

namespace buyme {

namespace {

std::string logged(LogFormat format, std::string_view message, LogFields fields) {
  std::ostringstream out;
  const auto log =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  log->set_formatter(make_log_formatter(format));
  log_with(log, spdlog::level::warn, message, fields);
  const std::string line = out.str();
  return line.substr(line.find(format == LogFormat::text ? " warning" : ",\"level\""));  // behind the time
}

TEST(LogLines, TextPutsFieldsBehindTheMessage) {
  EXPECT_EQ(logged(LogFormat::text, "slow", {{"requestId", "a-1"}, {"traceId", ""}, {"ms", "12"}}),
            " warning slow requestId=a-1 ms=12\n");
}

TEST(LogLines, JsonMakesFieldsMembers) {
  EXPECT_EQ(logged(LogFormat::json, "a \"b\" \\", {{"requestId", "x\"y"}}),
            ",\"level\":\"warning\",\"message\":\"a \\\"b\\\" \\\\\",\"requestId\":\"x\\\"y\"}\n");
}

TEST(LogLines, NobodyCanForgeALineOrAField) {
  EXPECT_EQ(logged(LogFormat::text, "told",
                   {{"what",
                     "x\n2026 error forged\x1e"
                     "admin\x1f"
                     "yes"}}),
            " warning told what=x 2026 error forged admin yes\n");
}

}  // namespace

}  // namespace buyme
