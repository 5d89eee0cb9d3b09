// What is asked of lists, and everything that is answered.
#include <fmt/format.h>

#include "core/limits.hpp"
#include "product/codec.hpp"
#include "product/cursor.hpp"
#include "product/rules.hpp"

namespace buyme::product {

namespace {

std::size_t read_limit(http::QueryInput& input) {
  return static_cast<std::size_t>(input.integer("limit", 1, limits::page_max).value_or(limits::page_default));
}

std::optional<Position> read_cursor(http::QueryInput& input, std::uint64_t scope) {
  const auto text = input.text("cursor", limits::max_cursor_chars);
  if (!text) return std::nullopt;
  auto position = decode_cursor(*text, scope);
  if (!position) input.reject("cursor", "Is not a nextCursor of this list with this filter and order.");
  return position;
}

std::optional<SortOrder> sort_from(std::string_view text) {
  if (text == "newest") return SortOrder::newest;
  if (text == "priceAscending") return SortOrder::price_ascending;
  if (text == "priceDescending") return SortOrder::price_descending;
  if (text == "name") return SortOrder::name;
  return std::nullopt;
}

std::optional<ProductState> state_from(std::string_view text) {
  if (text == "ACTIVE") return ProductState::active;
  if (text == "PAUSED") return ProductState::paused;
  if (text == "ARCHIVED") return ProductState::archived;
  return std::nullopt;
}

void read_filter(http::QueryInput& input, ListQuery& query) {
  query.words = input.text("q", limits::max_product_name_chars).value_or("");
  query.min_price = input.integer("minPrice", 0, limits::max_price);
  query.max_price = input.integer("maxPrice", 0, limits::max_price);
  if (query.min_price && query.max_price && *query.max_price < *query.min_price) {
    input.reject("maxPrice", "Must not be below minPrice.");
  }
  if (const auto named = input.text("state", 16)) {
    query.state = state_from(*named);
    if (!query.state) input.reject("state", "Must be ACTIVE, PAUSED or ARCHIVED.");
  }
  if (const auto named = input.text("sort", 16)) {
    const auto sort = sort_from(*named);
    if (!sort) input.reject("sort", "Must be newest, priceAscending, priceDescending or name.");
    query.sort = sort.value_or(SortOrder::newest);
  }
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

// {"items":[...],"nextCursor":"..."}
template <class Page, class Append>
void append_items(std::string& out, const Page& page, const std::optional<Position>& next,
                  std::uint64_t scope, Append append) {
  out += R"({"items":[)";
  for (const auto& item : page.items) {
    if (&item != page.items.data()) out += ',';
    append(out, item);
  }
  out += ']';
  if (next) fmt::format_to(std::back_inserter(out), R"(,"nextCursor":"{}")", encode_cursor(*next, scope));
  out += '}';
}

std::optional<Position> position_of(std::optional<std::int64_t> id) {
  if (!id) return std::nullopt;
  return Position{*id, 0, {}};
}

void append_change(std::string& out, const order::StockChange& change) {
  out += R"({"at":")";
  append_time(out, change.at);
  fmt::format_to(std::back_inserter(out), R"(","oldTotal":{},"newTotal":{},"actor":{},"reason":)",
                 change.old_total, change.new_total, change.actor.value);
  http::append_json_string(out, change.reason);
  out += '}';
}

}  // namespace

Result<ListQuery> read_list_query(const http::Request& request, std::optional<ProductType> type) {
  http::QueryInput input(request.query);
  ListQuery query;
  query.type = type;
  query.limit = read_limit(input);
  if (!type) {
    if (const auto named = input.text("type", 16)) {
      query.type = type_from(*named);
      if (!query.type) input.reject("type", "Must be NORMAL or RESERVED.");
    }
  }
  read_filter(input, query);
  query.after = read_cursor(input, scope_of(query));
  if (auto failure = input.finish()) return std::move(*failure);
  if (query.state == ProductState::archived && !request.caller.is_admin()) {
    return Failure(Error::forbidden, "Only an admin may list archived products.");
  }
  return query;
}

Result<PageQuery> read_page_query(const http::Request& request, std::uint64_t scope) {
  http::QueryInput input(request.query);
  PageQuery query;
  query.limit = read_limit(input);
  if (const auto after = read_cursor(input, scope)) query.before = after->id;
  if (auto failure = input.finish()) return std::move(*failure);
  return query;
}

void append_product(std::string& out, const ProductView& view) {
  const Product& product = view.product;
  const ProductDetails& details = product.details;
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"productId":{},"productName":)", product.id.value);
  http::append_json_string(out, details.name);
  out += R"(,"productDescription":)";
  http::append_json_string(out, details.description);
  fmt::format_to(to, R"(,"productPrice":{},"productStock":{},"productType":"{}","state":"{}")", details.price,
                 view.stock.total, to_string(details.type), to_string(product.state));
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

void append_page(std::string& out, const ProductPage& page, std::uint64_t scope) {
  append_items(out, page, page.next, scope, append_product);
}

void append_stock(std::string& out, const order::StockLevel& level) {
  fmt::format_to(std::back_inserter(out), R"({{"productId":{},)", level.product.value);
  append_level(out, level);
  out += '}';
}

void append_history(std::string& out, const HistoryPage& page, std::uint64_t scope) {
  append_items(out, page, position_of(page.next), scope, append_change);
}

void append_wish(std::string& out, const WishView& wish) {
  fmt::format_to(std::back_inserter(out), R"({{"productId":{})", wish.wish.product.value);
  if (!wish.wish.note.empty()) {
    out += R"(,"note":)";
    http::append_json_string(out, wish.wish.note);
  }
  append_optional_time(out, "addedAt", wish.wish.added_at);
  out += R"(,"product":)";
  append_product(out, wish.product);
  out += '}';
}

void append_wishes(std::string& out, const WishPage& page, std::uint64_t scope) {
  append_items(out, page, position_of(page.next), scope, append_wish);
}

}  // namespace buyme::product
