#pragma once

#include "http/endpoint.hpp"
#include "user/ending.hpp"
#include "user/service.hpp"

namespace buyme::user {

// Everything about the user service's endpoints: method, path, who may call, handler.
std::span<const http::Endpoint<UserService>> endpoints();
std::span<const http::Endpoint<AccountEnding>> ending_endpoints();  // those by which an account ends

}  // namespace buyme::user
