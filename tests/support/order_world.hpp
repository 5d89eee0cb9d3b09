// An order service over a real SQLite file, with one thread and a clock that the test moves: the whole order
// path below HTTP. Ports can be replaced before start() to drive an interleaving.
#pragma once

#include <boost/asio/detached.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "core/log.hpp"
#include "db/sqlite.hpp"
#include "order/service.hpp"
#include "order/store_sqlite.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"
#include "support/test_clock.hpp"

namespace buyme::test {

// Why it failed; internal when it did not, which no test expects of a refusal.
Error error_of(const auto& result) {
  return result.has_value() ? Error::internal : result.error().error;
}

class OrderWorld {
 public:
  OrderWorld() : OrderWorld(order::WriterSettings{}) {}
  explicit OrderWorld(order::WriterSettings settings) : settings_(settings) {
    store = order::make_sqlite_order_store(path(), log);
    gate = stock::make_local_gate();
    reads = order::make_sqlite_order_reads(path(), *pool_);
  }
  ~OrderWorld() {
    // Whoever keeps suspended coroutines goes before the context on which they are then destroyed.
    service.reset();
    writer.reset();
    pool_.reset();  // its threads use the reads' connections
    reads.reset();
  }

  std::string path() const { return dir_.file("order.sqlite"); }

  // Builds writer and service over the ports as they are now, starts the rounds, runs `body` and stops.
  void run(std::function<Awaitable<void>(order::OrderService&)> body) {
    if (!writer) start();
    std::exception_ptr error;
    bool ended = false;
    asio::co_spawn(*context_, body(*service), [&](std::exception_ptr thrown) {
      error = thrown;
      ended = true;
      context_->stop();
    });
    context_->restart();
    context_->run_for(run_deadline);
    if (error) std::rethrow_exception(error);
    if (!ended) throw std::runtime_error("the test's coroutine has not ended within 30 s");
  }

  void start() {
    const Executor executor = context_->get_executor();
    writer = std::make_unique<order::OrderWriter>(settings_, *store, *reads, *gate, board, clock, executor,
                                                  std::vector<Executor>{executor}, log);
    service = std::make_unique<order::OrderService>(*writer, *store, *reads, board, clock, log);
    asio::co_spawn(*context_, rounds(), [this](std::exception_ptr error) { writer_error = error; });
  }

  // A product with 1-based id, on sale at 1,000 each.
  order::TermsUpdate terms(std::int64_t product, Units total) const {
    order::TermsUpdate update;
    update.terms.product = ProductId{product};
    update.terms.version = 1;
    update.terms.price = 1'000;
    update.total = total;
    update.reason = "a test";
    return update;
  }

  static order::PlaceRequest buy(std::int64_t user, std::int64_t product, Units quantity = 1,
                                 std::string key = {}) {
    return {UserId{user}, {{ProductId{product}, quantity}}, std::move(key)};
  }
  static Caller buyer(std::int64_t user) { return {UserId{user}, Role::user, true, false}; }

  // A number from the file, read past every layer under test.
  std::int64_t query(std::string_view sql) const {
    return db::Sqlite(path(), db::Access::read_write).query_integer(sql);
  }
  void execute(std::string_view sql) const { db::Sqlite(path(), db::Access::read_write).execute(sql); }

  // Lets everything that is ready run, some real milliseconds long.
  Awaitable<void> breathe(int milliseconds = 20) {
    co_await make_system_clock()->sleep_for(std::chrono::milliseconds{milliseconds});
  }

  // Runs `count` placements at the same moment, so that they share a round; outcomes in order.
  Awaitable<std::vector<Result<order::Placed>>> place_together(std::vector<order::PlaceRequest> requests) {
    const auto executor = co_await asio::this_coro::executor;
    std::vector<std::optional<Result<order::Placed>>> outcomes(requests.size());
    std::size_t open = requests.size();
    Event all(executor);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      asio::co_spawn(executor, keep(service->place(std::move(requests[i])), outcomes[i]),
                     [&](std::exception_ptr) {
                       if (--open == 0) all.raise();
                     });
    }
    co_await all.wait();
    std::vector<Result<order::Placed>> results;
    for (auto& outcome : outcomes) results.push_back(std::move(*outcome));
    co_return results;
  }

  Log log = make_null_log();
  TestClock clock;
  order::StockBoard board;
  std::unique_ptr<order::OrderStore> store;
  std::unique_ptr<stock::StockGate> gate;
  std::unique_ptr<order::OrderReads> reads;
  std::unique_ptr<order::OrderWriter> writer;
  std::unique_ptr<order::OrderService> service;
  std::exception_ptr writer_error;

 private:
  Awaitable<void> rounds() {
    co_await writer->start();
    co_await writer->run();
  }
  template <class T>
  static Awaitable<void> keep(Awaitable<T> coroutine, std::optional<T>& value) {
    value.emplace(co_await std::move(coroutine));
  }

  order::WriterSettings settings_;
  TempDir dir_;
  std::unique_ptr<Pool> pool_ = std::make_unique<Pool>("read", 1, 64);
  std::unique_ptr<ExecutionContext> context_ = std::make_unique<ExecutionContext>(1);
};

}  // namespace buyme::test
