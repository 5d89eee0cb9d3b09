#include "drop/wording.hpp"

#include <fmt/format.h>

namespace buyme::drop {

std::string grouped(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  const std::size_t first_digit = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string as_duration(std::int64_t time_us) {
  const auto value = static_cast<double>(time_us);
  if (time_us < 1'000) return fmt::format("{} µs", time_us);
  if (time_us < 10'000) return fmt::format("{:.2f} ms", value / 1e3);
  if (time_us < 100'000) return fmt::format("{:.1f} ms", value / 1e3);
  if (time_us < 1'000'000) return fmt::format("{:.0f} ms", value / 1e3);
  return fmt::format("{:.2f} s", value / 1e6);
}

}  // namespace buyme::drop
