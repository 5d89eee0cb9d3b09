// The verdict as a page of its own: the sale drawn over time, the latencies, every check and number.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "drop/drop.hpp"
#include "drop/report_style.hpp"
#include "drop/svg.hpp"
#include "drop/wording.hpp"

namespace buyme::drop {

namespace {

constexpr int wide_px = 1000, half_px = 490, tall_px = 260, low_px = 240;
constexpr int histogram_bars = 36;

std::string seconds_label(double seconds) {
  const double ms = seconds * 1e3;
  if (seconds == 0) return "0";
  return std::abs(seconds) < 1 ? fmt::format("{:.4g} ms", ms) : fmt::format("{:.4g} s", seconds);
}
std::string count_label(double count) {
  return grouped(std::llround(count));
}
std::string latency_label(double us) {
  if (us < 1e3) return fmt::format("{:g} µs", us);
  if (us < 1e6) return fmt::format("{:g} ms", us / 1e3);
  return fmt::format("{:g} s", us / 1e6);
}

struct Series {
  std::string_view css;
  std::string_view name;
};

std::string legend(const std::vector<Series>& series) {
  std::string out = R"(<div class="legend">)";
  for (const auto& one : series)
    out += fmt::format(R"(<span><i class="{}"></i>{}</span>)", one.css, one.name);
  return out + "</div>";
}

std::string card(std::string_view title, std::string_view text, std::string_view content, bool wide) {
  return fmt::format(R"(<div class="card{}"><h2>{}</h2><p>{}</p>{}</div>)", wide ? " wide" : "", title, text,
                     content);
}

class Page {
 public:
  Page(const Settings& settings, const Verdict& verdict) : settings_(settings), verdict_(verdict) {
    for (const auto& slice : verdict.timeline) end_s_ = slice.to_s;
  }

  std::string render() {
    head();
    figures();
    out_ += R"(<div class="charts">)";
    shelf();
    answers();
    latency_over_time();
    distribution("How long an order took", "From the moment the buyer meant to click to the final answer.",
                 verdict_.place);
    if (verdict_.pay.count() > 0) {
      distribution("How long a payment took", "From the moment the buyer meant to pay to the answer.",
                   verdict_.pay);
    }
    out_ += "</div>";
    checks();
    numbers();
    out_ += fmt::format(
        "<footer>Held by buyme drop at {}. Latency counts from the intended click, so a shop that "
        "stalls cannot hide it.</footer></main></body></html>\n",
        format_time(verdict_.started_at));
    return std::move(out_);
  }

 private:
  Chart::Axis time_axis(int wanted) const {
    return {0, std::max(end_s_, 1e-3), Chart::Scale::linear, linear_ticks(0, std::max(end_s_, 1e-3), wanted),
            seconds_label};
  }
  static Chart::Axis count_axis(double most, int wanted) {
    most = std::max(most, 1.0);
    return {0, most, Chart::Scale::linear, linear_ticks(0, most, wanted), count_label};
  }
  void tips(Chart& chart) const;

  void head();
  void figures();
  void shelf();
  void answers();
  void latency_over_time();
  void distribution(std::string_view title, std::string_view text, const Histogram& histogram);
  void checks();
  void numbers();

  const Settings& settings_;
  const Verdict& verdict_;
  double end_s_ = 0;
  std::string out_;
};

void Page::head() {
  const auto failed = std::count_if(verdict_.checks.begin(), verdict_.checks.end(),
                                    [](const Check& check) { return !check.passed; });
  const std::string verdict =
      verdict_.passed ? "PASSED" : fmt::format("FAILED {} of {} checks", failed, verdict_.checks.size());
  out_ += R"(<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/>)";
  out_ += R"(<meta name="viewport" content="width=device-width, initial-scale=1"/>)";
  out_ += fmt::format("<title>Sale of product {}: {}</title><style>{}</style></head><body><main>",
                      verdict_.product_id, verdict, report_style);
  out_ += fmt::format(R"(<header><div><h1>{} buyers, {} units</h1>)"
                      R"(<p>Product {} at {}. Arrival {}, {} connections, {}, seed {}.</p></div>)"
                      R"(<div class="verdict {}">{}</div></header>)",
                      grouped(verdict_.counts.buyers), grouped(verdict_.stock_before.available),
                      verdict_.product_id, escape_html(settings_.url),
                      escape_html(to_string(settings_.arrival)), grouped(settings_.connections),
                      verdict_.per_user_limit > 0 ? fmt::format("at most {} each", verdict_.per_user_limit)
                                                  : std::string("no limit per buyer"),
                      settings_.seed, verdict_.passed ? "good" : "bad", verdict);
}

void Page::figures() {
  const auto figure = [&](const std::string& value, const std::string& name) {
    out_ += fmt::format(R"(<div class="figure"><b>{}</b><span>{}</span></div>)", value, name);
  };
  out_ += R"(<div class="figures">)";
  figure(grouped(verdict_.counts.ordered), "orders placed");
  figure(seconds_label(std::round(verdict_.sell_seconds * 1e3) / 1e3), "until the last of them");
  figure(grouped(std::llround(verdict_.answers_per_second)), "answers per second");
  figure(as_duration(verdict_.place.percentile(0.50)), "median wait");
  figure(as_duration(verdict_.place.percentile(0.99)), "99 of 100 waited less");
  figure(grouped(verdict_.counts.overloaded), "told to come again (503)");
  out_ += "</div>";
}

void Page::tips(Chart& chart) const {
  std::int64_t ordered = 0;
  std::int64_t paid = 0;
  for (const auto& slice : verdict_.timeline) {
    ordered += slice.ordered;
    paid += slice.paid;
    chart.tip(
        slice.from_s, slice.to_s,
        fmt::format(
            "{} to {}\n{} clicks\n{} ordered ({} so far)\n{} sold out, {} otherwise\n{} paid ({} so far), "
            "{} declined\n{} answered 503\np50 {}, p99 {}",
            seconds_label(slice.from_s), seconds_label(slice.to_s), slice.clicks, slice.ordered, ordered,
            slice.sold_out, slice.other, slice.paid, paid, slice.declined, slice.overloaded,
            as_duration(slice.p50_us), as_duration(slice.p99_us)));
  }
}

void Page::shelf() {
  const StockLevel& before = verdict_.stock_before;
  const auto total = static_cast<double>(before.total);
  auto sold = static_cast<double>(before.sold);
  auto committed = static_cast<double>(before.committed());
  std::vector<Point> floor{{0, 0}}, sold_line{{0, sold}}, committed_line{{0, committed}}, ceiling{{0, total}};
  for (const auto& slice : verdict_.timeline) {
    sold += static_cast<double>(slice.paid);
    committed += static_cast<double>(slice.ordered);
    floor.push_back({slice.to_s, 0});
    sold_line.push_back({slice.to_s, sold});
    committed_line.push_back({slice.to_s, committed});
    ceiling.push_back({slice.to_s, total});
  }
  const bool oversold = committed > total;
  Chart chart(wide_px, tall_px, time_axis(10), count_axis(std::max(total, committed), 5),
              "Units free, held and sold over time");
  if (!oversold) chart.area(ceiling, committed_line, "free");
  chart.area(committed_line, sold_line, "held");
  chart.area(sold_line, floor, "sold");
  tips(chart);
  if (oversold) chart.level(total, fmt::format("there are only {}", grouped(verdict_.stock_before.total)));
  if (verdict_.stock.available == 0 && verdict_.sell_seconds > 0)
    chart.marker(verdict_.sell_seconds, "sold out");
  out_ += card(
      "The shelf", "Every unit for sale, as the answers to the buyers told: free, held for its buyer, paid.",
      std::move(chart).finish() + legend({{"free", "free"}, {"held", "held"}, {"sold", "sold"}}), true);
}

void Page::answers() {
  double clicks = 0, ordered = 0, turned = 0, other = 0;
  std::vector<Point> floor{{0, 0}}, wins{{0, 0}}, refusals{{0, 0}}, all{{0, 0}}, wanted{{0, 0}};
  for (const auto& slice : verdict_.timeline) {
    clicks += static_cast<double>(slice.clicks);
    // A click at the very opening is there from the left edge on.
    if (slice.from_s == 0 && settings_.arrival.kind == Arrival::Kind::burst) wanted.push_back({0, clicks});
    ordered += static_cast<double>(slice.ordered);
    turned += static_cast<double>(slice.sold_out);
    other += static_cast<double>(slice.other);
    floor.push_back({slice.to_s, 0});
    wins.push_back({slice.to_s, ordered});
    refusals.push_back({slice.to_s, ordered + turned});
    all.push_back({slice.to_s, ordered + turned + other});
    wanted.push_back({slice.to_s, clicks});
  }
  Chart chart(wide_px, tall_px, time_axis(10), count_axis(std::max(clicks, ordered + turned + other), 5),
              "Clicks and answers over time, summed up");
  chart.area(all, refusals, "free");
  chart.area(refusals, wins, "turned");
  chart.area(wins, floor, "sold");
  chart.line(wanted, "clicks");
  tips(chart);
  out_ +=
      card("Clicks and answers",
           "Summed up over the sale. The gap between the dashed line and the hill is the crowd that waits.",
           std::move(chart).finish() + legend({{"clicks", "meant to click"},
                                               {"sold", "got an order"},
                                               {"turned", "sold out"},
                                               {"free", "over the limit, other"}}),
           true);
}

void Page::latency_over_time() {
  std::vector<Point> p50, p99;
  double low = 1e9, high = 1;
  for (const auto& slice : verdict_.timeline) {
    if (slice.max_us == 0) continue;  // nobody was answered
    const double middle_s = (slice.from_s + slice.to_s) / 2;
    p50.push_back({middle_s, static_cast<double>(slice.p50_us)});
    p99.push_back({middle_s, static_cast<double>(slice.p99_us)});
    low = std::min(low, static_cast<double>(slice.p50_us));
    high = std::max(high, static_cast<double>(slice.p99_us));
  }
  Chart::Axis axis{1, 10, Chart::Scale::logarithmic, {}, latency_label};
  axis.from = std::pow(10, std::floor(std::log10(std::max(std::min(low, high), 1.0))));
  axis.to = std::max(std::pow(10, std::ceil(std::log10(high))), axis.from * 10);
  for (double tick = axis.from; tick <= axis.to * 1.01; tick *= 10) axis.ticks.push_back(tick);
  const bool wide = verdict_.pay.count() > 0;  // else it shares its row with the one distribution
  Chart chart(wide ? wide_px : half_px, low_px, time_axis(wide ? 10 : 5), axis,
              "Latency percentiles over time");
  chart.line(p99, "p99");
  chart.line(p50, "p50");
  tips(chart);
  out_ += card(
      "The wait over time", "Of the buyers answered at that moment; logarithmic.",
      std::move(chart).finish() + legend({{"p50", "half waited less"}, {"p99", "99 of 100 waited less"}}),
      wide);
}

void Page::distribution(std::string_view title, std::string_view text, const Histogram& histogram) {
  const auto bars = histogram.bars(histogram_bars);
  std::int64_t most = 1;
  for (const auto& bar : bars) most = std::max(most, bar.count);
  const double low = bars.empty() ? 1 : static_cast<double>(std::max<std::int64_t>(bars.front().from_us, 1));
  const double high = bars.empty() ? 10 : static_cast<double>(bars.back().to_us);
  Chart::Axis axis{low, high, Chart::Scale::logarithmic, {}, latency_label};
  // Decades, and where these are few, halves and fifths of them.
  const bool few = high / low < 200;
  for (double decade = 1; decade <= high; decade *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = decade * factor;
      if ((few || factor == 1) && tick >= low && tick <= high) axis.ticks.push_back(tick);
    }
  }
  Chart chart(half_px, low_px, axis, count_axis(static_cast<double>(most), 4), title);
  for (const auto& bar : bars) {
    chart.bar(
        static_cast<double>(std::max<std::int64_t>(bar.from_us, 1)), static_cast<double>(bar.to_us),
        static_cast<double>(bar.count), "count",
        fmt::format("{} to {}: {}", as_duration(bar.from_us), as_duration(bar.to_us), grouped(bar.count)));
  }
  chart.marker(static_cast<double>(histogram.percentile(0.50)), "p50");
  const double p99 = static_cast<double>(histogram.percentile(0.99));
  chart.marker(p99, "p99", 1);
  const std::string line =
      fmt::format(R"(<div class="legend"><span>p50 {}</span><span>p90 {}</span><span>p99 {}</span>)"
                  R"(<span>p99.9 {}</span><span>max {}</span></div>)",
                  as_duration(histogram.percentile(0.50)), as_duration(histogram.percentile(0.90)),
                  as_duration(histogram.percentile(0.99)), as_duration(histogram.percentile(0.999)),
                  as_duration(histogram.max()));
  out_ += card(title, text, std::move(chart).finish() + line, false);
}

void Page::checks() {
  out_ += R"(<section class="card"><h2>Does it add up?</h2><table class="checks">)";
  for (const auto& check : verdict_.checks) {
    out_ +=
        fmt::format(R"(<tr class="{}"><td class="mark">{}</td><td>{}</td><td class="detail">{}</td></tr>)",
                    check.passed ? "pass" : "fail", check.passed ? "✓" : "✗", escape_html(check.name),
                    escape_html(check.detail));
  }
  out_ += "</table></section>";
}

void Page::numbers() {
  const auto row = [&](std::string_view name, const std::string& value) {
    out_ += fmt::format("<tr><td>{}</td><td>{}</td></tr>", name, escape_html(value));
  };
  const Counts& c = verdict_.counts;
  out_ += R"(<section class="charts"><div class="card"><h2>Counts</h2><table class="pairs">)";
  row("orders placed", grouped(c.ordered));
  row("told sold out", grouped(c.sold_out));
  row("over the limit", grouped(c.limit_exceeded));
  row("refused otherwise", grouped(c.refused));
  row("never answered", grouped(c.unanswered));
  row("answers replayed", grouped(c.replays));
  row("503, repeated later", grouped(c.overloaded));
  row("connections lost", grouped(c.transport_errors));
  row("HTTP requests", grouped(c.requests));
  if (settings_.pay) {
    row("orders paid", grouped(c.paid));
    row("payments declined", grouped(c.declined));
    row("gave up paying", grouped(c.payments_given_up));
    row("came too late, refunded", grouped(c.payments_refunded));
    row("payment never answered", grouped(c.payments_undecided));
    row("never tried to pay", grouped(c.abandoned));
  }
  out_ += R"(</table></div><div class="card"><h2>Settings</h2><table class="pairs">)";
  row("shop", settings_.url);
  row("buyers' identity", settings_.trusted ? "trusted body" : "bearer tokens");
  row("buyers", grouped(settings_.buyers));
  row("units for sale", grouped(verdict_.stock_before.total));
  row("per-user limit", verdict_.per_user_limit > 0 ? grouped(verdict_.per_user_limit) : "none");
  row("arrival", to_string(settings_.arrival));
  row("connections", grouped(settings_.connections));
  row("double click", fmt::format("{:g} %, {} did", settings_.double_click * 100, grouped(c.double_clicks)));
  row("connection cut", fmt::format("{:g} %, {} were", settings_.retry * 100, grouped(c.cuts)));
  row("tries beyond the limit",
      fmt::format("{:g} % of winners, {} did", settings_.greedy * 100, grouped(c.greedy)));
  if (settings_.pay) row("abandon their order", fmt::format("{:g} % of winners", settings_.abandon * 100));
  row("seed", std::to_string(settings_.seed));
  out_ += "</table></div></section>";
}

}  // namespace

std::string render_html(const Settings& settings, const Verdict& verdict) {
  return Page(settings, verdict).render();
}

}  // namespace buyme::drop
