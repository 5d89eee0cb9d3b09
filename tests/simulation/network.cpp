#include "simulation/network.hpp"

#include <algorithm>

namespace buyme::simulation {

void Process::die() {
  serves_ = false;
  if (!context_) return;
  for (const auto& weak : std::exchange(incoming_, {})) {
    if (const auto state = weak.lock()) state->end();
  }
  for (const auto& weak : std::exchange(outgoing_, {})) {
    if (const auto state = weak.lock()) state->forget();
  }
  destroy_services();
  context_.reset();
}

void Process::track(Calls& calls, const std::shared_ptr<CallState>& state) {
  if (calls.size() == calls.capacity()) {
    std::erase_if(calls, [](const auto& weak) { return weak.expired(); });
  }
  calls.push_back(state);
}

std::size_t Process::unanswered_calls() const {
  return static_cast<std::size_t>(std::ranges::count_if(incoming_, [](const auto& weak) {
    const auto state = weak.lock();
    return state && !state->over;
  }));
}

void Process::report(std::exception_ptr error, std::string_view what) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    bugs_.report(fmt::format("{}: {} threw: {}", name_, what, thrown.what()));
  }
}

}  // namespace buyme::simulation
