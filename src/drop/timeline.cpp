#include "drop/timeline.hpp"

#include <algorithm>

namespace buyme::drop {

namespace {

bool ends_a_placement(Sample::Kind kind) {
  return kind == Sample::Kind::ordered || kind == Sample::Kind::sold_out || kind == Sample::Kind::other;
}

void count(Slice& slice, Sample::Kind kind) {
  switch (kind) {
    case Sample::Kind::ordered:
      ++slice.ordered;
      break;
    case Sample::Kind::sold_out:
      ++slice.sold_out;
      break;
    case Sample::Kind::other:
      ++slice.other;
      break;
    case Sample::Kind::overloaded:
      ++slice.overloaded;
      break;
    case Sample::Kind::paid:
      ++slice.paid;
      break;
    case Sample::Kind::declined:
      ++slice.declined;
      break;
  }
}

}  // namespace

std::vector<Slice> make_timeline(const std::vector<std::int64_t>& clicks_us,
                                 const std::vector<Sample>& samples, int slices) {
  std::int64_t end_us = 0;
  for (const auto at_us : clicks_us) end_us = std::max(end_us, at_us);
  for (const auto& sample : samples) end_us = std::max(end_us, sample.at_us);
  if (slices < 1 || (clicks_us.empty() && samples.empty())) return {};
  const std::int64_t width_us = end_us / slices + 1;
  const auto used = static_cast<std::size_t>(end_us / width_us + 1);

  std::vector<Slice> timeline(used);
  std::vector<Histogram> latencies(used);
  const auto slice_of = [&](std::int64_t at_us) {
    return static_cast<std::size_t>(std::max<std::int64_t>(at_us, 0) / width_us);
  };
  for (const auto at_us : clicks_us) ++timeline[slice_of(at_us)].clicks;
  for (const auto& sample : samples) {
    count(timeline[slice_of(sample.at_us)], sample.kind);
    if (ends_a_placement(sample.kind)) latencies[slice_of(sample.at_us)].add(sample.latency_us);
  }
  for (std::size_t i = 0; i < used; ++i) {
    timeline[i].from_s = static_cast<double>(i) * static_cast<double>(width_us) / 1e6;
    timeline[i].to_s = static_cast<double>(i + 1) * static_cast<double>(width_us) / 1e6;
    timeline[i].p50_us = latencies[i].percentile(0.50);
    timeline[i].p99_us = latencies[i].percentile(0.99);
    timeline[i].max_us = latencies[i].max();
  }
  return timeline;
}

}  // namespace buyme::drop
