// The payment service's door for the order service. Nothing from outside reaches it (http::Access::internal).
#pragma once

#include <span>

#include "http/endpoint.hpp"
#include "payment/api.hpp"

namespace buyme::payment {

// To be mounted where a credential of services is configured, and nowhere else.
std::span<const http::Endpoint<PaymentApi>> internal_endpoints();

}  // namespace buyme::payment
