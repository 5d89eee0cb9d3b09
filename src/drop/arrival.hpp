// When each buyer means to click.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace buyme::drop {

struct Arrival {
  enum class Kind : std::uint8_t {
    burst,    // all at once
    ramp,     // evenly at random over `value` seconds
    poisson,  // independently of each other, `value` buyers per second on average
  };
  Kind kind = Kind::burst;
  double value = 0;
  bool operator==(const Arrival&) const = default;
};

// "burst", "ramp:SECONDS" or "poisson:RATE" with a positive finite number; nullopt for anything else.
std::optional<Arrival> parse_arrival(std::string_view text);
std::string to_string(const Arrival& arrival);

// The intended click of each of `buyers`, ascending, counted from the opening. The same seed gives the same.
std::vector<std::chrono::nanoseconds> click_times(const Arrival& arrival, std::size_t buyers,
                                                  std::uint64_t seed);

}  // namespace buyme::drop
