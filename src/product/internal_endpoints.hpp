// The product service's door for the user service. Nothing from outside reaches it (http::Access::internal).
#pragma once

#include <span>

#include "http/endpoint.hpp"
#include "product/api.hpp"

namespace buyme::product {

// To be mounted where a credential of services is configured, and nowhere else.
std::span<const http::Endpoint<ProductApi>> internal_endpoints();

}  // namespace buyme::product
