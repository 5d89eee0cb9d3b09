// Orders as CSV: a line for each item of an order.
#pragma once

#include "order/store.hpp"

namespace buyme::order {

void append_csv_header(std::string& out);
void append_csv_rows(std::string& out, const Order& order);

}  // namespace buyme::order
