// The payment service over HTTP, for the order service in another process.
//
// A refund is told apart by its id, so a call may be repeated within its deadline. Beside the errors that
// PaymentApi names it may fail with store_unavailable also where no payment server can be reached.
#pragma once

#include <memory>

#include "http/client.hpp"
#include "payment/api.hpp"

namespace buyme::payment {

// Thread safety: as `client`, which must outlive it: on its homes.
std::unique_ptr<PaymentApi> make_remote_payments(http::HttpClient& client);

}  // namespace buyme::payment
