#include "core/metrics.hpp"

#include <fmt/format.h>

namespace buyme {

namespace {

constexpr double latencies[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                0.1,    0.25,  0.5,    1,     2.5,  5,     10};
constexpr double sizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
static_assert(std::size(latencies) <= Histogram::max_bounds && std::size(sizes) <= Histogram::max_bounds);

}  // namespace

std::span<const double> latency_bounds() {
  return latencies;
}
std::span<const double> size_bounds() {
  return sizes;
}

std::size_t metric_cell_of_this_thread() {
  // Which thread counts where is no state of a shop: two shops in one process may share the numbering.
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % metric_cells;
  return mine;
}

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t Histogram::Reading::count() const {
  std::uint64_t all = 0;
  for (const std::uint64_t bucket : buckets) all += bucket;
  return all;
}

void Histogram::read_into(Reading& reading) const {
  reading.bounds = bounds_;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    reading.buckets[i] += buckets_[i].load(std::memory_order_relaxed);
  }
  reading.sum += sum_.load(std::memory_order_relaxed);
}

void MetricsText::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::sample(Labels labels, const Histogram::Reading& reading) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < reading.bounds.size(); ++i) {
    below += reading.buckets[i];
    line("_bucket", labels, fmt::format("{}", reading.bounds[i]), static_cast<double>(below));
  }
  const auto all = static_cast<double>(reading.count());
  line("_bucket", labels, "+Inf", all);
  line("_sum", labels, {}, reading.sum);
  line("_count", labels, {}, all);
}

void MetricsText::sample(const Histogram& histogram) {
  Histogram::Reading reading;
  histogram.read_into(reading);
  sample({}, reading);
}

void MetricsText::line(std::string_view suffix, Labels labels, std::string_view bound, double value) {
  out_ += name_;
  out_ += suffix;
  bool first = true;
  for (const auto& [name, text] : labels) label(first, name, text);
  if (!bound.empty()) label(first, "le", bound);
  if (!first) out_ += '}';
  fmt::format_to(std::back_inserter(out_), " {}\n", value);
}

void MetricsText::label(bool& first, std::string_view name, std::string_view value) {
  out_ += first ? '{' : ',';
  first = false;
  out_ += name;
  out_ += "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out_ += '\\';
    if (c == '\n') {
      out_ += "\\n";
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

}  // namespace buyme
