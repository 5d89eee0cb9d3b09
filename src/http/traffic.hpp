// What one I/O thread has answered, by route and class of status.
//
// Thread safety: written by its thread alone, read by any.
#pragma once

#include <vector>

#include "core/metrics.hpp"

namespace buyme::http {

class Traffic {
 public:
  static constexpr std::size_t classes = 4;  // 2xx, 3xx, 4xx, 5xx

  // `routes`, and one more for requests that have none.
  explicit Traffic(std::size_t routes) : cells_(routes + 1) {}

  void count(std::size_t route, int status, std::chrono::nanoseconds latency) {
    Cell& cell = cells_[route];
    // The only writer needs no read-modify-write.
    auto& answered = cell.answered[class_of(status)];
    answered.store(answered.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    cell.latency.observe(latency);
  }

  std::uint64_t answered(std::size_t route, std::size_t status_class) const {
    return cells_[route].answered[status_class].load(std::memory_order_relaxed);
  }
  const Histogram& latency(std::size_t route) const { return cells_[route].latency; }

 private:
  struct Cell {
    std::array<std::atomic<std::uint64_t>, classes> answered{};
    Histogram latency{latency_bounds()};
  };
  static std::size_t class_of(int status) {
    return static_cast<std::size_t>(std::clamp(status / 100, 2, 5)) - 2;
  }

  std::vector<Cell> cells_;
};

}  // namespace buyme::http
