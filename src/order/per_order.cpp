#include "order/per_order.hpp"

#include <algorithm>

namespace buyme::order {

namespace {

Guard guard_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::optimistic:
      return Guard::version;
    case Strategy::pessimistic:
      return Guard::row_lock;
    case Strategy::distributed:
      return Guard::fence;
    case Strategy::none:
      return Guard::nothing;
    case Strategy::group_commit:
      break;
  }
  throw std::logic_error("group commit places no order by itself");
}

const PlaceOrder& order_of(const std::vector<CommandPtr>& round) {
  return std::get<PlaceOrder>(round.front()->what);
}

// Who reads it at this moment may have all of what is free: nobody else is known of.
std::vector<Units> free_units(const stock::ClaimRound& claims) {
  std::vector<Units> granted;
  for (const auto& line : claims.lines) {
    granted.push_back(
        std::clamp<Units>(line.wanted, 0, std::max<Units>(0, line.ledger.total - line.ledger.committed)));
  }
  return granted;
}

struct CountedIn {
  std::shared_ptr<std::atomic<std::size_t>> count;
  const std::size_t before = count->fetch_add(1, std::memory_order_relaxed);
  ~CountedIn() { count->fetch_sub(1, std::memory_order_relaxed); }
};

}  // namespace

// Order and item numbers from blocks that were reserved beforehand, for all sessions. Between ensure() and
// the taking every session may take as many as the largest order needs.
class PerOrderPlacer::Numbers final : public NumberSource {
 public:
  bool ensure(PlacementSession& session) {
    const std::lock_guard lock(mutex_);
    return orders_.ensure(session, "order") && items_.ensure(session, "item");
  }
  OrderId next_order() override { return OrderId{next(orders_)}; }
  OrderItemId next_item() override { return OrderItemId{next(items_)}; }

 private:
  static constexpr std::int64_t reserve = limits::strategy_sessions * limits::max_order_lines;
  static_assert(reserve < limits::order_id_block);

  // What is left of a block stays behind as a gap.
  struct Block {
    std::int64_t next = 0, end = 0;
    std::int64_t later = 0, later_end = 0;  // the block behind it

    bool ensure(PlacementSession& session, std::string_view name) {
      if (end - next + later_end - later >= reserve) return true;
      const auto first = session.reserve_numbers(name, limits::order_id_block);
      if (!first) return false;
      later = *first, later_end = *first + limits::order_id_block;
      return true;
    }
    std::int64_t take() {
      if (next == end) next = std::exchange(later, 0), end = std::exchange(later_end, 0);
      if (next == end) throw std::logic_error("numbers were taken without being reserved");
      return next++;
    }
  };
  std::int64_t next(Block& block) {
    const std::lock_guard lock(mutex_);
    return block.take();
  }

  std::mutex mutex_;
  Block orders_, items_;
};

// A session that nobody else uses meanwhile.
class PerOrderPlacer::Lent {
 public:
  explicit Lent(PerOrderPlacer& placer) : placer_(placer) {
    const std::lock_guard lock(placer.mutex_);
    if (placer.idle_.empty()) return;
    session_ = std::move(placer.idle_.back());
    placer.idle_.pop_back();
  }
  ~Lent() {
    if (!session_) return;
    const std::lock_guard lock(placer_.mutex_);
    placer_.idle_.push_back(std::move(session_));
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

  PlacementSession& session() {
    if (!session_) session_ = placer_.open_();
    return *session_;
  }

 private:
  PerOrderPlacer& placer_;
  std::unique_ptr<PlacementSession> session_;
};

PerOrderPlacer::PerOrderPlacer(PerOrderSettings settings, OpenSession open, OrderWriter& writer,
                               LockPlace locks, Clock& clock, Random random, Log log)
    : settings_(settings),
      open_(std::move(open)),
      writer_(writer),
      lock_place_(locks),
      clock_(clock),
      log_(std::move(log)),
      numbers_(std::make_unique<Numbers>()),
      random_(std::move(random)),
      pool_("placements", limits::strategy_sessions, settings.queue) {
  (void)guard_of(settings_.strategy);
  if (settings_.strategy == Strategy::distributed && (locks.locks == nullptr || !locks.executor)) {
    throw std::logic_error("a distributed lock without a place for it");
  }
}

PerOrderPlacer::~PerOrderPlacer() {
  stop();
}

void PerOrderPlacer::stop() {
  stopping_ = true;
  pool_.stop();
}

Awaitable<Outcome> PerOrderPlacer::place(PlaceOrder order) {
  if (stopping_) co_return CommandQueue::shutting_down();
  const CountedIn counted{admitted_};
  if (counted.before >= settings_.queue) co_return overloaded();
  const Monotonic deadline = clock_.monotonic() + settings_.deadline;
  Round round;
  round.push_back(std::make_unique<Command>());
  round.front()->what = std::move(order);
  for (int tries = 0;; ++tries) {
    Attempt tried = co_await attempt(round, deadline);
    if (tried.refused) co_return std::move(*tried.refused);
    count(tried.fate);
    if (tried.fate == Written::committed) {
      if (!tried.ledgers.empty()) co_await writer_.learn(std::move(tried.ledgers));
      co_return std::move(*round.front()->outcome);
    }
    if (tried.fate == Written::unknown) co_return outcome_unknown();
    if (!may_repeat(tried.fate)) co_return store_unavailable();
    const auto pause = pause_after(tries);
    if (clock_.monotonic() + pause >= deadline) {
      counters_.gave_up.add();
      co_return overloaded();
    }
    co_await clock_.sleep_for(pause);
  }
}

Awaitable<PerOrderPlacer::Attempt> PerOrderPlacer::attempt(Round& round, Monotonic deadline) {
  Holding holding;
  if (lock_place_.locks != nullptr) {
    auto taking = take_locks(order_of(round), deadline, holding);
    co_await asio::co_spawn(*lock_place_.executor, std::move(taking), use_awaitable);
  }
  Attempt tried;
  tried.refused = std::move(holding.refused);
  if (!tried.refused) {
    auto job = [this, &round, &holding, deadline]() -> Result<Attempt> {
      return work(round, holding.fences, deadline);
    };
    auto done = co_await pool_.run(std::move(job));
    if (done) tried = std::move(*done);
    if (!done) tried.refused = done.error();
  }
  if (!holding.locks.empty()) {
    auto releasing = release_locks(holding);
    co_await asio::co_spawn(*lock_place_.executor, std::move(releasing), use_awaitable);
  }
  co_return tried;
}

// --- the locks of Strategy::distributed; on their executor

// One after the other, ascending by product: two orders cannot wait for each other.
Awaitable<void> PerOrderPlacer::take_locks(const PlaceOrder& order, Monotonic deadline, Holding& holding) {
  const Monotonic begun = clock_.monotonic();
  for (const auto& line : order.lines) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
    std::string name = "stock:" + std::to_string(line.product.value);
    auto lock = co_await lock_place_.locks->acquire(std::move(name), std::max(left, Milliseconds{0}));
    if (!lock) {
      if (lock.error().error == Error::overloaded) counters_.gave_up.add();
      holding.refused = lock.error();
      break;
    }
    if (lock->looks() > 1) counters_.lock_waits.add();
    holding.fences.emplace_back(line.product, lock->fencing_token());
    holding.locks.push_back(std::move(*lock));
  }
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic() - begun);
  counters_.lock_microseconds.add(static_cast<std::uint64_t>(took.count()));
}

Awaitable<void> PerOrderPlacer::release_locks(Holding& holding) {
  for (auto& lock : holding.locks) {
    const bool ours = co_await lock.release();
    if (!ours) counters_.lost_locks.add();
  }
  holding.locks.clear();
}

// --- on a thread of the pool

PerOrderPlacer::Attempt PerOrderPlacer::work(Round& round, const Fences& fences, Monotonic deadline) {
  Attempt tried;
  if (clock_.monotonic() >= deadline) {
    counters_.gave_up.add();
    tried.refused = overloaded();
    return tried;
  }
  try {
    Lent lent(*this);
    if (!numbers_->ensure(lent.session())) return tried;
    return read_decide_write(lent.session(), round, fences);
  } catch (const std::exception& error) {
    log_->error("placing an order: {}", error.what());
    return tried;
  }
}

PerOrderPlacer::Attempt PerOrderPlacer::read_decide_write(PlacementSession& session, Round& round,
                                                          const Fences& fences) {
  counters_.attempts.add();
  Attempt tried;
  const Guard guard = guard_of(settings_.strategy);
  const ReadResult read = session.read(order_of(round), guard);
  tried.fate = read.fate;
  if (read.fate != Written::committed) {
    if (!may_repeat(read.fate)) log_->error("reading for an order: {}", read.detail);
    return tried;
  }
  const stock::ClaimRound claims = claims_of(round, read.seen.sales, 0);
  const std::vector<Units> granted = free_units(claims);
  const DecideInput input{read.seen.sales, read.seen.known, claims, granted, true, {},
                          clock_.now(),    settings_.decide};
  const Decision decision = decide(round, input, *numbers_);
  if (decision.plan.empty()) {
    session.give_up();
    return tried;
  }
  WriteResult written = session.write(decision.plan, read.seen, guard, fences);
  tried.fate = written.fate;
  tried.ledgers = std::move(written.ledgers);
  if (written.fate == Written::committed) return tried;
  const auto level = may_repeat(written.fate) ? spdlog::level::debug : spdlog::level::err;
  if (!written.detail.empty()) log_->log(level, "an order was not written: {}", written.detail);
  return tried;
}

// --- repeating

void PerOrderPlacer::count(Written fate) {
  if (fate == Written::overtaken) counters_.overtaken.add();
  if (fate == Written::fenced) counters_.fenced.add();
  if (fate == Written::contended) counters_.contended.add();
}

std::chrono::nanoseconds PerOrderPlacer::pause_after(int tries) {
  const std::chrono::nanoseconds most = std::min<std::chrono::nanoseconds>(
      limits::strategy_pause * (1 << std::min(tries, 16)), limits::strategy_pause_max);
  const std::lock_guard lock(mutex_);
  return std::chrono::nanoseconds(random_.below(static_cast<std::uint64_t>(most.count())));
}

}  // namespace buyme::order
