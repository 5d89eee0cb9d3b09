// The course of a rehearsal: prepare, sell, read the books, judge. One thread, one event loop.
#include "drop/drop.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <ostream>
#include <unordered_set>

#include "core/limits.hpp"
#include "drop/connection.hpp"
#include "drop/crowd.hpp"
#include "drop/shop.hpp"
#include "drop/timeline.hpp"
#include "drop/wording.hpp"

namespace buyme::drop {

namespace {

constexpr int timeline_slices = 120;
constexpr auto watch_pause = std::chrono::milliseconds(250);
constexpr auto settle_pause = std::chrono::milliseconds(500);
constexpr auto redraw_pause = std::chrono::milliseconds(200);
constexpr auto line_pause = std::chrono::milliseconds(1'000);
constexpr auto list_margin = std::chrono::minutes(10);  // how far the shop's clock may be off ours
constexpr rlim_t other_descriptors = 256;               // a shop in this process, logs, the database

void demand(bool holds, const std::string& otherwise) {
  if (!holds) throw DropError(otherwise);
}

void validate(const Settings& settings) {
  demand(settings.buyers > 0, "at least one buyer is needed");
  demand(settings.connections > 0, "at least one connection is needed");
  demand(settings.stock > 0, "the stock must be at least 1");
  demand(settings.per_user_limit >= 0, "the per-user limit must be positive, or 0 for none");
  for (const double share : {settings.abandon, settings.double_click, settings.retry, settings.greedy}) {
    demand(share >= 0 && share <= 1, "a share of buyers must be between 0 and 1");
  }
  if (settings.trusted) return;
  demand(settings.buyer_list.size() >= static_cast<std::size_t>(settings.buyers),
         fmt::format("{} buyers need {} tokens, there are {}: make them with `buyme admin tokens`",
                     settings.buyers, settings.buyers, settings.buyer_list.size()));
  demand(!settings.admin_token.empty() || settings.product_id,
         "an admin token is needed to put a product on sale (or name a product that exists)");
}

asio::ip::tcp::endpoint resolve(ExecutionContext& io, const Target& target) {
  using Tcp = asio::ip::tcp;
  boost::system::error_code error;
  asio::ip::basic_resolver<Tcp, Executor> resolver(io);
  const auto found = resolver.resolve(target.host, target.port, error);
  if (error) throw DropError(fmt::format("{}: {}", target.authority, error.message()));
  for (const auto& candidate : found) {
    asio::basic_stream_socket<Tcp, Executor> socket(io);
    socket.connect(candidate.endpoint(), error);
    if (!error) return candidate.endpoint();
  }
  throw DropError(fmt::format("no shop answers at {}: {}", target.authority, error.message()));
}

// How many of the wanted connections this process may open, after raising its soft limit as far as allowed.
int allowed_connections(int wanted) {
  const rlim_t needed = static_cast<rlim_t>(wanted) + other_descriptors;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur < needed) {
    // In a process that also runs the shop each connection has two ends, so all that may be had is taken.
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return wanted;
  return std::max(1, static_cast<int>(limit.rlim_cur) - static_cast<int>(other_descriptors));
}

class Rehearsal {
 public:
  Rehearsal(Executor executor, Clock& clock, const Settings& settings, const Target& target,
            asio::ip::tcp::endpoint peer, int connections, std::ostream& progress)
      : executor_(executor),
        clock_(clock),
        settings_(settings),
        target_(target),
        pool_(executor, peer, clock, static_cast<std::size_t>(connections)),
        shop_(executor, clock, settings, target_, pool_),
        progress_(progress) {}

  Awaitable<void> hold();
  Awaitable<void> close_what_hangs();
  void leave() { done_ = true; }
  Verdict& verdict() { return verdict_; }

 private:
  Awaitable<void> prepare();
  Awaitable<void> sell();
  Awaitable<void> read_books();
  Awaitable<void> show_progress(const Crowd& crowd, Event& shown);
  std::string progress_line(const Crowd& crowd, double orders_per_second) const;
  void judge();
  ProductView& sold() { return view_.products.front(); }
  const ProductView& sold() const { return view_.products.front(); }
  void say(const std::string& line) { progress_ << line << std::endl; }

  Executor executor_;
  Clock& clock_;
  const Settings& settings_;
  const Target target_;
  ConnectionPool pool_;
  Shop shop_;
  std::ostream& progress_;
  std::optional<Crowd> crowd_;
  Product product_;
  ShopView view_{.products = std::vector<ProductView>(1)};
  Verdict verdict_;
  bool done_ = false;
};

Awaitable<void> Rehearsal::hold() {
  co_await prepare();
  co_await sell();
  co_await read_books();
  judge();
}

Awaitable<void> Rehearsal::prepare() {
  product_ = co_await shop_.open_sale();
  sold().product_id = product_.product_id;
  sold().per_user_limit = product_.per_user_limit;
  if (settings_.product_id) view_.earlier = co_await shop_.orders(product_.product_id, std::nullopt);
  sold().before = co_await shop_.stock(product_.product_id);
  const bool opened = co_await pool_.open_all();
  if (!opened) throw DropError(fmt::format("no connection to {} could be opened", target_.authority));
  say(fmt::format("{} buyers, {} units of product {}, {} connections, arrival {}, at {}",
                  grouped(settings_.buyers), grouped(sold().before.available), product_.product_id,
                  grouped(static_cast<std::int64_t>(pool_.size())), to_string(settings_.arrival),
                  settings_.url));
}

Awaitable<void> Rehearsal::sell() {
  verdict_.started_at = clock_.now();
  crowd_.emplace(executor_, clock_, settings_, target_, pool_, product_.product_id, product_.per_user_limit);
  Event shown(executor_);
  asio::co_spawn(executor_, show_progress(*crowd_, shown), [](std::exception_ptr) {});
  co_await crowd_->hold_sale();
  co_await shown.wait();
}

std::string Rehearsal::progress_line(const Crowd& crowd, double orders_per_second) const {
  const Counts& counts = crowd.counts();
  const Units left = std::max<Units>(0, sold().before.available - counts.ordered);
  std::string line =
      fmt::format("  {:5.1f} s  ordered {}  left {}  answered {}/{}  {} orders/s  p50 {}  p99 {}",
                  static_cast<double>(crowd.microseconds_since_opening()) / 1e6, grouped(counts.ordered),
                  grouped(left), grouped(crowd.buyers_answered()), grouped(settings_.buyers),
                  grouped(static_cast<std::int64_t>(orders_per_second)),
                  as_duration(crowd.place_latency().percentile(0.50)),
                  as_duration(crowd.place_latency().percentile(0.99)));
  if (settings_.pay) line += fmt::format("  paid {}", grouped(counts.paid));
  if (counts.overloaded > 0) line += fmt::format("  503s {}", grouped(counts.overloaded));
  if (counts.transport_errors > 0)
    line += fmt::format("  lost connections {}", grouped(counts.transport_errors));
  return line;
}

Awaitable<void> Rehearsal::show_progress(const Crowd& crowd, Event& shown) {
  // Looks often and speaks seldom, so that the end of the sale is not waited for.
  std::int64_t orders_before = 0;
  Monotonic spoke = clock_.monotonic();
  const auto pause = settings_.terminal ? std::chrono::nanoseconds(redraw_pause) : line_pause;
  for (bool last = false; !last;) {
    if (!crowd.over()) co_await clock_.sleep_for(std::chrono::milliseconds(50));
    last = crowd.over();
    const Monotonic now = clock_.monotonic();
    if (!last && now - spoke < pause) continue;
    // The last line tells the rate of the whole sale, the others that of the moment.
    const std::int64_t orders = crowd.counts().ordered - (last ? 0 : orders_before);
    const double seconds = last ? static_cast<double>(crowd.microseconds_since_opening()) / 1e6
                                : std::chrono::duration<double>(now - spoke).count();
    const double rate = static_cast<double>(orders) / std::max(1e-3, seconds);
    const std::string line = progress_line(crowd, rate);
    if (settings_.terminal) {
      progress_ << "\r\033[K" << line << (last ? "\n" : "") << std::flush;
    } else {
      say(line);
    }
    orders_before = crowd.counts().ordered;
    spoke = now;
  }
  shown.raise();
}

// Closes exchanges that take too long; their buyers try again over a fresh connection.
Awaitable<void> Rehearsal::close_what_hangs() {
  while (!done_) {
    co_await clock_.sleep_for(watch_pause);
    pool_.close_started_before(clock_.monotonic() - settings_.request_timeout);
  }
}

Awaitable<void> Rehearsal::read_books() {
  // An answer that nobody waited for may still change the books, so they count once two readings agree.
  std::unordered_set<std::int64_t> earlier;
  for (const auto& order : view_.earlier) earlier.insert(order.order_id);
  std::optional<Time> since;
  if (!settings_.product_id) since = verdict_.started_at - list_margin;
  for (int tries = 0; tries < limits::drop_settle_tries; ++tries) {
    if (tries > 0) co_await clock_.sleep_for(settle_pause);
    const StockLevel first = co_await shop_.stock(product_.product_id);
    std::vector<SeenOrder> all = co_await shop_.orders(product_.product_id, since);
    sold().stock = co_await shop_.stock(product_.product_id);
    const auto of_sale = std::stable_partition(
        all.begin(), all.end(), [&](const SeenOrder& order) { return earlier.contains(order.order_id); });
    view_.orders.assign(std::make_move_iterator(of_sale), std::make_move_iterator(all.end()));
    all.erase(of_sale, all.end());
    view_.earlier = std::move(all);
    if (first == sold().stock) break;
  }
  view_.read_back = co_await shop_.read_back(crowd_->observed().attempts);
  view_.read_at = clock_.now();
}

void Rehearsal::judge() {
  verdict_.checks = check(crowd_->observed(), view_);
  verdict_.passed =
      std::all_of(verdict_.checks.begin(), verdict_.checks.end(), [](const Check& c) { return c.passed; });
  verdict_.counts = crowd_->counts();
  verdict_.place = crowd_->place_latency();
  verdict_.pay = crowd_->pay_latency();
  verdict_.timeline = make_timeline(crowd_->clicks_us(), crowd_->samples(), timeline_slices);
  verdict_.stock = sold().stock;
  verdict_.stock_before = sold().before;
  verdict_.product_id = product_.product_id;
  verdict_.per_user_limit = product_.per_user_limit;
  double placed_s = 0;
  for (const auto& sample : crowd_->samples()) {
    const double at_s = static_cast<double>(sample.at_us) / 1e6;
    verdict_.seconds = std::max(verdict_.seconds, at_s);
    if (sample.kind == Sample::Kind::ordered) verdict_.sell_seconds = std::max(verdict_.sell_seconds, at_s);
    if (sample.kind <= Sample::Kind::other) placed_s = std::max(placed_s, at_s);
  }
  if (placed_s > 0) verdict_.answers_per_second = static_cast<double>(verdict_.place.count()) / placed_s;
}

}  // namespace

Verdict run(const Settings& settings, Clock& clock, std::ostream& progress) {
  validate(settings);
  const auto target = parse_target(settings.url);
  if (!target) throw DropError(target.error().detail);
  const int wanted = std::min(settings.connections, settings.buyers * 2);
  const int connections = allowed_connections(wanted);
  if (connections < wanted) {
    progress << fmt::format("this process may open {} connections only (see ulimit -n)\n",
                            grouped(connections));
  }

  ExecutionContext io(1);
  const auto peer = resolve(io, *target);
  Rehearsal rehearsal(io.get_executor(), clock, settings, *target, peer, connections, progress);
  std::exception_ptr failure;
  asio::co_spawn(io, rehearsal.hold(), [&](std::exception_ptr error) {
    failure = error;
    rehearsal.leave();
  });
  asio::co_spawn(io, rehearsal.close_what_hangs(), asio::detached);
  io.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(rehearsal.verdict());
}

}  // namespace buyme::drop
