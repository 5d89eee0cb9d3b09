// The product service over HTTP, for the user service in another process.
//
// A repeat of forget_user finds done what is done, so a call may be repeated within its deadline. Beside the
// errors that ProductApi names it may fail with store_unavailable also where no product server can be
// reached.
#pragma once

#include <memory>

#include "http/client.hpp"
#include "product/api.hpp"

namespace buyme::product {

// Thread safety: as `client`, which must outlive it: on its homes.
std::unique_ptr<ProductApi> make_remote_products(http::HttpClient& client);

}  // namespace buyme::product
