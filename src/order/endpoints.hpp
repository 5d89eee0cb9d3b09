#pragma once

#include "http/endpoint.hpp"
#include "order/service.hpp"

namespace buyme::order {

// Everything about the order service's endpoints: method, path, who may call, handler.
std::span<const http::Endpoint<OrderService>> endpoints();

}  // namespace buyme::order
