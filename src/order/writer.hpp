// The order writer: one coroutine per server through which every change of stock and order state goes. A
// round is five steps: take, read, decide, commit, answer. A thousand buyers cost one transaction, one fsync
// and one update of the hot ledger row.
//
// The idea of a single writer is LMAX's (Thompson et al., "Disruptor", 2011); deciding in memory and
// committing many decisions at once is group commit (DeWitt et al., SIGMOD 1984).
//
// Invariants:
//  1. An outcome leaves only after the transaction that it describes is committed.
//  2. sales_ is what the database held after the last commit of this writer; it is read anew whenever the
//     database disagreed with it and, where other servers sell from the same database, when it is old.
//  3. Arrival order per server is the order of decisions, transitions before placements.
//  4. While the outcome of a commit is unknown nothing else is sent to the store.
//
// Thread safety: run() and everything below it on the writer's executor; submit() from any known home; stop()
// from any.
#pragma once

#include <memory>
#include <vector>

#include "core/log.hpp"
#include "core/metrics.hpp"
#include "order/command_queue.hpp"
#include "order/decide.hpp"
#include "order/placer.hpp"
#include "order/stock_board.hpp"
#include "order/store.hpp"
#include "stock/gate.hpp"

namespace buyme::order {

struct WriterSettings {
  DecideSettings decide;
  std::size_t queue = 0;      // placements that may wait; 0: the default of limits.hpp
  bool shares_store = false;  // other servers commit to the same database
};

class OrderWriter final : public Placer {
 public:
  OrderWriter(WriterSettings settings, OrderStore& store, OrderReads& reads, stock::StockGate& gate,
              StockBoard& board, Clock& clock, Executor executor, std::vector<Executor> homes, Log log);
  ~OrderWriter() override;

  // Reads ledgers and terms and takes a writer number. Throws std::runtime_error when the store cannot serve.
  Awaitable<void> start();
  // Rounds until stop(): returns when every admitted command has been answered.
  Awaitable<void> run();
  bool shares_store() const { return settings_.shares_store; }
  // Only with shares_store, beside run(): sees to it that ledgers and flags are read anew without traffic,
  // too.
  Awaitable<void> run_refresh();
  void stop() { queue_.close(); }

  // Suspends until the command's transaction is committed, or refused. Errors beside the command's own:
  // overloaded, shutting_down, store_unavailable (each certainly not done); outcome_unknown.
  Awaitable<Outcome> submit(Command::What what) { return queue_.submit(std::move(what), clock_.monotonic()); }

  // Strategy::group_commit.
  Awaitable<Outcome> place(PlaceOrder order) override { return submit(std::move(order)); }
  // What others of this server have committed; returns when readers see it. From any executor.
  Awaitable<void> learn(std::vector<Ledger> ledgers);

  struct Counters {
    std::atomic<std::int64_t> rounds{0}, commands{0}, placed{0}, rejected_rounds{0}, unknown_rounds{0};
    Histogram commands_per_round{size_bounds()}, commit_seconds{latency_bounds()};
  };
  const Counters& counters() const { return counters_; }
  // False for limits::readiness_pause after the store could not do a round. Thread-safe.
  bool can_write() const;
  bool stopping() const { return queue_.closed(); }
  std::size_t waiting() const { return queue_.waiting(); }
  std::size_t waiting_placements() const { return queue_.waiting_placements(); }

 private:
  using Round = std::vector<CommandPtr>;
  class Numbers;
  enum class Attempt : std::uint8_t {
    answered,     // the round is over, and empty
    disagreed,    // refused: what it was decided on is not what the database holds
    undone,       // its outcome was unknown, and it is certain now that nothing of it took
    unavailable,  // the store cannot do it now; nothing was done
  };

  void refuse_stale(Round& round);
  Awaitable<void> settle(Round round);
  Awaitable<Attempt> attempt(Round& round, Monotonic deadline);
  Awaitable<CommitResult> write(const Plan& plan, Round& round, Monotonic deadline);
  Awaitable<CommitResult> learn_fate(const Plan& plan, Round& round, Monotonic deadline);
  void refuse_waiting();
  Awaitable<void> settle_gate(const stock::ClaimRound& claims);
  Awaitable<bool> reload();
  void take_over(Sale sale);
  Awaitable<void> take_news(std::vector<Ledger> ledgers);

  void adopt(const Plan& plan, const Committed& committed);
  void answer(Round round, const Decision& decision, const Committed& committed);
  void fail(Round round, const Failure& failure);
  void watch_sold_out(ProductId product);
  Awaitable<void> raise_flag(ProductId product, std::int64_t epoch);
  Monotonic flags_valid_until() const;
  bool must_read_ledgers(const Round& round) const;
  bool ledgers_older_than(std::chrono::nanoseconds age) const;

  WriterSettings settings_;
  OrderStore& store_;
  OrderReads& reads_;
  stock::StockGate& gate_;
  StockBoard& board_;
  Clock& clock_;
  Executor executor_;
  Log log_;
  CommandQueue queue_;
  std::unique_ptr<Numbers> numbers_;
  Stamp stamp_;
  Sales sales_;
  std::unordered_map<ProductId, std::int64_t> epochs_;   // grows when a product's live orders or terms change
  std::unordered_map<ProductId, std::int64_t> loading_;  // the epoch whose marks are being loaded
  Monotonic ledgers_read_at_;                            // when the store was asked for all of sales_ last
  bool progress_ = true;                                 // of the last round: false when it held only waiters
  bool left_waiters_ = false;                            // the last round: on units in flight elsewhere
  Counters counters_;
  std::atomic<Monotonic> failed_at_{Monotonic::min()};  // when the store could not do a round last
};

}  // namespace buyme::order
