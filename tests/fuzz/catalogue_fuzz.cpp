// Bytes as a CSV import, as a cursor, as an If-Match header and as the query of a list: nothing may crash,
// what is accepted must be within its limits, and what the shop itself writes must be read back as it was.
#include <algorithm>
#include <cstdlib>

#include "core/limits.hpp"
#include "http/utf8.hpp"
#include "product/codec.hpp"
#include "product/codec_csv.hpp"
#include "product/cursor.hpp"

namespace {

using namespace buyme;
using namespace buyme::product;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_problem(const Failure& failure) {
  http::Response response;
  http::write_problem(response, failure, "fuzz");
  require(http::JsonInput::parse(std::string_view(response.body)).has_value());
}

void read_csv(std::string_view text) {
  http::Request request;
  request.method = http::Method::post;
  request.content_type = "text/csv";
  request.body = text;
  const auto import = read_import_request(request);
  if (import.has_error()) return check_problem(import.error());
  for (const ImportRow& row : import->rows) {
    const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; };
    require(std::ranges::none_of(row.details.description, is_control));
  }
  require(!import->rows.empty() && import->rows.size() <= limits::max_import_rows);
}

void read_cursor(std::string_view text) {
  constexpr std::uint64_t scope = 7;
  if (const auto position = decode_cursor(text, scope)) {
    require(encode_cursor(*position, scope) == text);
    require(!decode_cursor(text, scope + 1));
  }
  const Position named{static_cast<std::int64_t>(text.size()), 1, std::string(text.substr(0, 200))};
  if (!http::valid_utf8(named.name)) return;
  const auto again = decode_cursor(encode_cursor(named, scope), scope);
  require(again && again->id == named.id && again->name == named.name);
}

void read_list(std::string_view text) {
  http::Request request;
  request.query = text;
  const auto query = read_list_query(request, std::nullopt);
  if (query.has_error()) return check_problem(query.error());
  require(query->limit >= 1 && query->limit <= limits::page_max);
  require(!query->min_price || !query->max_price || *query->min_price <= *query->max_price);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_csv(text);
  read_cursor(text);
  read_list(text);
  if (const auto condition = read_if_match(text); condition.has_error()) check_problem(condition.error());
  return 0;
}
