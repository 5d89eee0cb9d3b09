#include "payment/internal_endpoints.hpp"

#include "http/service_call.hpp"
#include "payment/internal_codec.hpp"

namespace buyme::payment {

namespace {

Awaitable<void> take_refund(PaymentApi& payments, const http::Request& request, http::Response& response) {
  const auto refund = http::read_call<RefundRequest>(request);
  if (!refund) co_return http::write_problem(response, refund.error(), request.request_id);
  const auto taken = co_await payments.take_refund(*refund);
  if (!taken) co_return http::write_problem(response, taken.error(), request.request_id);
  response.status = 204;
}

constexpr http::Endpoint<PaymentApi> table[] = {
    {http::Method::post, internal_path::take_refund, http::Access::internal, take_refund},
};

}  // namespace

std::span<const http::Endpoint<PaymentApi>> internal_endpoints() {
  return table;
}

}  // namespace buyme::payment
