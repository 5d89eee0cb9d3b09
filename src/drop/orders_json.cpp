#include "drop/orders_json.hpp"

#include <boost/json.hpp>

namespace buyme::drop {

namespace json = boost::json;

namespace {

std::optional<json::value> parse_object(std::string_view body) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return value;
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string().data(), value->get_string().size());
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::optional<SeenOrder> to_order(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  const auto id = number_of(object, "orderId");
  const auto user = number_of(object, "userId");
  const auto amount = number_of(object, "orderAmount");
  const auto* items = object.if_contains("orderItems");
  if (!id || !user || !amount || items == nullptr || !items->is_array()) return std::nullopt;
  SeenOrder order;
  order.order_id = *id;
  order.user_id = *user;
  order.amount = *amount;
  order.status = text_of(object, "orderStatus");
  order.placed_at = text_of(object, "orderDate");
  order.hold_expires_at = parse_time(text_of(object, "holdExpiresAt"));
  for (const auto& item : items->get_array()) {
    if (!item.is_object()) return std::nullopt;
    const auto product = number_of(item.get_object(), "productId");
    const auto quantity = number_of(item.get_object(), "quantity");
    const auto price = number_of(item.get_object(), "price");
    if (!product || !quantity || !price) return std::nullopt;
    const bool returned = text_of(item.get_object(), "status") == "RETURNED";
    order.add_item({*product, *quantity, *price, returned ? *quantity : 0});
  }
  if (order.status.empty()) return std::nullopt;
  return order;
}

}  // namespace

std::optional<SeenOrder> parse_order(std::string_view body) {
  const auto value = parse_object(body);
  if (!value) return std::nullopt;
  return to_order(*value);
}

std::optional<StockLevel> parse_stock(std::string_view body) {
  const auto value = parse_object(body);
  if (!value) return std::nullopt;
  const auto& object = value->get_object();
  const auto total = number_of(object, "total");
  const auto available = number_of(object, "available");
  const auto held = number_of(object, "held");
  const auto sold = number_of(object, "sold");
  const auto* sold_out = object.if_contains("soldOut");
  if (!total || !available || !held || !sold || sold_out == nullptr || !sold_out->is_bool())
    return std::nullopt;
  return StockLevel{*total, *available, *held, *sold, sold_out->get_bool()};
}

std::optional<OrderPage> parse_order_page(std::string_view body) {
  const auto value = parse_object(body);
  if (!value) return std::nullopt;
  const auto* items = value->get_object().if_contains("items");
  if (items == nullptr || !items->is_array()) return std::nullopt;
  OrderPage page;
  for (const auto& item : items->get_array()) {
    auto order = to_order(item);
    if (!order) return std::nullopt;
    page.orders.push_back(std::move(*order));
  }
  page.next_cursor = text_of(value->get_object(), "nextCursor");
  return page;
}

std::optional<Product> parse_product(std::string_view body) {
  const auto value = parse_object(body);
  if (!value) return std::nullopt;
  const auto id = number_of(value->get_object(), "productId");
  if (!id) return std::nullopt;
  return Product{*id, number_of(value->get_object(), "perUserLimit").value_or(0)};
}

std::string problem_code(std::string_view body) {
  return string_member(body, "code");
}

std::string string_member(std::string_view body, std::string_view name) {
  const auto value = parse_object(body);
  return value ? text_of(value->get_object(), name) : std::string();
}

}  // namespace buyme::drop
