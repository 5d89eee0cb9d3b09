// The verdict for a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "drop/drop.hpp"
#include "drop/wording.hpp"

namespace buyme::drop {

namespace {

constexpr int histogram_bars = 12;
constexpr std::int64_t bar_columns = 40;

struct Ink {
  std::string_view bold, dim, good, bad, bar, plain;
};
constexpr Ink colours{"\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[36m", "\033[0m"};
constexpr Ink no_colours{"", "", "", "", "", ""};

class Text {
 public:
  Text(const Settings& settings, const Verdict& verdict, bool colour)
      : settings_(settings), verdict_(verdict), ink_(colour ? colours : no_colours) {}

  std::string render() {
    heading();
    counts();
    latency("Placing an order: from the intended click to the answer", verdict_.place);
    if (verdict_.pay.count() > 0) latency("Paying: from meaning to pay to the answer", verdict_.pay);
    checks();
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void heading() {
    const std::string limit =
        verdict_.per_user_limit > 0 ? fmt::format("{} each", grouped(verdict_.per_user_limit)) : "no limit";
    line("");
    line("{}The sale of product {}{}: {} units, {} buyers, {}, arrival {}, seed {}", ink_.bold,
         verdict_.product_id, ink_.plain, grouped(verdict_.stock_before.available),
         grouped(verdict_.counts.buyers), limit, to_string(settings_.arrival), settings_.seed);
    line("");
  }

  void counts() {
    const Counts& c = verdict_.counts;
    line("  orders     {} placed, {} sold out, {} over the limit, {} refused otherwise, {} unanswered",
         grouped(c.ordered), grouped(c.sold_out), grouped(c.limit_exceeded), grouped(c.refused),
         grouped(c.unanswered));
    line("  behaviour  {} double clicks, {} cut connections, {} tries beyond the limit; {} answers replayed",
         grouped(c.double_clicks), grouped(c.cuts), grouped(c.greedy), grouped(c.replays));
    if (settings_.pay) {
      line("  payments   {} paid, {} declined answers, {} gave up, {} refunded, {} undecided, {} never paid",
           grouped(c.paid), grouped(c.declined), grouped(c.payments_given_up), grouped(c.payments_refunded),
           grouped(c.payments_undecided), grouped(c.abandoned));
    }
    line("  traffic    {} requests, {} answered 503 and repeated, {} connections lost", grouped(c.requests),
         grouped(c.overloaded), grouped(c.transport_errors));
    line(
        "  speed      last unit ordered after {:.2f} s, everything over after {:.2f} s, {} buyers answered "
        "per second",
        verdict_.sell_seconds, verdict_.seconds,
        grouped(static_cast<std::int64_t>(verdict_.answers_per_second)));
    line("");
  }

  void latency(std::string_view title, const Histogram& histogram) {
    line("{}{}{}", ink_.bold, title, ink_.plain);
    line("  p50 {}   p90 {}   p99 {}   p99.9 {}   max {}", as_duration(histogram.percentile(0.50)),
         as_duration(histogram.percentile(0.90)), as_duration(histogram.percentile(0.99)),
         as_duration(histogram.percentile(0.999)), as_duration(histogram.max()));
    const auto bars = histogram.bars(histogram_bars);
    std::int64_t most = 1;
    for (const auto& bar : bars) most = std::max(most, bar.count);
    for (const auto& bar : bars) {
      // Few is drawn too: a bar that is not empty has at least one mark.
      const auto marks = (bar.count * bar_columns + most - 1) / most;
      line("  {:>8} - {:<8} {}{:<{}}{} {}", as_duration(bar.from_us), as_duration(bar.to_us), ink_.bar,
           std::string(static_cast<std::size_t>(marks), '#'), bar_columns, ink_.plain, grouped(bar.count));
    }
    line("");
  }

  void checks() {
    line("{}Does it add up?{}", ink_.bold, ink_.plain);
    std::size_t failed = 0;
    for (const auto& check : verdict_.checks) {
      failed += !check.passed;
      line("  {}{}{} {}  {}{}{}", check.passed ? ink_.good : ink_.bad, check.passed ? "✓" : "✗", ink_.plain,
           check.name, ink_.dim, check.detail, ink_.plain);
    }
    line("");
    if (verdict_.passed) {
      line("{}{}VERDICT: PASSED{}", ink_.bold, ink_.good, ink_.plain);
    } else {
      line("{}{}VERDICT: FAILED ({} of {} checks){}", ink_.bold, ink_.bad, failed, verdict_.checks.size(),
           ink_.plain);
    }
  }

  const Settings& settings_;
  const Verdict& verdict_;
  const Ink& ink_;
  std::string out_;
};

}  // namespace

std::string render_text(const Settings& settings, const Verdict& verdict, bool colour) {
  return Text(settings, verdict, colour).render();
}

}  // namespace buyme::drop
