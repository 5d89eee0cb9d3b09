// Strict reading of JSON bodies and of query strings: every wrong field is collected, unknown ones are
// refused.
//
//   auto body = JsonInput::parse(request);          // 400 MALFORMED, 415 UNSUPPORTED_MEDIA_TYPE
//   if (!body) co_return write_problem(...);
//   const auto name  = body->text("productName", 1, 200);
//   const auto price = body->integer("productPrice", 0, limits::max_price);
//   if (auto failure = body->finish()) ...           // every problem so far and every unknown field
//
// Until finish() has said nullopt, the values read are placeholders. Not thread-safe.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "http/message.hpp"

namespace buyme::http {

class JsonInput {
 public:
  // An empty body reads as {} whatever its content type. Duplicate keys, comments, trailing commas, invalid
  // UTF-8, depth over limits::max_json_depth and a top level that is not an object are refused.
  static Result<JsonInput> parse(const Request& request);
  static Result<JsonInput> parse(std::string_view json);

  // Required fields. Lengths are in characters (code points); control characters are refused.
  std::string text(std::string_view name, std::size_t min_chars, std::size_t max_chars);
  // The same of a text that may have lines, ended by LF or CR LF; they are given back as LF.
  std::string lines(std::string_view name, std::size_t min_chars, std::size_t max_chars);
  // The same of a password, which may hold characters of any kind.
  std::string secret(std::string_view name, std::size_t min_chars, std::size_t max_chars);
  // 7 or 7.0; "7" is refused.
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);

  // Optional ones: nullopt when absent or null.
  std::optional<std::string> optional_text(std::string_view name, std::size_t min_chars,
                                           std::size_t max_chars);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> optional_boolean(std::string_view name);
  std::optional<Time> optional_time(std::string_view name);  // RFC 3339 with an offset

  // A required array of objects, each read through a JsonInput of its own whose field names are prefixed
  // "name[i].". Call finish() on the outer one only.
  std::vector<JsonInput> objects(std::string_view name, std::size_t min_count, std::size_t max_count);

  void reject(std::string_view name, std::string detail);  // adds a field error of the caller's own
  bool has(std::string_view name) const;

  // nullopt when all is well; else Error::invalid with every field error. Absorbs the inner inputs' errors.
  std::optional<Failure> finish();

 private:
  struct State;
  JsonInput(std::shared_ptr<State> state, std::size_t record);
  const boost::json::value* take(std::string_view name);  // and remember that it was known
  // A placeholder and a field error unless `value` is right; null stands for a value that is missing.
  enum class Controls : std::uint8_t { refused, line_breaks, any };
  std::string read_text(std::string_view name, const boost::json::value* value, std::size_t min_chars,
                        std::size_t max_chars, Controls controls = Controls::refused);
  std::int64_t read_integer(std::string_view name, const boost::json::value* value, std::int64_t min,
                            std::int64_t max);

  std::shared_ptr<State> state_;  // document and errors, shared between an input and its inner ones
  std::size_t record_;            // which object of the document this is
};

// "?limit=20&cursor=abc" with the same manners. Percent-decodes; unknown or repeated parameters are refused.
class QueryInput {
 public:
  explicit QueryInput(std::string_view query);
  std::optional<std::string> text(std::string_view name, std::size_t max_chars);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  void reject(std::string_view name, std::string detail);
  std::optional<Failure> finish();

 private:
  struct Parameter {
    std::string name;
    std::string value;
    bool known = false;
  };
  Parameter* take(std::string_view name);

  std::vector<Parameter> parameters_;
  std::vector<FieldError> errors_;
};

// A positive id of a path segment; nullopt when it is not one (answer not_found).
std::optional<std::int64_t> path_id(std::string_view segment);

// `text` with each CR LF as LF; nullopt when it holds another control character than LF.
std::optional<std::string> unified_lines(std::string_view text);

// Appends `text` as a JSON string with quotes and escapes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace buyme::http
