// The merchant: puts the products up for sale and changes his mind in the middle of it.
#pragma once

#include "simulation/world.hpp"

namespace buyme::simulation {

Awaitable<void> open_sale(World& world);
Awaitable<void> change_terms(World& world, TermsPlan plan);

}  // namespace buyme::simulation
