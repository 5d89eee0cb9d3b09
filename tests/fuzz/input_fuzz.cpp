// Bytes as an order's body, as a query string, as a time and as an id of a path: nothing may crash, and what
// is accepted must be within the limits that were asked for.
#include <cstdlib>

#include "core/limits.hpp"
#include "http/json_input.hpp"

namespace {

using namespace buyme;
using namespace buyme::http;

void require(bool holds) {
  if (!holds) std::abort();
}

// An answer that quotes what was sent must itself be a strict JSON document.
void check_problem(const Failure& failure) {
  Response response;
  write_problem(response, failure, "fuzz");
  require(JsonInput::parse(std::string_view(response.body)).has_value());
}

void read_order(std::string_view text) {
  auto body = JsonInput::parse(text);
  if (body.has_error()) return check_problem(body.error());
  const auto user = body->optional_integer("userId", 1, INT64_MAX);
  const auto note = body->optional_text("note", 1, 20);
  const auto when = body->optional_time("opensAt");
  auto items = body->objects("orderItems", 1, limits::max_order_lines);
  for (JsonInput& item : items) {
    const auto product = item.integer("productId", 1, INT64_MAX);
    const auto quantity = item.integer("quantity", 1, limits::max_line_units);
    require(product >= 1 && quantity >= 1 && quantity <= limits::max_line_units);
  }
  require(!user || *user >= 1);
  require(!note || note->size() <= 4 * 20);
  require(!when || parse_time(format_time(*when)) == *when);
  if (const auto failure = body->finish()) return check_problem(*failure);
  require(!items.empty() && items.size() <= limits::max_order_lines);
}

void read_query(std::string_view text) {
  QueryInput query(text);
  const auto limit = query.integer("limit", 1, 100);
  const auto cursor = query.text("cursor", 64);
  require(!limit || (*limit >= 1 && *limit <= 100));
  require(!cursor || cursor->size() <= 4 * 64);
  if (const auto failure = query.finish()) check_problem(*failure);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_order(text);
  read_query(text);
  if (const auto time = parse_time(text)) require(parse_time(format_time(*time)) == *time);
  if (const auto id = path_id(text)) require(*id > 0 && std::to_string(*id) == text);
  return 0;
}
