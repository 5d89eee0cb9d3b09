#include "payment/endpoints.hpp"

#include "payment/codec.hpp"

namespace buyme::payment {

namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using http::write_problem;

Awaitable<void> enter_payment(PaymentService& payments, const Request& request, Response& response) {
  const auto order = read_order(request);
  if (!order) co_return write_problem(response, order.error(), request.request_id);
  const auto ticket = co_await payments.enter_payment(*order, request.caller, request.trace());
  if (!ticket) co_return write_problem(response, ticket.error(), request.request_id);
  append_ticket(response.body, *ticket);
}

Awaitable<void> attempt_payment(PaymentService& payments, const Request& request, Response& response) {
  const auto order = read_order(request);
  if (!order) co_return write_problem(response, order.error(), request.request_id);
  const auto receipt = co_await payments.attempt_payment(*order, request.caller, request.trace());
  if (!receipt) co_return write_problem(response, receipt.error(), request.request_id);
  append_receipt(response.body, *receipt);
}

Awaitable<void> list_payments(PaymentRecords& records, const Request& request, Response& response) {
  const auto order = read_order(request);
  if (!order) co_return write_problem(response, order.error(), request.request_id);
  const auto payments = co_await records.of_order(*order, request.caller, request.trace());
  if (!payments) co_return write_problem(response, payments.error(), request.request_id);
  append_payments(response.body, *payments);
}

Awaitable<void> show_attention(PaymentRecords& records, const Request& request, Response& response) {
  const auto attention = co_await records.attention();
  if (!attention) co_return write_problem(response, attention.error(), request.request_id);
  append_attention(response.body, *attention);
}

constexpr http::Endpoint<PaymentRecords> record_table[] = {
    {Method::get, "/api/orders/{orderId}/payments", Access::user, list_payments},
    {Method::get, "/api/admin/attention", Access::admin, show_attention},
};

constexpr http::Endpoint<PaymentService> table[] = {
    {Method::post, "/api/orders/{orderId}/enter-payment", Access::user, enter_payment},
    {Method::post, "/api/orders/{orderId}/attempt-payment", Access::user, attempt_payment},
};

}  // namespace

std::span<const http::Endpoint<PaymentService>> endpoints() {
  return table;
}

std::span<const http::Endpoint<PaymentRecords>> record_endpoints() {
  return record_table;
}

}  // namespace buyme::payment
