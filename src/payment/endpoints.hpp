#pragma once

#include "http/endpoint.hpp"
#include "payment/records.hpp"
#include "payment/service.hpp"

namespace buyme::payment {

// Everything about the payment service's endpoints: method, path, who may call, handler.
std::span<const http::Endpoint<PaymentService>> endpoints();

std::span<const http::Endpoint<PaymentRecords>> record_endpoints();

}  // namespace buyme::payment
