#include "drop/arrival.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/random.hpp"

namespace buyme::drop {

namespace {

std::optional<double> parse_positive(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value) || value <= 0) return std::nullopt;
  return value;
}

std::chrono::nanoseconds to_duration(double seconds) {
  return std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

}  // namespace

std::optional<Arrival> parse_arrival(std::string_view text) {
  if (text == "burst") return Arrival{};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto value = parse_positive(text.substr(colon + 1));
  if (!value) return std::nullopt;
  const auto kind = text.substr(0, colon);
  if (kind == "ramp") return Arrival{Arrival::Kind::ramp, *value};
  if (kind == "poisson") return Arrival{Arrival::Kind::poisson, *value};
  return std::nullopt;
}

std::string to_string(const Arrival& arrival) {
  switch (arrival.kind) {
    case Arrival::Kind::burst:
      return "burst";
    case Arrival::Kind::ramp:
      return fmt::format("ramp:{}", arrival.value);
    case Arrival::Kind::poisson:
      return fmt::format("poisson:{}", arrival.value);
  }
  return {};
}

std::vector<std::chrono::nanoseconds> click_times(const Arrival& arrival, std::size_t buyers,
                                                  std::uint64_t seed) {
  Random random(seed, "drop.arrival");
  std::vector<std::chrono::nanoseconds> times(buyers);
  double now = 0;
  for (auto& time : times) {
    if (arrival.kind == Arrival::Kind::ramp) {
      time = to_duration(random.uniform() * arrival.value);
    } else if (arrival.kind == Arrival::Kind::poisson) {
      now += -std::log1p(-random.uniform()) / arrival.value;  // an exponential gap
      time = to_duration(now);
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace buyme::drop
