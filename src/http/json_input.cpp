// One pass of Boost.JSON's SAX parser builds the document and counts its members on the way: Boost.JSON keeps
// the last of two equal keys silently, so a document that ends up with fewer members than were read had one
// twice. The document lives in a buffer inside State, so an ordinary body costs one allocation.
#include "http/json_input.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>

#include "core/limits.hpp"
#include "http/utf8.hpp"

namespace buyme::http {

namespace json = boost::json;

namespace {

constexpr std::size_t max_reported_errors = 32;
constexpr std::size_t max_reported_name_bytes = 64;

struct BuildDocument {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  using Code = boost::system::error_code;

  json::value_stack stack;
  std::size_t members = 0;

  BuildDocument(unsigned char* scratch, std::size_t size) : stack(json::storage_ptr(), scratch, size) {}

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_object_end(std::size_t n, Code&) {
    members += n;
    stack.push_object(n);
    return true;
  }
  bool on_array_end(std::size_t n, Code&) {
    stack.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, Code&) { return push_part(part); }
  bool on_string_part(json::string_view part, std::size_t, Code&) { return push_part(part); }
  bool on_key(json::string_view rest, std::size_t, Code&) {
    stack.push_key(rest);
    return true;
  }
  bool on_string(json::string_view rest, std::size_t, Code&) {
    stack.push_string(rest);
    return true;
  }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, Code&) {
    stack.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, Code&) {
    stack.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view, Code&) {
    stack.push_double(value);
    return true;
  }
  bool on_bool(bool value, Code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(Code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

 private:
  bool push_part(json::string_view part) {
    stack.push_chars(part);
    return true;
  }
};

std::size_t count_members(const json::value& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_members(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) count += count_members(element);
  }
  return count;
}

// application/json with any parameters
bool is_json(std::string_view content_type) {
  constexpr std::string_view wanted = "application/json";
  if (!boost::beast::iequals(content_type.substr(0, wanted.size()), wanted)) return false;
  const std::string_view rest = content_type.substr(wanted.size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ';
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// At most max_reported_name_bytes of a name that the client made up, cut between characters.
std::string_view shortened(std::string_view name) {
  if (name.size() <= max_reported_name_bytes) return name;
  std::size_t end = max_reported_name_bytes;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end);
}

// 7.0 and 7e2 are whole numbers, too (JSON Schema, 4.2.3), as far as a double holds every one of them.
std::optional<std::int64_t> whole_number(const json::value& value) {
  if (const std::int64_t* number = value.if_int64()) return *number;
  constexpr double exact = 1LL << 53;
  const double* number = value.if_double();
  if (number == nullptr || std::abs(*number) > exact || std::trunc(*number) != *number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

bool within(std::string_view text, std::size_t min_chars, std::size_t max_chars) {
  const std::size_t count = count_characters(text);
  return count >= min_chars && count <= max_chars;
}

std::string text_range(std::size_t min_chars, std::size_t max_chars) {
  return "Must be a text of " + std::to_string(min_chars) + " to " + std::to_string(max_chars) +
         " characters.";
}

std::string integer_range(std::int64_t min, std::int64_t max) {
  return "Must be a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ".";
}

void add_error(std::vector<FieldError>& errors, std::string field, std::string detail) {
  if (errors.size() < max_reported_errors) errors.push_back({std::move(field), std::move(detail)});
}

std::optional<Failure> failure_of(std::vector<FieldError>& errors) {
  if (errors.empty()) return std::nullopt;
  std::optional<Failure> failure(std::in_place, Error::invalid, "Correct the fields named in errors.");
  failure->fields = std::move(errors);
  errors.clear();
  return failure;
}

Failure malformed(std::string detail) {
  return {Error::malformed, std::move(detail)};
}

}  // namespace

struct JsonInput::State {
  // An object that somebody reads, and what of it was asked for.
  struct Record {
    const json::object* object;
    std::uint64_t known = 0;     // bit i: member i was asked for; no object of ours has 64 fields
    std::string_view list = {};  // of an inner object: the array it stands in, and where
    std::size_t index = 0;

    std::string field(std::string_view name) const {
      std::string full;
      if (!list.empty()) full.append(list).append("[").append(std::to_string(index)).append("].");
      return full.append(shortened(name));
    }
  };

  unsigned char first_block[640];
  json::monotonic_resource memory{first_block, sizeof first_block};
  // Made on the same memory as the parser's result, which is then moved here instead of copied.
  json::value document = json::value(json::storage_ptr(&memory));
  boost::container::small_vector<Record, 4> records;
  std::vector<FieldError> errors;
};

std::optional<std::string> unified_lines(std::string_view text) {
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\r\n") continue;  // the LF follows
    if (text[i] != '\n' && has_control(text.substr(i, 1))) return std::nullopt;
    lines += text[i];
  }
  return lines;
}

JsonInput::JsonInput(std::shared_ptr<State> state, std::size_t record)
    : state_(std::move(state)), record_(record) {}

Result<JsonInput> JsonInput::parse(const Request& request) {
  if (request.body.empty()) return parse(std::string_view("{}"));
  if (!is_json(request.content_type)) {
    return Failure(Error::unsupported_media, "Send the body as Content-Type: application/json.");
  }
  return parse(request.body);
}

Result<JsonInput> JsonInput::parse(std::string_view text) {
  auto state = std::make_shared<State>();
  unsigned char scratch[1024];
  json::parse_options options;
  options.max_depth = limits::max_json_depth;
  json::basic_parser<BuildDocument> parser(options, scratch, sizeof scratch);
  parser.handler().stack.reset(&state->memory);

  boost::system::error_code failed;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), failed);
  if (failed == json::error::too_deep) return malformed("The body is nested too deeply.");
  if (failed) return malformed("The body is not valid JSON: " + failed.message() + ".");
  // The parser stops after the document and the white space behind it.
  if (read < text.size()) return malformed("The body has something after the JSON document.");

  state->document = parser.handler().stack.release();
  if (!state->document.is_object()) return malformed("The body must be a JSON object.");
  if (count_members(state->document) != parser.handler().members) {
    return malformed("An object in the body has the same field twice.");
  }
  state->records.push_back({&state->document.get_object()});
  return JsonInput(std::move(state), 0);
}

const json::value* JsonInput::take(std::string_view name) {
  State::Record& record = state_->records[record_];
  const auto found = record.object->find(name);
  if (found == record.object->end()) return nullptr;
  const auto position = static_cast<std::size_t>(found - record.object->begin());
  if (position < 64) record.known |= std::uint64_t{1} << position;
  return found->value().is_null() ? nullptr : &found->value();
}

bool JsonInput::has(std::string_view name) const {
  return state_->records[record_].object->contains(name);
}

void JsonInput::reject(std::string_view name, std::string detail) {
  add_error(state_->errors, state_->records[record_].field(name), std::move(detail));
}

std::string JsonInput::read_text(std::string_view name, const json::value* value, std::size_t min_chars,
                                 std::size_t max_chars, Controls controls) {
  const json::string* text = value ? value->if_string() : nullptr;
  if (text == nullptr || !within({text->data(), text->size()}, min_chars, max_chars)) {
    reject(name, text_range(min_chars, max_chars));
    return {};
  }
  if (controls == Controls::line_breaks) {
    if (auto lines = unified_lines({text->data(), text->size()})) return std::move(*lines);
    reject(name, "Must not hold control characters other than line breaks.");
    return {};
  }
  if (controls == Controls::refused && has_control({text->data(), text->size()})) {
    reject(name, "Must not hold control characters.");
    return {};
  }
  return {text->data(), text->size()};
}

std::int64_t JsonInput::read_integer(std::string_view name, const json::value* value, std::int64_t min,
                                     std::int64_t max) {
  const auto number = value ? whole_number(*value) : std::nullopt;
  if (!number || *number < min || *number > max) {
    reject(name, integer_range(min, max));
    return min;
  }
  return *number;
}

std::string JsonInput::text(std::string_view name, std::size_t min_chars, std::size_t max_chars) {
  return read_text(name, take(name), min_chars, max_chars);
}

std::string JsonInput::lines(std::string_view name, std::size_t min_chars, std::size_t max_chars) {
  return read_text(name, take(name), min_chars, max_chars, Controls::line_breaks);
}

std::string JsonInput::secret(std::string_view name, std::size_t min_chars, std::size_t max_chars) {
  return read_text(name, take(name), min_chars, max_chars, Controls::any);
}

std::int64_t JsonInput::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  return read_integer(name, take(name), min, max);
}

std::optional<std::string> JsonInput::optional_text(std::string_view name, std::size_t min_chars,
                                                    std::size_t max_chars) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  return read_text(name, value, min_chars, max_chars);
}

std::optional<std::int64_t> JsonInput::optional_integer(std::string_view name, std::int64_t min,
                                                        std::int64_t max) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  return read_integer(name, value, min, max);
}

std::optional<bool> JsonInput::optional_boolean(std::string_view name) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  reject(name, "Must be true or false.");
  return std::nullopt;
}

std::optional<Time> JsonInput::optional_time(std::string_view name) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (const json::string* text = value->if_string()) {
    if (auto time = parse_time({text->data(), text->size()})) return time;
  }
  reject(name, "Must be a time with an offset, such as 2026-03-01T12:00:00+09:00.");
  return std::nullopt;
}

std::vector<JsonInput> JsonInput::objects(std::string_view name, std::size_t min_count,
                                          std::size_t max_count) {
  std::vector<JsonInput> inputs;
  const json::value* value = take(name);
  const json::array* array = value ? value->if_array() : nullptr;
  if (array == nullptr || array->size() < min_count || array->size() > max_count) {
    reject(name, "Must be a list of " + std::to_string(min_count) + " to " + std::to_string(max_count) +
                     " objects.");
    return inputs;
  }
  // The document's own spelling of the name: it lives as long as the records do.
  const std::string_view list = state_->records[record_].object->find(name)->key();
  inputs.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    const json::object* object = (*array)[i].if_object();
    if (object == nullptr) {
      reject(name, "Must hold objects only.");
      continue;
    }
    state_->records.push_back({object, 0, list, i});
    inputs.push_back(JsonInput(state_, state_->records.size() - 1));
  }
  return inputs;
}

std::optional<Failure> JsonInput::finish() {
  for (const State::Record& record : state_->records) {
    std::size_t position = 0;
    for (const auto& member : *record.object) {
      const bool known = position < 64 && (record.known >> position & 1) != 0;
      ++position;
      if (!known) add_error(state_->errors, record.field(member.key()), "Is not a field of this request.");
    }
  }
  return failure_of(state_->errors);
}

}  // namespace buyme::http
