// simulate: lives through many sales, one per seed, and judges each.
//
//   simulate --from 1 --seeds 10000        a million sales are 100 of these
//   simulate --from 4711 --trace           one sale, told line by line
#include <fmt/format.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <iostream>
#include <mutex>
#include <thread>

#include "simulation/verdict.hpp"

namespace buyme::simulation {
namespace {

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1;
  unsigned jobs = 1;
  bool twice = false, trace = false, table = false, hashes = false, brief = false, quiet = false;
  std::uint64_t failures = 1;  // after this many the rest is not run
  std::string store, shape;
  std::size_t buyers = 0;
  Units units = 0;
  bool no_faults = false;

  Wish wish() const {
    Wish wish;
    if (!store.empty()) wish.store = store == "sqlite" ? StoreKind::sqlite : StoreKind::memory;
    if (!shape.empty()) wish.shape = shape == "split" ? Shape::split : Shape::one_shop;
    if (buyers > 0) wish.buyers = buyers;
    if (units > 0) wish.units = units;
    wish.faults = !no_faults;
    return wish;
  }
  // What a seed must be replayed with to be the same sale.
  std::string flags() const {
    std::string text;
    if (!store.empty()) text += " --store " + store;
    if (!shape.empty()) text += " --shape " + shape;
    if (buyers > 0) text += fmt::format(" --buyers {}", buyers);
    if (units > 0) text += fmt::format(" --units {}", units);
    if (no_faults) text += " --no-faults";
    return text;
  }
};

using Wall = std::chrono::steady_clock;

// Hands out seeds to threads and gathers what they find. Thread-safe.
class Run {
 public:
  explicit Run(const Options& options) : options_(options), next_(options.from) {}

  int execute() {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < options_.jobs; ++i) threads.emplace_back([this] { work_on_asio_thread(); });
    work_on_asio_thread();
    threads.clear();
    report();
    return failed_ == 0 ? 0 : 1;
  }

 private:
  // Asio keeps the memory of coroutine frames for the next ones, but only on threads that run a context of
  // its own.
  void work_on_asio_thread() {
    boost::asio::io_context thread{1};
    boost::asio::post(thread, [this] { work(); });
    thread.run();
  }

  void work() {
    const std::uint64_t end = options_.from + options_.seeds;
    for (std::uint64_t seed = next_++; seed < end; seed = next_++) {
      if (failed_ >= options_.failures) return;
      Verdict verdict = simulate(seed, options_.wish(), options_.trace);
      if (options_.twice) {
        const Verdict again = simulate(seed, options_.wish());
        if (again.hash != verdict.hash) {
          verdict.violations.push_back("not deterministic: the same seed gave another run");
        }
      }
      const std::lock_guard lock(mutex_);
      take(std::move(verdict));
    }
  }

  void take(Verdict verdict) {
    ++sales_;
    orders_ += verdict.orders;
    refusals_ += verdict.refusals;
    steps_ += verdict.steps;
    lasted_ += verdict.lasted;
    coverage_.add(verdict.coverage);
    // Independent of the order in which threads finish.
    hash_ += verdict.hash * (verdict.seed * 2 + 1);
    if (options_.hashes) fmt::print("{} {:016x}\n", verdict.seed, verdict.hash);
    if (options_.trace) print(verdict.lines);
    if (!verdict.passed()) print_failure(verdict);
    if (!options_.quiet && Wall::now() - shown_ > std::chrono::seconds{2}) {
      shown_ = Wall::now();
      fmt::print(stderr, "{} of {} sales, {:.0f} a second, {} failed\n", sales_, options_.seeds, rate(),
                 failed_.load());
    }
  }

  static void print(const std::vector<Trace::Line>& lines) {
    for (const auto& line : lines) {
      fmt::print("{:>12.3f} ms  {}\n", static_cast<double>(line.at.count()) / 1e6, line.text);
    }
  }

  void print_failure(const Verdict& verdict) {
    ++failed_;
    fmt::print("seed {} FAILED: {}\n", verdict.seed, describe(draw_scenario(verdict.seed, options_.wish())));
    for (const auto& violation : verdict.violations) fmt::print("  - {}\n", violation);
    if (options_.brief) return;
    const Verdict again = simulate(verdict.seed, options_.wish(), true);
    const auto lines = lines_about(again);
    fmt::print("what happened to those named, and what went wrong meanwhile:\n");
    print(lines);
    fmt::print("replay: simulate --from {} --trace{}\n\n", verdict.seed, options_.flags());
  }

  double rate() const {
    const std::chrono::duration<double> passed = Wall::now() - began_;
    return static_cast<double>(sales_) / std::max(passed.count(), 1e-9);
  }

  void report() const {
    if (options_.table) fmt::print("{}", coverage_.table());
    fmt::print(
        "{} sales from seed {}, {} orders, {} times sold out, {} steps, {:.0f} s of virtual time; run hash "
        "{:016x}\n",
        sales_, options_.from, orders_, refusals_, steps_, lasted_.count(), hash_);
    fmt::print(stderr, "{:.0f} sales a second on {} thread{}\n", rate(), options_.jobs,
               options_.jobs == 1 ? "" : "s");
    fmt::print("{} passed, {} failed\n", sales_ - failed_, failed_.load());
  }

  const Options& options_;
  const Wall::time_point began_ = Wall::now();
  std::atomic<std::uint64_t> next_, failed_{0};
  std::mutex mutex_;  // guards what is below
  Wall::time_point shown_ = began_;
  std::uint64_t sales_ = 0, steps_ = 0, hash_ = 0;
  std::int64_t orders_ = 0, refusals_ = 0;
  std::chrono::duration<double> lasted_{0};
  Coverage coverage_;
};

}  // namespace
}  // namespace buyme::simulation

int main(int argc, char** argv) {
  using namespace buyme::simulation;
  Options options;
  CLI::App app{
      "Lives through simulated sales, one per seed, and judges each. Exit 1 when a promise was broken."};
  app.add_option("--from", options.from, "the first seed")->type_name("SEED");
  bool today = false;
  app.add_flag("--today", today, "the first seed is one of this day's own");
  app.add_option("--seeds", options.seeds, "how many")->type_name("N");
  app.add_option("--jobs", options.jobs, "threads, each with sales of its own")->check(CLI::Range(1, 64));
  app.add_option("--failures", options.failures, "stop after so many failed")->check(CLI::PositiveNumber);
  app.add_option("--store", options.store, "only over this store")
      ->check(CLI::IsMember({"memory", "sqlite"}));
  app.add_option("--shape", options.shape, "only shops of this shape")
      ->check(CLI::IsMember({"one", "split"}));
  app.add_option("--buyers", options.buyers, "so many in every sale");
  app.add_option("--units", options.units, "so many of one product in every sale");
  app.add_flag("--no-faults", options.no_faults, "all goes well");
  app.add_flag("--twice", options.twice, "run each seed twice and compare the traces");
  app.add_flag("--trace", options.trace, "print everything that happens");
  app.add_flag("--table", options.table, "print which faults met orders in which state");
  app.add_flag("--hashes", options.hashes, "print the hash of each trace");
  app.add_flag("--brief", options.brief, "of a failed sale only what is wrong");
  app.add_flag("--quiet", options.quiet, "no progress");
  CLI11_PARSE(app, argc, argv);
  if (today) {
    const auto day =
        std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()).time_since_epoch();
    options.from = static_cast<std::uint64_t>(day.count()) * 1'000'000;
  }
  sqlite3_config(SQLITE_CONFIG_URI, 1);  // the stores in memory are named by URI
  return Run(options).execute();
}
