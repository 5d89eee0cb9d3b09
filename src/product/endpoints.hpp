#pragma once

#include "http/endpoint.hpp"
#include "product/service.hpp"

namespace buyme::product {

// Everything about the product service's endpoints: method, path, who may call, handler.
std::span<const http::Endpoint<ProductService>> endpoints();

}  // namespace buyme::product
