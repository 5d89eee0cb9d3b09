#include <algorithm>
#include <charconv>

#include "http/json_input.hpp"
#include "http/utf8.hpp"

namespace buyme::http {

namespace {

constexpr std::size_t max_parameters = 32;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// nullopt for a broken escape, for bytes that are not UTF-8 and for control characters
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    out += c;
  }
  if (!valid_utf8(out)) return std::nullopt;
  return out;
}

// Decimal digits with an optional minus sign, nothing else.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

QueryInput::QueryInput(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (parameters_.size() == max_parameters) {
      reject("query", "Has too many parameters.");
      return;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals));
    auto value = decode(pair.substr(std::min(pair.size(), equals + 1)));
    if (!name || !value) {
      reject(name ? *name : "query", "Is not percent-encoded UTF-8 without control characters.");
      continue;
    }
    const bool repeated = std::any_of(parameters_.begin(), parameters_.end(),
                                      [&](const Parameter& other) { return other.name == *name; });
    if (repeated) {
      reject(*name, "Is given more than once.");
    } else {
      parameters_.push_back({std::move(*name), std::move(*value)});
    }
  }
}

QueryInput::Parameter* QueryInput::take(std::string_view name) {
  for (Parameter& parameter : parameters_) {
    if (parameter.name != name) continue;
    parameter.known = true;
    return &parameter;
  }
  return nullptr;
}

std::optional<std::string> QueryInput::text(std::string_view name, std::size_t max_chars) {
  const Parameter* parameter = take(name);
  if (parameter == nullptr) return std::nullopt;
  if (count_characters(parameter->value) <= max_chars) return parameter->value;
  reject(name, "Must have at most " + std::to_string(max_chars) + " characters.");
  return std::nullopt;
}

std::optional<std::int64_t> QueryInput::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const Parameter* parameter = take(name);
  if (parameter == nullptr) return std::nullopt;
  const auto value = whole_number(parameter->value);
  if (value && *value >= min && *value <= max) return value;
  reject(name, "Must be a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ".");
  return std::nullopt;
}

void QueryInput::reject(std::string_view name, std::string detail) {
  errors_.push_back({std::string(name), std::move(detail)});
}

std::optional<Failure> QueryInput::finish() {
  for (const Parameter& parameter : parameters_) {
    if (!parameter.known) reject(parameter.name, "Is not a parameter of this request.");
  }
  if (errors_.empty()) return std::nullopt;
  std::optional<Failure> failure(std::in_place, Error::invalid, "Correct the parameters named in errors.");
  failure->fields = std::move(errors_);
  errors_.clear();
  return failure;
}

std::optional<std::int64_t> path_id(std::string_view segment) {
  if (segment.empty() || segment.front() == '0') return std::nullopt;  // one spelling per id
  const auto value = whole_number(segment);
  return value && *value > 0 ? value : std::nullopt;
}

}  // namespace buyme::http
