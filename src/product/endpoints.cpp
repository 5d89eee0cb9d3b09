#include "product/endpoints.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"
#include "product/codec.hpp"
#include "product/codec_csv.hpp"
#include "product/cursor.hpp"

namespace buyme::product {

namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using http::write_problem;

// A single product. Its tag names what can be edited, the body shows live stock besides: so it is good for
// If-Match and no reason to answer 304.
void write_product(Response& response, const ProductView& view) {
  response.header("ETag", fmt::format("\"{}\"", entity_tag(view)));
  append_product(response.body, view);
}

Awaitable<void> register_product(ProductService& products, const Request& request, Response& response) {
  auto wanted = read_register_request(request);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto registered = co_await products.register_product(std::move(*wanted));
  if (!registered) co_return write_problem(response, registered.error(), request.request_id);
  response.status = 201;  // the same answer for a repeat, as orders do
  response.header("Location", fmt::format("/api/products/{}", registered->view.product.id.value));
  if (registered->replayed) response.header("Idempotent-Replayed", "true");
  write_product(response, registered->view);
}

// --- edits

Awaitable<void> edit(ProductService& products, const Request& request, Response& response,
                     Result<EditRequest> wanted) {
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto view = co_await products.edit(std::move(*wanted));
  if (!view) co_return write_problem(response, view.error(), request.request_id);
  write_product(response, *view);
}

Awaitable<void> replace(ProductService& products, const Request& request, Response& response) {
  return edit(products, request, response, read_replacement(request));
}

Awaitable<void> patch(ProductService& products, const Request& request, Response& response) {
  return edit(products, request, response, read_patch(request));
}

Awaitable<void> archive(ProductService& products, const Request& request, Response& response) {
  return edit(products, request, response, read_state_change(request, ProductState::archived));
}

Awaitable<void> pause(ProductService& products, const Request& request, Response& response) {
  return edit(products, request, response, read_state_change(request, ProductState::paused));
}

Awaitable<void> resume(ProductService& products, const Request& request, Response& response) {
  return edit(products, request, response, read_state_change(request, ProductState::active));
}

Awaitable<void> adjust_stock(ProductService& products, const Request& request, Response& response) {
  auto wanted = read_adjust_request(request);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto adjusted = co_await products.adjust(std::move(*wanted));
  if (!adjusted) co_return write_problem(response, adjusted.error(), request.request_id);
  if (adjusted->replayed) response.header("Idempotent-Replayed", "true");
  append_stock(response.body, adjusted->stock);
}

Awaitable<void> stock_history(ProductService& products, const Request& request, Response& response) {
  const auto id = read_product_id(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const std::uint64_t scope = scope_of("history", id->value);
  const auto query = read_page_query(request, scope);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  const auto page = co_await products.history(*id, query->before, query->limit, request.trace());
  if (!page) co_return write_problem(response, page.error(), request.request_id);
  append_history(response.body, *page, scope);
}

// --- lists

Awaitable<void> list(ProductService& products, const Request& request, Response& response,
                     std::optional<ProductType> type) {
  const auto query = read_list_query(request, type);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  const auto page = co_await products.list(*query, request.trace());
  if (!page) co_return write_problem(response, page.error(), request.request_id);
  append_page(response.body, *page, scope_of(*query));
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
  const auto view = co_await products.get(*id, request.trace());
  if (!view) co_return write_problem(response, view.error(), request.request_id);
  write_product(response, *view);
}

Awaitable<void> get_stock(ProductService& products, const Request& request, Response& response) {
  const auto id = read_product_id(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto level = co_await products.stock(*id, request.trace());
  if (!level) co_return write_problem(response, level.error(), request.request_id);
  append_stock(response.body, *level);
}

// --- CSV

// Chunk by chunk, and where the answer would grow past its limit it ends with a link to the rest.
Awaitable<void> export_csv(ProductService& products, const Request& request, Response& response) {
  auto after = read_export_query(request);
  if (!after) co_return write_problem(response, after.error(), request.request_id);
  append_csv_header(response.body);
  for (;;) {
    const auto page = co_await products.all(*after, request.trace());
    if (!page) co_return write_problem(response, page.error(), request.request_id);
    for (const ProductView& view : page->items) append_csv_row(response.body, view);
    if (!page->next) break;
    after = ProductId{page->next->id};
    if (response.body.size() < limits::csv_answer_bytes) continue;
    response.header("Link",
                    fmt::format(R"(</api/admin/products.csv?cursor={}>; rel="next")", export_cursor(*after)));
    break;
  }
  response.content_type = "text/csv; charset=utf-8";
  response.header("Content-Disposition", R"(attachment; filename="products.csv")");
}

// 202 while lines are left that take effect by themselves.
Awaitable<void> import_csv(ProductService& products, const Request& request, Response& response) {
  auto wanted = read_import_request(request);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto import = co_await products.import(std::move(*wanted));
  if (!import) co_return write_problem(response, import.error(), request.request_id);
  response.status = is_finished(*import) ? 200 : 202;
  if (import->replayed) response.header("Idempotent-Replayed", "true");
  append_import(response.body, *import);
}

// --- wishes

// False, and the answer is written, for a caller without an account.
bool has_wishlist(const Request& request, Response& response) {
  if (request.caller.user) return true;
  const Failure failure(Error::not_found,
                        "This shop trusts its callers (auth = \"trusted\"), so a request without a token has "
                        "no wishlist of its own.");
  write_problem(response, failure, request.request_id);
  return false;
}

Awaitable<void> list_wishes(ProductService& products, const Request& request, Response& response) {
  if (!has_wishlist(request, response)) co_return;
  const UserId user = request.caller.user;
  const std::uint64_t scope = scope_of("wishes", user.value);
  const auto query = read_page_query(request, scope);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  const auto page = co_await products.wishes(user, query->before, query->limit, request.trace());
  if (!page) co_return write_problem(response, page.error(), request.request_id);
  append_wishes(response.body, *page, scope);
}

Awaitable<void> add_wish(ProductService& products, const Request& request, Response& response) {
  if (!has_wishlist(request, response)) co_return;
  auto wanted = read_wish_request(request);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto added = co_await products.add_wish(request.caller.user, wanted->product, std::move(wanted->note),
                                                request.trace());
  if (!added) co_return write_problem(response, added.error(), request.request_id);
  response.status = added->found ? 200 : 201;
  response.header("Location", fmt::format("/api/wishlist/{}", wanted->product.value));
  append_wish(response.body, added->view);
}

Awaitable<void> get_wish(ProductService& products, const Request& request, Response& response) {
  if (!has_wishlist(request, response)) co_return;
  const auto id = read_product_id(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto wish = co_await products.wish(request.caller.user, *id, request.trace());
  if (!wish) co_return write_problem(response, wish.error(), request.request_id);
  append_wish(response.body, *wish);
}

Awaitable<void> set_wish_note(ProductService& products, const Request& request, Response& response) {
  if (!has_wishlist(request, response)) co_return;
  auto wanted = read_note_request(request);
  if (!wanted) co_return write_problem(response, wanted.error(), request.request_id);
  const auto wish = co_await products.set_wish_note(request.caller.user, wanted->product,
                                                    std::move(wanted->note), request.trace());
  if (!wish) co_return write_problem(response, wish.error(), request.request_id);
  append_wish(response.body, *wish);
}

Awaitable<void> remove_wish(ProductService& products, const Request& request, Response& response) {
  if (!has_wishlist(request, response)) co_return;
  const auto id = read_product_id(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto removed = co_await products.remove_wish(request.caller.user, *id);
  if (!removed) co_return write_problem(response, removed.error(), request.request_id);
  response.status = 204;
}

constexpr http::Endpoint<ProductService> table[] = {
    {Method::post, "/api/products", Access::admin, register_product},
    {Method::put, "/api/products/{productId}", Access::admin, replace},
    {Method::patch, "/api/products/{productId}", Access::admin, patch},
    {Method::delete_, "/api/products/{productId}", Access::admin, archive},
    {Method::post, "/api/products/{productId}/pause", Access::admin, pause},
    {Method::post, "/api/products/{productId}/resume", Access::admin, resume},
    {Method::post, "/api/products/{productId}/stock/adjust", Access::admin, adjust_stock},
    {Method::get, "/api/products/{productId}/stock/history", Access::admin, stock_history},
    {Method::get, "/api/products", Access::anyone, list_all},
    {Method::get, "/api/products/normal", Access::anyone, list_normal},
    {Method::get, "/api/products/reserved", Access::anyone, list_reserved},
    {Method::get, "/api/products/{productId}", Access::anyone, get_product},
    {Method::get, "/api/products/{productId}/stock", Access::anyone, get_stock},
    {Method::get, "/api/admin/products.csv", Access::admin, export_csv},
    {Method::post, "/api/admin/products/import", Access::admin, import_csv},
    {Method::get, "/api/wishlist", Access::user, list_wishes},
    {Method::post, "/api/wishlist", Access::user, add_wish},
    {Method::get, "/api/wishlist/{productId}", Access::user, get_wish},
    {Method::put, "/api/wishlist/{productId}", Access::user, set_wish_note},
    {Method::delete_, "/api/wishlist/{productId}", Access::user, remove_wish},
};

}  // namespace

std::span<const http::Endpoint<ProductService>> endpoints() {
  return table;
}

}  // namespace buyme::product
