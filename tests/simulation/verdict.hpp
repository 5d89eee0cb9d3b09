// Runs a sale and says what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "simulation/scenario.hpp"
#include "simulation/trace.hpp"

namespace buyme::simulation {

struct Verdict {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  // of the trace: the same run has the same
  std::vector<std::string> violations;
  Coverage coverage;
  std::int64_t orders = 0, refusals = 0;
  std::uint64_t steps = 0;
  Duration lasted{0};
  std::vector<Trace::Line> lines;  // when they were asked for

  bool passed() const { return violations.empty(); }
};

Verdict simulate(std::uint64_t seed, const Wish& wish, bool keep_lines = false);

// The lines that speak of the orders, users and products that the violations name.
std::vector<Trace::Line> lines_about(const Verdict& verdict);

}  // namespace buyme::simulation
