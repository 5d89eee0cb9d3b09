// Places each order by itself: read, decide, commit, on one of a few connections. What keeps two orders for
// the last unit apart is the guard, and that is what the strategies differ in:
//
//   optimistic    the ledger is written only where its version is the one that was read; else read anew
//   pessimistic   the ledger's row is locked before it is read
//   distributed   a lock in Redis per product is held around both, and its fencing token is written with the
//                 row: who stood still past his lease is refused by the database
//   none          nothing does: updates get lost, and more is sold than there is
//
// The decision is that of a round (decide.hpp) with one order in it. What is refused because somebody else
// was there is repeated behind a jittered pause that doubles, until the order's deadline; then it is 503,
// with nothing done. So orders that keep overtaking each other cannot go on for ever.
//
// Thread safety: place() from any executor; the destructor when no coroutine of it runs any more.
#pragma once

#include <atomic>
#include <mutex>

#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/pool.hpp"
#include "core/random.hpp"
#include "order/placement_session.hpp"
#include "order/strategy_limits.hpp"
#include "order/writer.hpp"
#include "redis/lock.hpp"

namespace buyme::order {

struct PerOrderSettings {
  Strategy strategy = Strategy::optimistic;  // not group_commit
  DecideSettings decide;
  std::size_t queue = limits::placement_queue;  // orders that may wait; past it: overloaded
  Milliseconds deadline = limits::strategy_deadline;
};

class PerOrderPlacer final : public Placer {
 public:
  // Where the locks of Strategy::distributed live.
  struct LockPlace {
    redis::Locks* locks = nullptr;
    std::optional<Executor> executor;
  };
  // `writer` is told what was committed, and must know that others commit to its store
  // (WriterSettings::shares_store).
  PerOrderPlacer(PerOrderSettings settings, OpenSession open, OrderWriter& writer, LockPlace locks,
                 Clock& clock, Random random, Log log);
  ~PerOrderPlacer() override;

  Awaitable<Outcome> place(PlaceOrder order) override;

  // No order is admitted any more. Finishes what runs; what waits is not resumed.
  void stop();

  struct Counters {
    Counter attempts;           // at placing an order: reading, deciding, writing
    Counter overtaken;          // of them: what was read was not so any more
    Counter fenced;             // ... a later holder of the lock had written
    Counter contended;          // ... others' locks in the database
    Counter gave_up;            // orders that reached their deadline
    Counter lock_waits;         // locks in Redis that others held at first
    Counter lock_microseconds;  // spent on getting them
    Counter lost_locks;         // that were not ours any more when they were released
  };
  const Counters& counters() const { return counters_; }

 private:
  using Round = std::vector<CommandPtr>;  // of one
  struct Attempt {
    Written fate = Written::unavailable;
    std::optional<Failure> refused;  // before anything was read
    std::vector<Ledger> ledgers;
  };
  struct Holding {
    std::vector<redis::Lock> locks;
    Fences fences;
    std::optional<Failure> refused;
  };
  class Numbers;
  class Lent;

  Awaitable<Attempt> attempt(Round& round, Monotonic deadline);
  Awaitable<void> take_locks(const PlaceOrder& order, Monotonic deadline, Holding& holding);
  Awaitable<void> release_locks(Holding& holding);
  Attempt work(Round& round, const Fences& fences, Monotonic deadline);
  Attempt read_decide_write(PlacementSession& session, Round& round, const Fences& fences);
  void count(Written fate);
  std::chrono::nanoseconds pause_after(int tries);

  PerOrderSettings settings_;
  OpenSession open_;
  OrderWriter& writer_;
  LockPlace lock_place_;
  Clock& clock_;
  Log log_;
  std::unique_ptr<Numbers> numbers_;
  std::mutex mutex_;  // of what follows
  Random random_;
  std::vector<std::unique_ptr<PlacementSession>> idle_;
  // Not a member of its own: what is still suspended when all ends is destroyed behind this.
  std::shared_ptr<std::atomic<std::size_t>> admitted_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<bool> stopping_{false};
  Counters counters_;
  Pool pool_;
};

}  // namespace buyme::order
