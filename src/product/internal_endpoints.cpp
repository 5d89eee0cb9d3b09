#include "product/internal_endpoints.hpp"

#include "http/service_call.hpp"
#include "product/internal_codec.hpp"

namespace buyme::product {

namespace {

Awaitable<void> forget_user(ProductApi& products, const http::Request& request, http::Response& response) {
  const auto call = http::read_call<ForgetUserCall>(request);
  if (!call) co_return http::write_problem(response, call.error(), request.request_id);
  const auto forgotten = co_await products.forget_user(call->user, request.trace());
  if (!forgotten) co_return http::write_problem(response, forgotten.error(), request.request_id);
  response.status = 204;
}

constexpr http::Endpoint<ProductApi> table[] = {
    {http::Method::post, internal_path::forget_user, http::Access::internal, forget_user},
};

}  // namespace

std::span<const http::Endpoint<ProductApi>> internal_endpoints() {
  return table;
}

}  // namespace buyme::product
