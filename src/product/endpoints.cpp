#include "product/endpoints.hpp"

#include <fmt/format.h>

#include "product/codec.hpp"

namespace buyme::product {

namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using http::write_problem;

Awaitable<void> register_product(ProductService& products, const Request& request, Response& response) {
  auto wanted = read_register_request(request);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto registered = co_await products.register_product(std::move(*wanted));
  if (!registered) co_return write_problem(response, registered.error(), request.request_id);
  response.status = 201;  // the same answer for a repeat, as orders do
  response.header("Location", fmt::format("/api/products/{}", registered->view.product.id.value));
  if (registered->replayed) response.header("Idempotent-Replayed", "true");
  append_product(response.body, registered->view);
}

Awaitable<void> list(ProductService& products, const Request& request, Response& response,
                     std::optional<ProductType> type) {
  const auto query = read_list_query(request, type);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  const auto page = co_await products.list(*query);
  if (!page) co_return write_problem(response, page.error(), request.request_id);
  append_page(response.body, *page);
}

Awaitable<void> list_all(ProductService& products, const Request& request, Response& response) {
  return list(products, request, response, std::nullopt);
}

Awaitable<void> list_normal(ProductService& products, const Request& request, Response& response) {
  return list(products, request, response, ProductType::normal);
}

Awaitable<void> list_reserved(ProductService& products, const Request& request, Response& response) {
  return list(products, request, response, ProductType::reserved);
}

Awaitable<void> get_product(ProductService& products, const Request& request, Response& response) {
  const auto id = read_product_id(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto view = co_await products.get(*id);
  if (!view) co_return write_problem(response, view.error(), request.request_id);
  append_product(response.body, *view);
}

Awaitable<void> get_stock(ProductService& products, const Request& request, Response& response) {
  const auto id = read_product_id(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto level = co_await products.stock(*id);
  if (!level) co_return write_problem(response, level.error(), request.request_id);
  append_stock(response.body, *level);
}

constexpr http::Endpoint<ProductService> table[] = {
    {Method::post, "/api/products", Access::admin, register_product},
    {Method::get, "/api/products", Access::anyone, list_all},
    {Method::get, "/api/products/normal", Access::anyone, list_normal},
    {Method::get, "/api/products/reserved", Access::anyone, list_reserved},
    {Method::get, "/api/products/{productId}", Access::anyone, get_product},
    {Method::get, "/api/products/{productId}/stock", Access::anyone, get_stock},
};

}  // namespace

std::span<const http::Endpoint<ProductService>> endpoints() {
  return table;
}

}  // namespace buyme::product
