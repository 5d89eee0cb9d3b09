// What guards the last unit: the values of the setting order.strategy. What they do says placer.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace buyme::order {

enum class Strategy : std::uint8_t { group_commit, optimistic, pessimistic, distributed, none };
inline constexpr std::array<std::string_view, 5> strategy_names{"group-commit", "optimistic", "pessimistic",
                                                                "distributed", "none"};

constexpr std::string_view to_string(Strategy strategy) {
  return strategy_names[static_cast<std::size_t>(strategy)];
}

}  // namespace buyme::order
