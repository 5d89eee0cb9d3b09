// What is counted, and the text in which Prometheus reads it (exposition format 0.0.4).
//
// Written here and not taken from prometheus-cpp: that library's counters are cheap, but its families and
// summaries take a mutex per look-up and per observation, and what is counted on the order path must cost
// neither a lock nor an allocation. What is left of it is a text format of three line types.
//
// Counters and histograms are members of what they count, never global: several shops run in one process.
//
// Thread safety: Counter and Histogram may be written and read from any thread. Their parts are read one
// after the other, so a reading may be some events newer in one number than in another, never older than the
// last reading. MetricsText belongs to one thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace buyme {

// A number of the calling thread, the same for as long as it lives. Threads share numbers when there are
// more.
inline constexpr std::size_t metric_cells = 8;
std::size_t metric_cell_of_this_thread();

// Only grows. Each thread adds to a cache line of its own, so that I/O threads do not fight over one.
class Counter {
 public:
  void add(std::uint64_t count = 1) {
    cells_[metric_cell_of_this_thread()].value.fetch_add(count, std::memory_order_relaxed);
  }
  std::uint64_t value() const;

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Cell, metric_cells> cells_;
};

// Counts observations by size. Meant for one writing thread, or a few that seldom meet.
class Histogram {
 public:
  static constexpr std::size_t max_bounds = 14;

  // `bounds`: the upper ends of the buckets, ascending and in static storage; one without an end comes
  // behind.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds.first(std::min(bounds.size(), max_bounds))) {}
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void observe(double value) {
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  void observe(std::chrono::nanoseconds duration) {
    observe(std::chrono::duration<double>(duration).count());
  }

  // Adds this one's counts to what is read already: histograms of several threads make one.
  struct Reading {
    std::span<const double> bounds;
    std::array<std::uint64_t, max_bounds + 1> buckets{};
    double sum = 0;
    std::uint64_t count() const;
  };
  void read_into(Reading& reading) const;

 private:
  std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, max_bounds + 1> buckets_{};
  std::atomic<double> sum_{0};
};

// Seconds; what an answer and what a commit may take.
std::span<const double> latency_bounds();
// Things in one round.
std::span<const double> size_bounds();

// Appends families one after the other; a sample belongs to the family begun last.
class MetricsText {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  explicit MetricsText(std::string& out) : out_(out) {}

  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }
  void histogram(std::string_view name, std::string_view help) { family(name, help, "histogram"); }

  void sample(Labels labels, double value) { line("", labels, {}, value); }
  void sample(double value) { sample({}, value); }
  void sample(Labels labels, const Histogram::Reading& reading);
  void sample(const Histogram& histogram);

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void line(std::string_view suffix, Labels labels, std::string_view bound, double value);
  void label(bool& first, std::string_view name, std::string_view value);

  std::string& out_;
  std::string name_;
};

}  // namespace buyme
