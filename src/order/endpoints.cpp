#include "order/endpoints.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"
#include "order/codec.hpp"
#include "order/stock_stream.hpp"

namespace buyme::order {

namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using http::write_problem;

Awaitable<void> place_order(OrderService& orders, const Request& request, Response& response) {
  auto place = read_place_request(request);
  if (!place) co_return write_problem(response, place.error(), request.request_id);
  auto placed = co_await orders.place(std::move(*place));
  if (!placed) co_return write_problem(response, placed.error(), request.request_id);
  response.status = 201;
  response.header("Location", fmt::format("/api/orders/{}", placed->order.id.value));
  if (placed->replayed) response.header("Idempotent-Replayed", "true");
  append_order(response.body, placed->order);
}

Awaitable<void> list_orders(OrderService& orders, const Request& request, Response& response) {
  http::QueryInput query(request.query);
  const auto limit = query.integer("limit", 1, limits::page_max);
  const auto before = query.integer("cursor", 1, std::numeric_limits<std::int64_t>::max());
  if (auto failure = query.finish()) co_return write_problem(response, *failure, request.request_id);
  std::optional<OrderId> before_order;
  if (before) before_order = OrderId{*before};
  const auto page = co_await orders.list(request.caller, before_order,
                                         static_cast<std::size_t>(limit.value_or(limits::page_default)));
  if (!page) co_return write_problem(response, page.error(), request.request_id);
  append_orders(response.body, *page);
}

// Answers with the order that `result` holds, or with its failure.
void write_order(const Request& request, Response& response, const Result<Order>& result) {
  if (!result) return write_problem(response, result.error(), request.request_id);
  append_order(response.body, *result);
}

Result<OrderId> order_of(const Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such order.");
  return OrderId{*id};
}

Awaitable<void> get_order(OrderService& orders, const Request& request, Response& response) {
  const auto id = order_of(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto order = co_await orders.get(*id, request.caller);
  write_order(request, response, order);
}

Awaitable<void> cancel_order(OrderService& orders, const Request& request, Response& response) {
  const auto id = order_of(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  auto body = http::JsonInput::parse(request);
  if (!body) co_return write_problem(response, body.error(), request.request_id);
  if (auto failure = body->finish()) co_return write_problem(response, *failure, request.request_id);
  const auto order = co_await orders.cancel(*id, request.caller);
  write_order(request, response, order);
}

// Beside GET .../stock, which the product service serves: the board is read here, in the process that sells.
Awaitable<void> stream_stock(OrderService& orders, const Request& request, Response& response) {
  const auto product = http::path_id(request.params[0]);
  if (!product || !orders.board().knows(ProductId{*product})) {
    const Failure failure(Error::not_found, "There is no such product for sale.");
    co_return write_problem(response, failure, request.request_id);
  }
  response.stream =
      std::make_unique<StockStream>(orders.board(), ProductId{*product}, read_last_event(request));
}

constexpr http::Endpoint<OrderService> table[] = {
    {Method::post, "/api/orders", Access::user, place_order},
    {Method::get, "/api/orders", Access::user, list_orders},
    {Method::get, "/api/orders/{orderId}", Access::user, get_order},
    {Method::post, "/api/orders/{orderId}/cancel", Access::user, cancel_order},
    {Method::get, "/api/products/{productId}/stock/stream", Access::anyone, stream_stock},
};

}  // namespace

std::span<const http::Endpoint<OrderService>> endpoints() {
  return table;
}

}  // namespace buyme::order
