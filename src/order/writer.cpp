#include "order/writer.hpp"

#include <boost/asio/detached.hpp>
#include <deque>

#include "core/limits.hpp"

namespace buyme::order {

// Order and item numbers from blocks that were reserved durably beforehand.
class OrderWriter::Numbers final : public NumberSource {
 public:
  explicit Numbers(OrderStore& store) : orders_(store, "order"), items_(store, "item") {}

  // After true, that many numbers can be taken without asking the store.
  Awaitable<bool> ensure(std::size_t orders, std::size_t items) {
    const bool enough_orders = co_await orders_.ensure(static_cast<std::int64_t>(orders));
    if (!enough_orders) co_return false;
    co_return co_await items_.ensure(static_cast<std::int64_t>(items));
  }

  OrderId next_order() override { return OrderId{orders_.next()}; }
  OrderItemId next_item() override { return OrderItemId{items_.next()}; }

 private:
  class Blocks {
   public:
    Blocks(OrderStore& store, std::string_view name) : store_(store), name_(name) {}
    Awaitable<bool> ensure(std::int64_t count) {
      if (left_ >= count) co_return true;
      const std::int64_t size = std::max(limits::order_id_block, count);
      const auto first = co_await store_.reserve_numbers(name_, size);
      if (!first) co_return false;
      blocks_.push_back({*first, *first + size});
      left_ += size;
      co_return true;
    }
    std::int64_t next() {
      if (left_ <= 0) throw std::logic_error("numbers were taken without being reserved");
      --left_;
      const std::int64_t number = blocks_.front().first++;
      if (blocks_.front().first == blocks_.front().second) blocks_.pop_front();
      return number;
    }

   private:
    OrderStore& store_;
    std::string_view name_;
    std::deque<std::pair<std::int64_t, std::int64_t>> blocks_;  // [first, end)
    std::int64_t left_ = 0;
  };
  Blocks orders_, items_;
};

namespace {

std::size_t lines_of(const std::vector<CommandPtr>& round) {
  std::size_t lines = 0;
  for (const auto& command : round) {
    if (const auto* place = std::get_if<PlaceOrder>(&command->what)) lines += place->lines.size();
    if (std::holds_alternative<RequestReturn>(command->what)) ++lines;  // the part that it may split off
  }
  return lines;
}

CommandQueue::Settings queue_settings(std::size_t placements) {
  return {placements == 0 ? limits::placement_queue : placements, limits::transition_queue, limits::max_round,
          limits::transition_quota};
}

}  // namespace

OrderWriter::OrderWriter(WriterSettings settings, OrderStore& store, OrderReads& reads,
                         stock::StockGate& gate, StockBoard& board, Clock& clock, Executor executor,
                         std::vector<Executor> homes, Log log)
    : settings_(settings),
      store_(store),
      reads_(reads),
      gate_(gate),
      board_(board),
      clock_(clock),
      executor_(executor),
      log_(std::move(log)),
      queue_(queue_settings(settings.queue), executor, std::move(homes)),
      numbers_(std::make_unique<Numbers>(store)) {}

OrderWriter::~OrderWriter() = default;

Awaitable<void> OrderWriter::start() {
  const auto writer = co_await store_.next_writer_number();
  if (!writer) throw std::runtime_error("the order store cannot be written: " + writer.error().detail);
  stamp_.writer = *writer;
  const bool loaded = co_await reload();
  if (!loaded) throw std::runtime_error("the order store cannot be read");
}

bool OrderWriter::can_write() const {
  const Monotonic failed_at = failed_at_;
  return failed_at == Monotonic::min() || clock_.monotonic() - failed_at >= limits::readiness_pause;
}

Awaitable<void> OrderWriter::run() {
  for (;;) {
    Round round = co_await queue_.take();
    if (round.empty()) co_return;
    if (queue_.closed()) {
      fail(std::move(round), CommandQueue::shutting_down());
      continue;
    }
    refuse_stale(round);
    co_await settle(std::move(round));
    if (!progress_) co_await clock_.sleep_for(limits::waiter_pause);
  }
}

// 503 before admission to a round, never after: who is refused here was certainly not placed.
void OrderWriter::refuse_stale(Round& round) {
  const Monotonic oldest = clock_.monotonic() - limits::placement_deadline;
  Round stale;
  for (auto& command : round) {
    if (command->is_placement() && command->arrived < oldest) stale.push_back(std::move(command));
  }
  if (stale.empty()) return;
  std::erase(round, nullptr);
  fail(std::move(stale), overloaded());
}

// One bad order never fails its neighbours: a round that the database refuses is decided again on what the
// database holds, and if that fails too, one command at a time.
Awaitable<void> OrderWriter::settle(Round round) {
  if (round.empty()) co_return;
  counters_.rounds.fetch_add(1, std::memory_order_relaxed);
  counters_.commands.fetch_add(static_cast<std::int64_t>(round.size()), std::memory_order_relaxed);
  counters_.commands_per_round.observe(static_cast<double>(round.size()));
  const Monotonic deadline = clock_.monotonic() + limits::settle_budget;

  const bool current = !must_read_ledgers(round) || co_await reload();
  Attempt result = current ? co_await attempt(round, deadline) : Attempt::unavailable;
  if (result == Attempt::disagreed || result == Attempt::undone) {
    counters_.rejected_rounds.fetch_add(1, std::memory_order_relaxed);
    const bool loaded = co_await reload();
    result = loaded ? co_await attempt(round, deadline) : Attempt::unavailable;
  }
  if (result == Attempt::answered) co_return;
  if (result == Attempt::unavailable) {
    failed_at_ = clock_.monotonic();
    co_return fail(std::move(round), store_unavailable());
  }

  for (auto& command : round) {
    Round alone;
    alone.push_back(std::move(command));
    if (clock_.monotonic() >= deadline) {
      fail(std::move(alone), overloaded());
      continue;
    }
    const bool loaded = co_await reload();
    const Attempt outcome = loaded ? co_await attempt(alone, deadline) : Attempt::unavailable;
    if (outcome == Attempt::answered) continue;
    // Refused three times where other servers sell: they are at the same rows. That is a crowd, not a fault.
    const bool contended = outcome == Attempt::disagreed && settings_.shares_store;
    if (outcome == Attempt::disagreed && !contended)
      log_->error("the order store refuses a command that its own rows allow");
    fail(std::move(alone), contended ? overloaded() : store_unavailable());
  }
}

// read, decide, commit, answer.
Awaitable<OrderWriter::Attempt> OrderWriter::attempt(Round& round, Monotonic deadline) {
  const bool numbered = co_await numbers_->ensure(round.size(), lines_of(round));
  if (!numbered) co_return Attempt::unavailable;
  ++stamp_.seq;

  Known known;
  const Questions questions = questions_of(round, sales_);
  if (!questions.empty()) {
    auto read = co_await store_.read(questions);
    if (!read) co_return Attempt::unavailable;
    known = std::move(*read);
  }
  const stock::ClaimRound claims = claims_of(round, sales_, stamp_.seq);
  std::vector<Units> granted(claims.lines.size(), 0);
  std::optional<Failure> gate_away;
  if (!claims.lines.empty()) {
    auto claimed = co_await gate_.claim(claims);
    if (claimed) granted = std::move(*claimed);
    if (!claimed) gate_away = claimed.error();  // it grants nothing, and who needs units is told so
  }

  const bool fresh = !settings_.shares_store || !ledgers_older_than(limits::ledger_freshness);
  DecideInput input{sales_, known, claims, granted, fresh, stamp_, clock_.now(), settings_.decide};
  if (gate_away) input.gate_away = &*gate_away;
  const Decision decision = decide(round, input, *numbers_);

  auto result = co_await write(decision.plan, round, deadline);
  Attempt end = Attempt::answered;
  if (const auto* rejected = std::get_if<Rejected>(&result)) {
    log_->warn("a round of {} was refused by the order store: {}", round.size(), rejected->detail);
    end = rejected->why == Rejected::Why::constraint ? Attempt::disagreed : Attempt::unavailable;
  } else if (std::holds_alternative<Unknown>(result)) {
    end = Attempt::undone;
  } else if (!round.empty()) {  // else its fate was learned after its buyers had been sent away
    const auto& committed = std::get<Committed>(result);
    adopt(decision.plan, committed);
    answer(std::move(round), decision, committed);
    round.clear();
  }
  co_await settle_gate(claims);
  co_return round.empty() ? Attempt::answered : end;
}

// Unknown: it is certain by now that nothing of the plan took.
Awaitable<CommitResult> OrderWriter::write(const Plan& plan, Round& round, Monotonic deadline) {
  if (plan.empty()) co_return Committed{};
  const Monotonic begun = clock_.monotonic();
  auto result = co_await store_.commit(plan);
  counters_.commit_seconds.observe(clock_.monotonic() - begun);
  if (!std::holds_alternative<Unknown>(result)) co_return result;
  counters_.unknown_rounds.fetch_add(1, std::memory_order_relaxed);
  log_->warn("the outcome of a round of {} is unknown: {}", round.size(), std::get<Unknown>(result).detail);
  co_return co_await learn_fate(plan, round, deadline);
}

// Asks the store until it is answered, and sends nothing else meanwhile. Buyers are not kept for longer than
// the deadline: they are told that nobody knows yet. Of a round that took nobody says which moves found their
// order changed: each is decided again on what the order is now, where a repeat is success.
Awaitable<CommitResult> OrderWriter::learn_fate(const Plan& plan, Round& round, Monotonic deadline) {
  for (;; co_await clock_.sleep_for(limits::settle_pause)) {
    if (clock_.monotonic() >= deadline && !round.empty()) {
      fail(std::move(round), outcome_unknown());
      round.clear();
    }
    const auto fate = co_await store_.settle(plan.stamp);
    if (!fate) refuse_waiting();
    if (!fate) continue;
    if (*fate == RoundFate::dead) co_return Unknown{};
    const bool loaded = co_await reload();
    if (!loaded) continue;
    Committed committed;
    committed.took_unheard = true;
    for (const auto& move : plan.moves) committed.not_moved.push_back(move.order);
    for (const auto& request : plan.return_requests) committed.not_moved.push_back(request.order);
    for (const auto& completion : plan.return_completions) committed.not_moved.push_back(completion.order);
    co_return committed;
  }
}

// Who waits in the queue while a store is silent is not kept either: nothing of these has been begun.
void OrderWriter::refuse_waiting() {
  const Monotonic now = clock_.monotonic();
  failed_at_ = now;
  fail(queue_.take_older(now - limits::placement_deadline, now - limits::settle_budget), store_unavailable());
}

// Whatever became of the round: nothing of it is in flight any more.
Awaitable<void> OrderWriter::settle_gate(const stock::ClaimRound& claims) {
  std::vector<stock::LedgerSnapshot> ledgers;
  for (const auto& line : claims.lines) {
    const Ledger& ledger = sales_.at(line.ledger.product).ledger;
    ledgers.push_back({ledger.product, ledger.version, ledger.total, ledger.committed});
  }
  co_await gate_.settle(claims.seq, ledgers);
}

// --- what this writer knows of the database

Awaitable<void> OrderWriter::run_refresh() {
  for (;;) {
    co_await clock_.sleep_for(limits::ledger_refresh);
    (void)co_await submit(RefreshLedgers{});  // refused: the next one does
  }
}

// Where other servers sell, what this one knows grows old. What the last round waited for may have been
// decided by now, and a product that is not known here may have been put up for sale by another server.
bool OrderWriter::must_read_ledgers(const Round& round) const {
  if (!settings_.shares_store) return false;
  if (left_waiters_ || ledgers_older_than(limits::ledger_refresh)) return true;
  return std::ranges::any_of(round, [this](const CommandPtr& command) {
    const auto* refresh = std::get_if<RefreshLedgers>(&command->what);
    if (refresh != nullptr && ledgers_older_than(refresh->older_than)) return true;
    const auto* place = std::get_if<PlaceOrder>(&command->what);
    return place != nullptr && std::ranges::any_of(place->lines, [this](const OrderLine& line) {
             return !sales_.contains(line.product);
           });
  });
}

bool OrderWriter::ledgers_older_than(std::chrono::nanoseconds age) const {
  return clock_.monotonic() - ledgers_read_at_ >= age;
}

Awaitable<bool> OrderWriter::reload() {
  const Monotonic asked = clock_.monotonic();
  auto sales = co_await store_.load_sales();
  if (!sales) co_return false;
  ledgers_read_at_ = asked;
  for (auto& sale : *sales) take_over(std::move(sale));
  co_return true;
}

void OrderWriter::take_over(Sale sale) {
  const ProductId product = sale.terms.product;
  Sale& known = sales_[product];
  const bool same = known.ledger == sale.ledger && known.terms.version == sale.terms.version;
  known = std::move(sale);
  board_.publish(known.ledger);
  if (same) return board_.extend(product, flags_valid_until());
  ++epochs_[product];
  board_.lower(product);
  watch_sold_out(product);
}

Awaitable<void> OrderWriter::learn(std::vector<Ledger> ledgers) {
  auto taking = take_news(std::move(ledgers));
  co_await asio::co_spawn(executor_, std::move(taking), use_awaitable);
}

// They may come late: what is known already may be newer.
Awaitable<void> OrderWriter::take_news(std::vector<Ledger> ledgers) {
  for (const auto& ledger : ledgers) {
    const auto sale = sales_.find(ledger.product);
    if (sale == sales_.end() || sale->second.ledger.version >= ledger.version) continue;
    ++epochs_[ledger.product];
    sale->second.ledger = ledger;
    board_.publish(ledger);
    board_.lower(ledger.product);
    watch_sold_out(ledger.product);
  }
  co_return;
}

// What the database holds now becomes what this writer knows and what readers see, before any answer leaves.
void OrderWriter::adopt(const Plan& plan, const Committed& committed) {
  counters_.placed.fetch_add(static_cast<std::int64_t>(plan.orders.size()), std::memory_order_relaxed);
  for (const auto& change : plan.terms) {
    const SaleTerms& terms = change.update.terms;
    SaleTerms& known = sales_[terms.product].terms;
    if (known.version < terms.version) known = terms;
    board_.lower(terms.product);
    ++epochs_[terms.product];
  }
  for (const auto& ledger : committed.ledgers) {
    Ledger& known = sales_[ledger.product].ledger;
    if (ledger.committed < 0 || ledger.committed > ledger.total || ledger.sold > ledger.committed) {
      throw std::logic_error("the ledger's CHECK does not hold");
    }
    // A version further on means that another server was there in between, whose orders the marks do not
    // know.
    const bool others = ledger.version != known.version + 1;
    const bool moved = known.committed != ledger.committed || known.total != ledger.total;
    if (moved || others) ++epochs_[ledger.product];
    known = ledger;
    board_.publish(ledger);
    if (ledger.available() > 0 || (others && settings_.shares_store)) board_.lower(ledger.product);
  }
  for (const auto& ledger : committed.ledgers) watch_sold_out(ledger.product);
}

void OrderWriter::answer(Round round, const Decision& decision, const Committed& committed) {
  Round answered, later;
  for (std::size_t i = 0; i < round.size(); ++i) {
    if (decision.fates[i] == Fate::attached) {
      round[i]->outcome = *round[decision.attached_to[i]]->outcome;
      if (round[i]->outcome->has_value()) round[i]->outcome->value().replayed = true;
    }
  }
  std::vector<bool> undone(round.size(), false);
  for (std::size_t i = 0; i < decision.plan.moves.size() && !committed.not_moved.empty(); ++i) {
    const auto& missed = committed.not_moved;
    if (std::find(missed.begin(), missed.end(), decision.plan.moves[i].order) != missed.end()) {
      undone[decision.move_command[i]] = true;  // somebody else moved it first: decide on what it is now
    }
  }
  for (const auto& [order, position] : decision.return_command) {
    const auto& missed = committed.not_moved;
    if (std::find(missed.begin(), missed.end(), order) != missed.end()) undone[position] = true;
  }
  for (std::size_t i = 0; i < round.size(); ++i) {
    if (std::holds_alternative<AdvanceShipping>(round[i]->what) && decision.fates[i] == Fate::decided) {
      round[i]->outcome->value().moved = committed.shipped;
    }
    if (undone[i] && committed.took_unheard) round[i]->may_be_done = true;
    const bool again = undone[i] || decision.fates[i] == Fate::waits || decision.fates[i] == Fate::deferred;
    (again ? later : answered).push_back(std::move(round[i]));
  }
  progress_ = !answered.empty();
  left_waiters_ = std::ranges::find(decision.fates, Fate::waits) != decision.fates.end();
  queue_.answer(std::move(answered));
  queue_.give_back(std::move(later));
}

// `failure` says that nothing was done.
void OrderWriter::fail(Round round, const Failure& failure) {
  for (auto& command : round) command->outcome = command->may_be_done ? outcome_unknown() : failure;
  queue_.answer(std::move(round));
  progress_ = true;
}

// --- the sold-out flag

void OrderWriter::watch_sold_out(ProductId product) {
  const std::int64_t epoch = epochs_[product];
  if (sales_.at(product).ledger.available() > 0 || board_.is_flagged(product)) return;
  if (std::exchange(loading_[product], epoch) == epoch) return;
  asio::co_spawn(executor_, raise_flag(product, epoch), asio::detached);
}

// The marks are loaded while rounds go on; a flag whose product has changed meanwhile is not raised.
Awaitable<void> OrderWriter::raise_flag(ProductId product, std::int64_t epoch) {
  while (epochs_[product] == epoch) {
    auto marks = co_await reads_.sold_out_marks(product);
    if (!marks) {
      co_await clock_.sleep_for(limits::flag_retry);
      continue;
    }
    if (epochs_[product] != epoch) co_return;
    auto flag = std::make_shared<SoldOutFlag>();
    flag->terms = sales_.at(product).terms;
    flag->marks = std::move(*marks);
    board_.raise(product, std::move(flag), flags_valid_until());
    co_return;
  }
}

Monotonic OrderWriter::flags_valid_until() const {
  if (!settings_.shares_store) return Monotonic::max();  // nobody else can free a unit
  return ledgers_read_at_ + limits::ledger_freshness;
}

}  // namespace buyme::order
