// The merchant: puts the products up for sale and changes his mind in the middle of it.
#pragma once

#include "simulation/world.hpp"

namespace buyme::simulation {

Awaitable<void> open_sale(World& world);
Awaitable<void> change_terms(World& world, TermsPlan plan);
Awaitable<void> ship_daily(World& world);
Awaitable<void> end_account(World& world, AccountEnd end);
// A returned part has arrived.
Awaitable<void> take_back(World& world, OrderItemId item, bool restock);

}  // namespace buyme::simulation
