#include "order/internal_endpoints.hpp"

#include "http/service_call.hpp"
#include "order/internal_codec.hpp"

namespace buyme::order {

namespace {

using http::Access;
using http::Method;
using http::read_call;
using http::Request;
using http::Response;
using http::write_problem;

Awaitable<void> put_terms(OrderApi& orders, const Request& request, Response& response) {
  auto update = read_call<TermsUpdate>(request);
  if (!update) co_return write_problem(response, update.error(), request.request_id);
  const auto taken = co_await orders.put_terms(std::move(*update), request.trace());
  if (!taken) co_return write_problem(response, taken.error(), request.request_id);
  response.status = 204;
}

Awaitable<void> stock_history(OrderApi& orders, const Request& request, Response& response) {
  const auto call = read_call<HistoryCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  auto changes = co_await orders.stock_history(call->product, call->before, call->limit, request.trace());
  if (!changes) co_return write_problem(response, changes.error(), request.request_id);
  const HistoryAnswer answer{std::move(*changes)};
  append_json(response.body, answer);
}

Awaitable<void> cancel_unpaid(OrderApi& orders, const Request& request, Response& response) {
  const auto call = read_call<CancelUnpaidCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  const auto canceled = co_await orders.cancel_unpaid(call->user, request.trace());
  if (!canceled) co_return write_problem(response, canceled.error(), request.request_id);
  response.status = 204;
}

Awaitable<void> stock(OrderApi& orders, const Request& request, Response& response) {
  const auto call = read_call<StockCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  const auto level = co_await orders.stock(call->product, request.trace());
  if (!level) co_return write_problem(response, level.error(), request.request_id);
  append_json(response.body, *level);
}

Awaitable<void> stocks(OrderApi& orders, const Request& request, Response& response) {
  auto call = read_call<StocksCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  auto levels = co_await orders.stock(std::move(call->products), request.trace());
  if (!levels) co_return write_problem(response, levels.error(), request.request_id);
  const StocksAnswer answer{std::move(*levels)};
  append_json(response.body, answer);
}

Awaitable<void> enter_payment(OrderApi& orders, const Request& request, Response& response) {
  const auto call = read_call<EnterPaymentCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  const auto ticket =
      co_await orders.enter_payment(call->order, call->caller, call->attempting, request.trace());
  if (!ticket) co_return write_problem(response, ticket.error(), request.request_id);
  append_json(response.body, *ticket);
}

Awaitable<void> settle_payment(OrderApi& orders, const Request& request, Response& response) {
  const auto call = read_call<SettlePaymentCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  const auto settlement =
      co_await orders.settle_payment(call->order, call->attempt, call->succeeded, request.trace());
  if (!settlement) co_return write_problem(response, settlement.error(), request.request_id);
  const SettlementAnswer answer{*settlement};
  append_json(response.body, answer);
}

Awaitable<void> get(OrderApi& orders, const Request& request, Response& response) {
  const auto call = read_call<GetCall>(request);
  if (!call) co_return write_problem(response, call.error(), request.request_id);
  const auto order = co_await orders.get(call->order, call->caller, request.trace());
  if (!order) co_return write_problem(response, order.error(), request.request_id);
  append_json(response.body, *order);
}

constexpr http::Endpoint<OrderApi> table[] = {
    {Method::post, internal_path::put_terms, Access::internal, put_terms},
    {Method::post, internal_path::stock_history, Access::internal, stock_history},
    {Method::post, internal_path::cancel_unpaid, Access::internal, cancel_unpaid},
    {Method::post, internal_path::stock, Access::internal, stock},
    {Method::post, internal_path::stocks, Access::internal, stocks},
    {Method::post, internal_path::enter_payment, Access::internal, enter_payment},
    {Method::post, internal_path::settle_payment, Access::internal, settle_payment},
    {Method::post, internal_path::get, Access::internal, get},
};

}  // namespace

std::span<const http::Endpoint<OrderApi>> internal_endpoints() {
  return table;
}

}  // namespace buyme::order
