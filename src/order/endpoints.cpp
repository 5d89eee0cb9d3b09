#include "order/endpoints.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"
#include "order/codec.hpp"
#include "order/codec_csv.hpp"
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
  const auto query = read_order_query(request);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  const auto page = co_await orders.list(request.caller, *query);
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

Awaitable<void> get_history(OrderService& orders, const Request& request, Response& response) {
  const auto id = order_of(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto steps = co_await orders.history(*id, request.caller);
  if (!steps) co_return write_problem(response, steps.error(), request.request_id);
  append_history(response.body, *steps);
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

// A page after the other until the answer is large enough; the rest is behind a Link, as RFC 8288 has it.
Awaitable<void> export_csv(OrderService& orders, const Request& request, Response& response) {
  auto query = read_order_query(request);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  query->limit = limits::csv_chunk_rows;
  append_csv_header(response.body);
  for (;;) {
    const auto page = co_await orders.list(request.caller, *query);
    if (!page) {
      response.clear();
      co_return write_problem(response, page.error(), request.request_id);
    }
    for (const Order& order : page->orders) append_csv_rows(response.body, order);
    query->before = page->next_before;
    if (!query->before) break;
    if (response.body.size() < limits::csv_answer_bytes) continue;
    response.header("Link", fmt::format(R"(</api/admin/orders.csv?cursor={}{}>; rel="next")",
                                        query->before->value, filter_of(*query)));
    break;
  }
  response.content_type = "text/csv; charset=utf-8";
  response.header("Content-Disposition", R"(attachment; filename="orders.csv")");
}

Result<OrderItemId> item_of(const Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such item.");
  return OrderItemId{*id};
}

void write_returned(const Request& request, Response& response, const Result<Returned>& result) {
  if (!result) return write_problem(response, result.error(), request.request_id);
  if (result->replayed) response.header("Idempotent-Replayed", "true");
  append_returned(response.body, *result);
}

Awaitable<void> return_item(OrderService& orders, const Request& request, Response& response) {
  const auto id = item_of(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  auto wanted = read_return_request(request, *id);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto returned = co_await orders.request_return(std::move(*wanted), request.caller);
  write_returned(request, response, returned);
}

Awaitable<void> complete_return(OrderService& orders, const Request& request, Response& response) {
  const auto id = item_of(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto restock = read_restock(request);
  if (!restock) co_return write_problem(response, restock.error(), request.request_id);
  const auto returned = co_await orders.complete_return(*id, request.caller, *restock);
  write_returned(request, response, returned);
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
    {Method::get, "/api/orders/{orderId}/history", Access::user, get_history},
    {Method::get, "/api/admin/orders.csv", Access::admin, export_csv},
    {Method::post, "/api/orders/{orderId}/cancel", Access::user, cancel_order},
    {Method::post, "/api/orders/items/{orderItemId}/return", Access::user, return_item},
    {Method::post, "/api/orders/items/{orderItemId}/complete-return", Access::admin, complete_return},
    {Method::get, "/api/products/{productId}/stock/stream", Access::anyone, stream_stock},
};

}  // namespace

std::span<const http::Endpoint<OrderService>> endpoints() {
  return table;
}

}  // namespace buyme::order
