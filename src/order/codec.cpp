#include "order/codec.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"

namespace buyme::order {

namespace {

// Visible ASCII, as RFC 8941 strings are.
bool is_key(std::string_view key) {
  return key.size() <= limits::max_idempotency_key_bytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

UserId read_buyer(http::JsonInput& body, const Caller& caller) {
  const auto named = body.optional_integer("userId", 1, std::numeric_limits<std::int64_t>::max());
  if (caller.trusted) {
    if (!named) body.reject("userId", "name the buyer: this shop trusts the body (auth = \"trusted\")");
    return UserId{named.value_or(0)};
  }
  if (named && *named != caller.user.value) body.reject("userId", "is not the account of the bearer token");
  return caller.user;
}

}  // namespace

Result<PlaceRequest> read_place_request(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  PlaceRequest place;
  place.user = read_buyer(*body, request.caller);
  for (auto& item : body->objects("orderItems", 1, limits::max_order_lines)) {
    const auto product = item.integer("productId", 1, std::numeric_limits<std::int64_t>::max());
    const auto quantity = item.integer("quantity", 1, limits::max_line_units);
    place.lines.push_back({ProductId{product}, quantity});
  }
  if (!is_key(request.idempotency_key)) {
    body->reject("Idempotency-Key",
                 fmt::format("send 1 to {} visible ASCII characters", limits::max_idempotency_key_bytes));
  }
  place.key = request.idempotency_key;
  if (auto failure = body->finish()) return std::move(*failure);
  return place;
}

void append_order(std::string& out, const Order& order) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"orderId":{},"userId":{},"orderDate":")", order.id.value, order.user.value);
  append_time(out, order.placed_at);
  fmt::format_to(to, R"(","orderAmount":{},"orderStatus":"{}","holdExpiresAt":")", order.amount,
                 to_string(order.status));
  append_time(out, order.hold_expires_at);
  if (order.paid_at) {
    out += R"(","paidAt":")";
    append_time(out, *order.paid_at);
  }
  out += R"(","orderItems":[)";
  for (const auto& item : order.items) {
    if (&item != order.items.data()) out += ',';
    fmt::format_to(to, R"({{"orderItemId":{},"productId":{},"quantity":{},"price":{},"status":"{}"}})",
                   item.id.value, item.product.value, item.quantity, item.price, to_string(item.status));
  }
  out += "]}";
}

void append_orders(std::string& out, const OrderPage& page) {
  out += R"({"items":[)";
  for (const auto& order : page.orders) {
    if (&order != page.orders.data()) out += ',';
    append_order(out, order);
  }
  out += ']';
  if (page.next_before)
    fmt::format_to(std::back_inserter(out), R"(,"nextCursor":"{}")", page.next_before->value);
  out += '}';
}

void append_stock(std::string& out, const StockLevel& level) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"productId":{},"total":{},"available":{},"held":{},"sold":{},"soldOut":{}}})",
                 level.product.value, level.total, level.available(), level.held, level.sold,
                 level.available() <= 0);
}

std::int64_t read_last_event(const http::Request& request) {
  return http::path_id(request.last_event_id).value_or(0);
}

}  // namespace buyme::order
