// Products as JSON.
#pragma once

#include <string>

#include "http/json_input.hpp"
#include "product/service.hpp"

namespace buyme::product {

// The body of POST /api/products, with every wrong field named.
Result<RegisterRequest> read_register_request(const http::Request& request);

// ?limit=&cursor=, and ?type= unless `type` says it already.
Result<ListQuery> read_list_query(const http::Request& request, std::optional<ProductType> type);

Result<ProductId> read_product_id(const http::Request& request);  // not_found

void append_product(std::string& out, const ProductView& view);
void append_page(std::string& out, const ProductPage& page);  // {"items":[...],"nextCursor":"..."}
void append_stock(std::string& out, const order::StockLevel& level);

}  // namespace buyme::product
