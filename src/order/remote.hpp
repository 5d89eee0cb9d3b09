// The order service over HTTP, for services in other processes.
//
// Every call may be repeated within its deadline: put_terms is told apart by its version, settle_payment by
// its attempt, cancel_unpaid and enter_payment find done what is done, the others only read. Beside the
// errors that OrderApi names, each call may fail with overloaded or store_unavailable (not done: too many
// calls are under way, or no order server can be reached), and one that changes something with
// outcome_unknown.
#pragma once

#include <memory>

#include "http/client.hpp"
#include "order/api.hpp"

namespace buyme::order {

// Thread safety: as `client`, which must outlive it: on its homes.
std::unique_ptr<OrderApi> make_remote_orders(http::HttpClient& client);

}  // namespace buyme::order
