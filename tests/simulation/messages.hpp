// Calls between the services of a split shop, with lost, late, repeated and reordered messages.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "simulation/shop_process.hpp"

namespace buyme::simulation {

// Any order server that answers the door is as good as another; null when none does.
using PickServer = std::function<ShopProcess*()>;

// `beside` runs the repetitions of messages whose sender may be gone by then.
std::unique_ptr<order::OrderApi> make_remote_orders(Process& from, PickServer pick, Surroundings& around,
                                                    Executor beside);
std::unique_ptr<payment::PaymentApi> make_remote_payments(Process& from, PickServer pick,
                                                          Surroundings& around, Executor beside);

}  // namespace buyme::simulation
