#include "simulation/faults.hpp"

#include <fmt/format.h>

namespace buyme::simulation {

std::string_view name_of(Fault fault) {
  static constexpr std::string_view names[] = {
      "commit refused",
      "commit took, answer lost",
      "commit lost",
      "commit arrives late",
      "store hangs",
      "store away",
      "marks away",
      "gate forgets",
      "gate goes stale",
      "gate hears twice",
      "gate away",
      "message delayed",
      "message dropped",
      "answer dropped",
      "message repeated",
      "provider times out",
      "provider charges late",
      "provider fails",
      "payment database away",
      "server killed",
      "killed in a commit",
      "server stopped",
      "server paused",
      "wall clock jumps",
      "clock drifts",
      "queue full",
      "buyer leaves",
      "double click",
      "retry without key",
      "cancel while paying",
  };
  static_assert(std::size(names) == fault_kinds);
  return names[static_cast<std::size_t>(fault)];
}

void Coverage::add(const Coverage& other) {
  for (std::size_t fault = 0; fault < fault_kinds; ++fault) {
    for (std::size_t column = 0; column < columns; ++column)
      counts_[fault][column] += other.counts_[fault][column];
  }
}

std::uint64_t Coverage::of(Fault fault) const {
  std::uint64_t sum = 0;
  for (const auto count : counts_[static_cast<std::size_t>(fault)]) sum += count;
  return sum;
}

std::string Coverage::table() const {
  // Column 9 first: the life of an order from left to right. 5 and 6 are states that shipping will bring.
  static constexpr std::size_t shown[] = {0, placing, 1, 2, 3, 4, 7, 8};
  std::string table = fmt::format("{:26}{:>10}{:>10}", "fault met", "no order", "placing");
  for (const std::size_t column : std::span(shown).subspan(2)) {
    table += fmt::format("{:>17}", order::to_string(static_cast<order::OrderStatus>(column)));
  }
  table += '\n';
  for (std::size_t fault = 0; fault < fault_kinds; ++fault) {
    table += fmt::format("{:26}", name_of(static_cast<Fault>(fault)));
    for (std::size_t i = 0; i < std::size(shown); ++i) {
      const std::uint64_t count = counts_[fault][shown[i]];
      table += fmt::format("{:>{}}", count == 0 ? std::string("-") : std::to_string(count), i < 2 ? 10 : 17);
    }
    table += '\n';
  }
  return table;
}

}  // namespace buyme::simulation
