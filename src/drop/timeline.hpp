// The sale cut into slices, for drawing.
#pragma once

#include <vector>

#include "drop/crowd.hpp"
#include "drop/drop.hpp"

namespace buyme::drop {

// At most `slices` of equal length from the opening to the last click or answer, whichever is later. Empty
// when nothing happened.
std::vector<Slice> make_timeline(const std::vector<std::int64_t>& clicks_us,
                                 const std::vector<Sample>& samples, int slices);

}  // namespace buyme::drop
