// Products and wishes as JSON.
#pragma once

#include <string>

#include "http/json_input.hpp"
#include "product/service.hpp"

namespace buyme::product {

// The body of POST /api/products, with every wrong field named.
Result<RegisterRequest> read_register_request(const http::Request& request);

Result<EditRequest> read_replacement(const http::Request& request);  // PUT; precondition_required besides
Result<EditRequest> read_patch(const http::Request& request);
// An edit of the state alone, whose body is empty.
Result<EditRequest> read_state_change(const http::Request& request, ProductState state);
Result<AdjustRequest> read_adjust_request(const http::Request& request);
Result<std::optional<IfMatch>> read_if_match(std::string_view header);

// ?limit=&cursor=&q=&minPrice=&maxPrice=&sort=&state=, and ?type= unless `type` says it already.
Result<ListQuery> read_list_query(const http::Request& request, std::optional<ProductType> type);

// ?limit=&cursor= of the list that `scope` names (product/cursor.hpp).
struct PageQuery {
  std::size_t limit = 0;
  std::optional<std::int64_t> before;
};
Result<PageQuery> read_page_query(const http::Request& request, std::uint64_t scope);

Result<ProductId> read_product_id(const http::Request& request);  // not_found

struct WishRequest {
  ProductId product;
  std::string note;
};
Result<WishRequest> read_wish_request(const http::Request& request);
Result<WishRequest> read_note_request(const http::Request& request);

void append_product(std::string& out, const ProductView& view);
// {"items":[...],"nextCursor":"..."}
void append_page(std::string& out, const ProductPage& page, std::uint64_t scope);
void append_stock(std::string& out, const order::StockLevel& level);
void append_history(std::string& out, const HistoryPage& page, std::uint64_t scope);
void append_wish(std::string& out, const WishView& wish);
void append_wishes(std::string& out, const WishPage& page, std::uint64_t scope);

}  // namespace buyme::product
