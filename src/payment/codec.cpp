#include "payment/codec.hpp"

#include <fmt/format.h>

namespace buyme::payment {

Result<OrderId> read_order(const http::Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such order.");
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  if (auto failure = body->finish()) return std::move(*failure);
  return OrderId{*id};
}

void append_ticket(std::string& out, const order::PaymentTicket& ticket) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"orderId":{},"orderStatus":"PAYMENT_ENTERED","orderAmount":{},"holdExpiresAt":")",
                 ticket.order.value, ticket.amount);
  append_time(out, ticket.hold_expires_at);
  out += R"("})";
}

void append_receipt(std::string& out, const Receipt& receipt) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"orderId":{},"orderStatus":"PAID","attemptId":{},"orderAmount":{}}})",
                 receipt.order.value, receipt.attempt.value, receipt.amount);
}

}  // namespace buyme::payment
