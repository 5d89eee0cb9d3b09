#include "http/problem_input.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>

#include "core/limits.hpp"

namespace buyme::http {

namespace {

namespace json = boost::json;

std::optional<Error> error_of(std::string_view code) {
  for (int number = 0; number < error_count; ++number) {
    const auto error = static_cast<Error>(number);
    if (error_info(error).code == code) return error;
  }
  return std::nullopt;
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

// What every problem document has; the rest are the failure's own members.
bool is_standard(std::string_view name) {
  constexpr std::string_view names[] = {"type", "title", "status", "detail", "code", "requestId", "errors"};
  return std::ranges::find(names, name) != std::end(names);
}

void read_fields(const json::object& problem, Failure& failure) {
  const json::value* errors = problem.if_contains("errors");
  const json::array* list = errors == nullptr ? nullptr : errors->if_array();
  if (list == nullptr) return;
  for (const json::value& entry : *list) {
    const json::object* field = entry.if_object();
    if (field == nullptr) continue;
    failure.fields.push_back({std::string(text_of(*field, "field")), std::string(text_of(*field, "detail"))});
  }
}

void read_members(const json::object& problem, Failure& failure) {
  for (const auto& member : problem) {
    const std::string_view name(member.key().data(), member.key().size());
    if (is_standard(name)) continue;
    if (const std::int64_t* number = member.value().if_int64()) {
      failure.with(std::string(name), *number);
    } else if (const json::string* text = member.value().if_string()) {
      failure.with(std::string(name), std::string(text->data(), text->size()));
    }
  }
}

}  // namespace

std::optional<Failure> read_problem(std::string_view body, std::string_view retry_after) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = limits::max_json_depth;
  const json::value document = json::parse({body.data(), body.size()}, failed, {}, options);
  const json::object* problem = failed ? nullptr : document.if_object();
  if (problem == nullptr) return std::nullopt;
  const auto error = error_of(text_of(*problem, "code"));
  if (!error) return std::nullopt;

  std::optional<Failure> failure(std::in_place, *error, std::string(text_of(*problem, "detail")));
  read_fields(*problem, *failure);
  read_members(*problem, *failure);
  std::int64_t seconds = 0;
  const auto read = std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  if (read.ec == std::errc{} && seconds > 0) failure->retry_after = std::chrono::seconds{seconds};
  return failure;
}

}  // namespace buyme::http
