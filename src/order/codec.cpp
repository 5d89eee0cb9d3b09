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

std::optional<OrderStatus> status_from(std::string_view name) {
  for (int number = 1; number <= static_cast<int>(OrderStatus::expired); ++number) {
    const auto status = static_cast<OrderStatus>(number);
    if (to_string(status) == name) return status;
  }
  return std::nullopt;
}

std::string read_key(http::JsonInput& body, const http::Request& request) {
  if (!is_key(request.idempotency_key)) {
    body.reject("Idempotency-Key",
                fmt::format("send 1 to {} visible ASCII characters", limits::max_idempotency_key_bytes));
  }
  return std::string(request.idempotency_key);
}

void append_item(std::string& out, const OrderItem& item, OrderStatus order) {
  fmt::format_to(std::back_inserter(out),
                 R"("orderItemId":{},"productId":{},"quantity":{},"price":{},"status":"{}")", item.id.value,
                 item.product.value, item.quantity, item.price, to_string(item.status, order));
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
  place.key = read_key(*body, request);
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
    out += '{';
    append_item(out, item, order.status);
    out += '}';
  }
  out += "]}";
}

Result<OrderQuery> read_order_query(const http::Request& request) {
  constexpr std::int64_t any_id = std::numeric_limits<std::int64_t>::max();
  http::QueryInput input(request.query);
  OrderQuery query;
  query.limit =
      static_cast<std::size_t>(input.integer("limit", 1, limits::page_max).value_or(limits::page_default));
  if (const auto before = input.integer("cursor", 1, any_id)) query.before = OrderId{*before};
  if (const auto name = input.text("status", 20)) {
    query.status = status_from(*name);
    if (!query.status) input.reject("status", "Must be a state of an order, such as PAID.");
  }
  if (const auto user = input.integer("userId", 1, any_id)) query.user = UserId{*user};
  if (auto failure = input.finish()) return std::move(*failure);
  if (query.user && !request.caller.is_admin() && query.user != request.caller.user) {
    return Failure(Error::forbidden, "Only an admin may list the orders of another user.");
  }
  return query;
}

std::string filter_of(const OrderQuery& query) {
  std::string filter;
  if (query.status) filter += fmt::format("&status={}", to_string(*query.status));
  if (query.user) filter += fmt::format("&userId={}", query.user.value);
  return filter;
}

Result<ReturnOrder> read_return_request(const http::Request& request, OrderItemId item) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  ReturnOrder wanted;
  wanted.item = item;
  wanted.quantity = body->optional_integer("quantity", 1, limits::max_line_units);
  wanted.reason = body->optional_text("reason", 0, limits::max_return_reason_chars).value_or("");
  wanted.key = read_key(*body, request);
  if (auto failure = body->finish()) return std::move(*failure);
  return wanted;
}

Result<bool> read_restock(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  const bool restock = body->optional_boolean("restock").value_or(false);
  if (auto failure = body->finish()) return std::move(*failure);
  return restock;
}

void append_returned(std::string& out, const Returned& returned) {
  const Order& order = returned.order;
  const auto item = std::ranges::find(order.items, returned.item, &OrderItem::id);
  fmt::format_to(std::back_inserter(out), R"({{"orderId":{},)", order.id.value);
  append_item(out, *item, order.status);
  out += '}';
}

void append_history(std::string& out, const std::vector<OrderStep>& steps) {
  out += R"({"items":[)";
  for (const auto& step : steps) {
    if (&step != steps.data()) out += ',';
    out += R"({"at":")";
    append_time(out, step.at);
    out += '"';
    if (step.item) fmt::format_to(std::back_inserter(out), R"(,"orderItemId":{})", step.item.value);
    fmt::format_to(std::back_inserter(out), R"(,"from":"{}","to":"{}","actor":{},"reason":)", step.from,
                   step.to, step.actor.value);
    http::append_json_string(out, step.reason);
    out += '}';
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
