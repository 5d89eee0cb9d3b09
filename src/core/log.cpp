#include "core/log.hpp"

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/clock.hpp"

namespace buyme {

namespace {

// spdlog carries one text per entry. Fields travel in it behind these, and the formatter takes them apart.
constexpr char field_mark = '\x1e';
constexpr char value_mark = '\x1f';

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

void append_plain(spdlog::memory_buf_t& out, std::string_view text) {
  for (const char c : text) out.push_back(is_control(c) ? ' ' : c);
}

// Not http::append_json_string: core knows nothing of http. What is not UTF-8 stays as it came.
void append_quoted(spdlog::memory_buf_t& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(is_control(c) ? ' ' : c);
  }
  out.push_back('"');
}

class Formatter final : public spdlog::formatter {
 public:
  explicit Formatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& entry, spdlog::memory_buf_t& out) override {
    const std::string time = format_time(std::chrono::floor<Milliseconds>(entry.time));
    const auto level_name = spdlog::level::to_string_view(entry.level);
    const std::string_view level(level_name.data(), level_name.size());
    std::string_view rest(entry.payload.data(), entry.payload.size());
    const std::string_view message = next_part(rest);
    if (format_ == LogFormat::text) {
      append(out, time, " ", level, " ");
      append_plain(out, message);
    } else {
      append(out, R"({"time":")", time, R"(","level":")", level, R"(","message":)");
      append_quoted(out, message);
    }
    while (!rest.empty()) append_field(out, next_part(rest));
    append(out, format_ == LogFormat::text ? "\n" : "}\n");
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Formatter>(format_); }

 private:
  // Up to the next field, which `rest` begins with afterwards.
  static std::string_view next_part(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(field_mark), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
  }

  void append_field(spdlog::memory_buf_t& out, std::string_view field) const {
    const std::size_t mark = std::min(field.find(value_mark), field.size());
    const std::string_view name = field.substr(0, mark);
    const std::string_view value = field.substr(std::min(mark + 1, field.size()));
    if (format_ == LogFormat::text) {
      append(out, " ", name, "=");
      append_plain(out, value);
    } else {
      append(out, ",");
      append_quoted(out, name);
      append(out, ":");
      append_quoted(out, value);
    }
  }

  template <class... Parts>
  static void append(spdlog::memory_buf_t& out, const Parts&... parts) {
    const auto one = [&out](std::string_view text) { out.append(text.data(), text.data() + text.size()); };
    (one(parts), ...);
  }

  LogFormat format_;
};

}  // namespace

std::unique_ptr<spdlog::formatter> make_log_formatter(LogFormat format) {
  return std::make_unique<Formatter>(format);
}

Log make_stderr_log(const std::string& level, LogFormat format) {
  auto log = std::make_shared<spdlog::logger>("buyme", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_formatter(make_log_formatter(format));
  log->set_level(spdlog::level::from_str(level));
  return log;
}

Log make_null_log() {
  return std::make_shared<spdlog::logger>("null", std::make_shared<spdlog::sinks::null_sink_mt>());
}

void log_with(const Log& log, spdlog::level::level_enum level, std::string_view message, LogFields fields) {
  if (!log->should_log(level)) return;
  std::string text(message);
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    text += field_mark;
    text += name;
    text += value_mark;
    for (const char c : value) text += is_control(c) ? ' ' : c;
  }
  log->log(level, "{}", text);
}

}  // namespace buyme
