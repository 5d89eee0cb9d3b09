// The verdict for programs: every number and every check, one JSON object.
#include <boost/json.hpp>

#include "drop/drop.hpp"

namespace buyme::drop {

namespace json = boost::json;

namespace {

constexpr int histogram_bars = 40;

json::object to_json(const Settings& s) {
  return {{"url", s.url},
          {"auth", s.trusted ? "trusted" : "required"},
          {"buyers", s.buyers},
          {"connections", s.connections},
          {"arrival", to_string(s.arrival)},
          {"seed", s.seed},
          {"pay", s.pay},
          {"abandon", s.abandon},
          {"doubleClick", s.double_click},
          {"retry", s.retry},
          {"greedy", s.greedy},
          {"giveUpMs", s.give_up.count()},
          {"requestTimeoutMs", s.request_timeout.count()}};
}

json::object to_json(const Counts& c) {
  return {{"buyers", c.buyers},
          {"clicks", c.clicks},
          {"requests", c.requests},
          {"ordered", c.ordered},
          {"soldOut", c.sold_out},
          {"limitExceeded", c.limit_exceeded},
          {"refused", c.refused},
          {"unanswered", c.unanswered},
          {"doubleClicks", c.double_clicks},
          {"cuts", c.cuts},
          {"replays", c.replays},
          {"overloaded", c.overloaded},
          {"transportErrors", c.transport_errors},
          {"greedy", c.greedy},
          {"paid", c.paid},
          {"declined", c.declined},
          {"paymentsGivenUp", c.payments_given_up},
          {"paymentsRefunded", c.payments_refunded},
          {"paymentsUndecided", c.payments_undecided},
          {"abandoned", c.abandoned}};
}

json::object to_json(const Histogram& h) {
  json::array bars;
  for (const auto& bar : h.bars(histogram_bars)) {
    bars.push_back(json::object{{"fromUs", bar.from_us}, {"toUs", bar.to_us}, {"count", bar.count}});
  }
  return {{"count", h.count()},
          {"minUs", h.min()},
          {"meanUs", h.mean()},
          {"p50Us", h.percentile(0.50)},
          {"p90Us", h.percentile(0.90)},
          {"p99Us", h.percentile(0.99)},
          {"p999Us", h.percentile(0.999)},
          {"maxUs", h.max()},
          {"bars", std::move(bars)}};
}

json::object to_json(const StockLevel& s) {
  return {{"total", s.total},
          {"available", s.available},
          {"held", s.held},
          {"sold", s.sold},
          {"soldOut", s.sold_out}};
}

json::object to_json(const Slice& s) {
  return {{"fromS", s.from_s},      {"toS", s.to_s},     {"clicks", s.clicks},         {"ordered", s.ordered},
          {"soldOut", s.sold_out},  {"other", s.other},  {"overloaded", s.overloaded}, {"paid", s.paid},
          {"declined", s.declined}, {"p50Us", s.p50_us}, {"p99Us", s.p99_us},          {"maxUs", s.max_us}};
}

}  // namespace

std::string render_json(const Settings& settings, const Verdict& verdict) {
  json::array checks;
  for (const auto& check : verdict.checks) {
    checks.push_back(json::object{{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}});
  }
  json::array timeline;
  for (const auto& slice : verdict.timeline) timeline.push_back(to_json(slice));
  const json::object root{{"passed", verdict.passed},
                          {"checks", std::move(checks)},
                          {"startedAt", format_time(verdict.started_at)},
                          {"seconds", verdict.seconds},
                          {"sellSeconds", verdict.sell_seconds},
                          {"answersPerSecond", verdict.answers_per_second},
                          {"productId", verdict.product_id},
                          {"perUserLimit", verdict.per_user_limit},
                          {"stockBefore", to_json(verdict.stock_before)},
                          {"stock", to_json(verdict.stock)},
                          {"counts", to_json(verdict.counts)},
                          {"place", to_json(verdict.place)},
                          {"pay", to_json(verdict.pay)},
                          {"settings", to_json(settings)},
                          {"timeline", std::move(timeline)}};
  return json::serialize(root) + "\n";
}

}  // namespace buyme::drop
