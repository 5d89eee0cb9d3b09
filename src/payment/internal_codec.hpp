// What crosses from the order service to the payment service. See order/internal_codec.hpp for the manner.
#pragma once

#include <string>
#include <string_view>

#include "http/json_input.hpp"
#include "payment/api.hpp"

namespace buyme::payment {

namespace internal_path {
inline constexpr std::string_view take_refund = "/internal/payments/take-refund";
}  // namespace internal_path

void append_json(std::string& out, const RefundRequest& refund);
void read_json(http::JsonInput& input, RefundRequest& refund);

}  // namespace buyme::payment
