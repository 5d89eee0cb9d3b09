#include "order/codec_csv.hpp"

#include <fmt/format.h>

#include <array>

#include "core/csv.hpp"

namespace buyme::order {

void append_csv_header(std::string& out) {
  out += csv::bom;
  const std::array<std::string, 11> names{"orderId",     "userId", "orderDate",   "orderStatus",
                                          "orderAmount", "paidAt", "orderItemId", "productId",
                                          "quantity",    "price",  "itemStatus"};
  csv::append_row(out, names);
}

void append_csv_rows(std::string& out, const Order& order) {
  for (const auto& item : order.items) {
    const std::array<std::string, 11> cells{fmt::to_string(order.id.value),
                                            fmt::to_string(order.user.value),
                                            format_time(order.placed_at),
                                            std::string(to_string(order.status)),
                                            fmt::to_string(order.amount),
                                            order.paid_at ? format_time(*order.paid_at) : "",
                                            fmt::to_string(item.id.value),
                                            fmt::to_string(item.product.value),
                                            fmt::to_string(item.quantity),
                                            fmt::to_string(item.price),
                                            std::string(to_string(item.status, order.status))};
    csv::append_row(out, cells);
  }
}

}  // namespace buyme::order
