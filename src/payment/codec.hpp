// Payments as JSON.
#pragma once

#include <string>

#include "http/json_input.hpp"
#include "payment/records.hpp"
#include "payment/service.hpp"

namespace buyme::payment {

// The order that the path names, once the body is known to hold no fields.
Result<OrderId> read_order(const http::Request& request);

void append_ticket(std::string& out, const order::PaymentTicket& ticket);
void append_receipt(std::string& out, const Receipt& receipt);

void append_payments(std::string& out, const OrderPayments& payments);  // {"attempts":[...],"refunds":[...]}
void append_attention(std::string& out, const Attention& attention);

}  // namespace buyme::payment
