// Orders as JSON.
#pragma once

#include "http/json_input.hpp"
#include "order/service.hpp"

namespace buyme::order {

// The body of POST /api/orders. In trusted mode the body names the buyer; otherwise a `userId` must be the
// caller's.
Result<PlaceRequest> read_place_request(const http::Request& request);

// The body of POST /api/orders/items/{orderItemId}/return, which may be empty.
Result<ReturnOrder> read_return_request(const http::Request& request, OrderItemId item);
// That of .../complete-return, which may be empty: whether to restock.
Result<bool> read_restock(const http::Request& request);

// ?status=&limit=&cursor=, and ?userId= for an admin.
Result<OrderQuery> read_order_query(const http::Request& request);
std::string filter_of(const OrderQuery& query);  // "&status=PAID&userId=7", to ask for the next page

void append_order(std::string& out, const Order& order);
void append_returned(std::string& out, const Returned& returned);
void append_history(std::string& out, const std::vector<OrderStep>& steps);  // {"items":[...]}, oldest first
void append_orders(std::string& out, const OrderPage& page);  // {"items":[...],"nextCursor":"..."}
void append_stock(std::string& out, const StockLevel& level);
// The header Last-Event-ID as a version of the ledger; 0 when it is none of ours.
std::int64_t read_last_event(const http::Request& request);

}  // namespace buyme::order
