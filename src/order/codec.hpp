// Orders as JSON.
#pragma once

#include "http/json_input.hpp"
#include "order/service.hpp"

namespace buyme::order {

// The body of POST /api/orders. In trusted mode the body names the buyer; otherwise a `userId` must be the
// caller's.
Result<PlaceRequest> read_place_request(const http::Request& request);

void append_order(std::string& out, const Order& order);
void append_orders(std::string& out, const OrderPage& page);  // {"items":[...],"nextCursor":"..."}
void append_stock(std::string& out, const StockLevel& level);
// The header Last-Event-ID as a version of the ledger; 0 when it is none of ours.
std::int64_t read_last_event(const http::Request& request);

}  // namespace buyme::order
