// Products as CSV: what is exported can be imported.
#pragma once

#include "http/message.hpp"
#include "product/service.hpp"

namespace buyme::product {

void append_csv_header(std::string& out);
void append_csv_row(std::string& out, const ProductView& view);

// The body of POST /api/admin/products/import; every wrong cell is named "lines[4].productPrice".
//
// A line without productId creates a product. In one with productId, productStock is the new total, or +N or
// -N, or empty; the other cells must be empty or as they are. The columns that change by themselves (state,
// createdAt, available, held, sold) may be there and are not looked at.
Result<ImportRequest> read_import_request(const http::Request& request);

// {"created":1,"changed":0,"kept":0,"refused":0,"pending":0,
//  "lines":[{"line":2,"productId":7,"result":"CREATED"}]}
void append_import(std::string& out, const Import& import);
bool is_finished(const Import& import);  // no line is pending

// ?cursor= of an export: the last product of the part before.
Result<ProductId> read_export_query(const http::Request& request);
std::string export_cursor(ProductId last);

}  // namespace buyme::product
