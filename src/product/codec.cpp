#include "product/codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme::product {

namespace {

std::optional<ProductType> type_from(std::string_view text) {
  if (text == "NORMAL") return ProductType::normal;
  if (text == "RESERVED") return ProductType::reserved;
  return std::nullopt;
}

// http or https, a host, and nothing that could end the attribute a page puts it into.
bool is_web_url(std::string_view text) {
  std::string_view rest;
  if (text.starts_with("https://")) rest = text.substr(8);
  if (text.starts_with("http://")) rest = text.substr(7);
  const bool has_host =
      !rest.empty() && std::string_view("/?#:@").find(rest.front()) == std::string_view::npos;
  return has_host && std::all_of(rest.begin(), rest.end(), [](char c) {
           return c > ' ' && c <= '~' && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
         });
}

bool is_key(std::string_view key) {
  return key.size() <= limits::max_idempotency_key_bytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void append_optional_time(std::string& out, std::string_view name, const std::optional<Time>& time) {
  if (!time) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
  append_time(out, *time);
  out += '"';
}

void append_level(std::string& out, const order::StockLevel& level) {
  fmt::format_to(std::back_inserter(out), R"("total":{},"available":{},"held":{},"sold":{},"soldOut":{})",
                 level.total, level.available(), level.held, level.sold, level.available() <= 0);
}

}  // namespace

Result<RegisterRequest> read_register_request(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  RegisterRequest wanted;
  ProductDraft& details = wanted.details;
  details.name = body->text("productName", 1, limits::max_product_name_bytes);
  details.description = body->text("productDescription", 0, limits::max_product_description_bytes);
  details.price = body->integer("productPrice", 0, limits::max_price);
  details.total = body->integer("productStock", 0, limits::max_total_units);
  const std::string type_name = body->text("productType", 1, 16);
  const auto type = type_from(type_name);
  details.opens_at = body->optional_time("opensAt");
  details.closes_at = body->optional_time("closesAt");
  details.per_user_limit = body->optional_integer("perUserLimit", 1, limits::max_total_units);
  details.image_url = body->optional_text("imageUrl", 1, limits::max_url_bytes);

  if (!type && !type_name.empty()) body->reject("productType", "Must be NORMAL or RESERVED.");
  details.type = type.value_or(ProductType::normal);
  if (details.type == ProductType::reserved && !details.opens_at) {
    body->reject("opensAt", "Say when the sale of a RESERVED product opens.");
  }
  if (details.opens_at && details.closes_at && *details.closes_at <= *details.opens_at) {
    body->reject("closesAt", "Must be after opensAt.");
  }
  if (details.image_url && !details.image_url->empty() && !is_web_url(*details.image_url)) {
    body->reject("imageUrl", "Must be an http or https URL.");
  }
  if (!is_key(request.idempotency_key)) {
    body->reject("Idempotency-Key",
                 fmt::format("Must be 1 to {} visible ASCII characters.", limits::max_idempotency_key_bytes));
  }
  wanted.created_by = request.caller.user;
  wanted.key = request.idempotency_key;
  wanted.body_hash = hash_bytes(request.body);
  if (auto failure = body->finish()) return std::move(*failure);
  return wanted;
}

Result<ListQuery> read_list_query(const http::Request& request, std::optional<ProductType> type) {
  http::QueryInput input(request.query);
  ListQuery query;
  query.type = type;
  query.limit =
      static_cast<std::size_t>(input.integer("limit", 1, limits::page_max).value_or(limits::page_default));
  const auto before = input.integer("cursor", 1, std::numeric_limits<std::int64_t>::max());
  if (before) query.before = ProductId{*before};
  if (!type) {
    if (const auto named = input.text("type", 16)) {
      query.type = type_from(*named);
      if (!query.type) input.reject("type", "Must be NORMAL or RESERVED.");
    }
  }
  if (auto failure = input.finish()) return std::move(*failure);
  return query;
}

Result<ProductId> read_product_id(const http::Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such product.");
  return ProductId{*id};
}

void append_product(std::string& out, const ProductView& view) {
  const Product& product = view.product;
  const ProductDraft& details = product.details;
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"productId":{},"productName":)", product.id.value);
  http::append_json_string(out, details.name);
  out += R"(,"productDescription":)";
  http::append_json_string(out, details.description);
  fmt::format_to(to, R"(,"productPrice":{},"productStock":{},"productType":"{}","state":"{}")", details.price,
                 details.total, to_string(details.type), to_string(product.state));
  append_optional_time(out, "opensAt", details.opens_at);
  append_optional_time(out, "closesAt", details.closes_at);
  if (details.per_user_limit) fmt::format_to(to, R"(,"perUserLimit":{})", *details.per_user_limit);
  if (details.image_url) {
    out += R"(,"imageUrl":)";
    http::append_json_string(out, *details.image_url);
  }
  append_optional_time(out, "createdAt", product.created_at);
  out += R"(,"stock":{)";
  append_level(out, view.stock);
  out += "}}";
}

void append_page(std::string& out, const ProductPage& page) {
  out += R"({"items":[)";
  for (const ProductView& view : page.items) {
    if (&view != page.items.data()) out += ',';
    append_product(out, view);
  }
  out += ']';
  if (page.next) fmt::format_to(std::back_inserter(out), R"(,"nextCursor":"{}")", page.next->value);
  out += '}';
}

void append_stock(std::string& out, const order::StockLevel& level) {
  fmt::format_to(std::back_inserter(out), R"({{"productId":{},)", level.product.value);
  append_level(out, level);
  out += '}';
}

}  // namespace buyme::product
