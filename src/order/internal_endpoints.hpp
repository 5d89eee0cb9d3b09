// The order service's door for the other services: every call of OrderApi at a path of its own. Nothing from
// outside reaches it (http::Access::internal).
#pragma once

#include <span>

#include "http/endpoint.hpp"
#include "order/api.hpp"

namespace buyme::order {

// To be mounted where a credential of services is configured, and nowhere else.
std::span<const http::Endpoint<OrderApi>> internal_endpoints();

}  // namespace buyme::order
