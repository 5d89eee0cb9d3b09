// Fields of objects that cross between services: the writing side of JsonInput.
#pragma once

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "core/limits.hpp"
#include "http/json_input.hpp"

namespace buyme::http {

// Appends one object; it is closed when this is destroyed. Not thread-safe.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  JsonObject& integer(std::string_view name, std::int64_t value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
  }
  JsonObject& optional_integer(std::string_view name, const std::optional<std::int64_t>& value) {
    return value ? integer(name, *value) : *this;
  }
  template <class Tag>
  JsonObject& id(std::string_view name, Id<Tag> value) {
    return integer(name, value.value);
  }
  JsonObject& time(std::string_view name, Time value) { return integer(name, to_unix_ms(value)); }
  JsonObject& optional_time(std::string_view name, const std::optional<Time>& value) {
    return value ? time(name, *value) : *this;
  }
  JsonObject& flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
    return *this;
  }
  JsonObject& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
    return *this;
  }
  // `append(out, entry)` appends each as an object.
  template <class List, class Append>
  JsonObject& list(std::string_view name, const List& entries, Append append) {
    key(name);
    out_ += '[';
    bool first = true;
    for (const auto& entry : entries) {
      if (!std::exchange(first, false)) out_ += ',';
      append(out_, entry);
    }
    out_ += ']';
    return *this;
  }

 private:
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    fmt::format_to(std::back_inserter(out_), "\"{}\":", name);
  }

  std::string& out_;
};

inline constexpr std::int64_t lowest_integer = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t highest_integer = std::numeric_limits<std::int64_t>::max();

inline std::int64_t read_number(JsonInput& input, std::string_view name) {
  return input.integer(name, lowest_integer, highest_integer);
}
inline std::optional<std::int64_t> read_optional_number(JsonInput& input, std::string_view name) {
  return input.optional_integer(name, lowest_integer, highest_integer);
}
template <class Tag>
void read_id(JsonInput& input, std::string_view name, Id<Tag>& id) {
  id.value = input.integer(name, 0, highest_integer);
}
inline Time read_time(JsonInput& input, std::string_view name) {
  return from_unix_ms(read_number(input, name));
}
inline std::optional<Time> read_optional_time(JsonInput& input, std::string_view name) {
  const auto ms = read_optional_number(input, name);
  return ms ? std::optional<Time>(from_unix_ms(*ms)) : std::nullopt;
}
inline bool read_flag(JsonInput& input, std::string_view name) {
  const auto flag = input.optional_boolean(name);
  if (!flag) input.reject(name, "Is needed: true or false.");  // absent, null or of another type
  return flag.value_or(false);
}
// Any characters, up to limits::service_text_chars of them.
inline std::string read_any_text(JsonInput& input, std::string_view name) {
  return input.secret(name, 0, limits::service_text_chars);
}

}  // namespace buyme::http
