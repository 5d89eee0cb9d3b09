// The order database and the gate behind a network that fails.
#include <algorithm>
#include <deque>

#include "simulation/decorators.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;
using order::CommitResult;
using order::Plan;
using order::Rejected;
using order::Unknown;

void LedgerLog::add(Scheduler::Nanoseconds at, const order::Ledger& ledger, Units raised) {
  entries_[ledger.product].push_back({at, ledger.total, ledger.committed, ledger.sold, raised});
}

Units LedgerLog::most_raised(ProductId product, Scheduler::Nanoseconds from,
                             Scheduler::Nanoseconds to) const {
  Units most = 0;
  const auto found = entries_.find(product);
  if (found == entries_.end()) return most;
  for (auto entry = found->second.rbegin(); entry != found->second.rend() && entry->at >= from; ++entry) {
    if (entry->at <= to) most = std::max(most, entry->raised);
  }
  return most;
}

void LedgerLog::add_order(Scheduler::Nanoseconds at, UserId user, std::string_view key) {
  if (!key.empty()) placed_.emplace(std::pair{user, std::string(key)}, at);
}

std::optional<Scheduler::Nanoseconds> LedgerLog::placed_at(UserId user, const std::string& key) const {
  const auto found = placed_.find({user, key});
  return found == placed_.end() ? std::nullopt : std::optional(found->second);
}

Units LedgerLog::fewest_free(ProductId product, Scheduler::Nanoseconds from,
                             Scheduler::Nanoseconds to) const {
  const auto found = entries_.find(product);
  if (found == entries_.end()) return 0;
  Units fewest = std::numeric_limits<Units>::max();
  for (auto entry = found->second.rbegin(); entry != found->second.rend(); ++entry) {
    if (entry->at > to) continue;
    fewest = std::min(fewest, entry->available());
    if (entry->at < from) break;  // what held when the span began
  }
  return fewest;
}

namespace {

// A plan that owns what it refers to: its sender may be gone when it arrives.
struct OwnedPlan {
  explicit OwnedPlan(const Plan& sent) : plan(sent) {
    for (auto& entry : plan.orders) {
      orders.push_back(*entry.order);
      keys.emplace_back(entry.key);
      entry.order = &orders.back();
      entry.key = keys.back();
    }
  }
  Plan plan;
  std::deque<order::Order> orders;
  std::deque<std::string> keys;
};

class FaultyStore final : public order::OrderStore {
 public:
  FaultyStore(std::unique_ptr<order::OrderStore> behind, Surroundings& around, Process& server,
              OrderStoreFaults faults)
      : behind_(std::move(behind)), around_(around), server_(server), faults_(std::move(faults)) {}

  Awaitable<Result<std::int64_t>> next_writer_number() override {
    return asked(behind_->next_writer_number());
  }
  Awaitable<Result<std::int64_t>> reserve_numbers(std::string_view name, std::int64_t count) override {
    return asked(behind_->reserve_numbers(name, count));
  }
  Awaitable<Result<std::vector<order::Sale>>> load_sales() override { return asked(behind_->load_sales()); }
  Awaitable<Result<order::Known>> read(const order::Questions& questions) override {
    return asked(behind_->read(questions));
  }
  Awaitable<Result<order::RoundFate>> settle(order::Stamp round) override {
    return asked(behind_->settle(round));
  }
  Awaitable<Result<std::vector<OrderId>>> lapsed_holds(Time now, std::size_t limit) override {
    return asked(behind_->lapsed_holds(now, limit));
  }
  Awaitable<Result<std::vector<order::OpenRefund>>> open_refunds(RefundId after, std::size_t limit) override {
    return asked(behind_->open_refunds(after, limit));
  }

  Awaitable<CommitResult> commit(const Plan& plan) override {
    co_await pass(around_.latency);
    if (strikes(Fault::commit_refused, plan))
      co_return Rejected{Rejected::Why::unavailable, "the disk is full"};
    if (faults_.apply_late) {
      if (strikes(Fault::commit_lost, plan)) co_return co_await give_up();
      if (strikes(Fault::commit_late, plan)) {
        send_late(plan);
        co_return co_await give_up();
      }
    }
    const bool hangs = strikes(Fault::store_hangs, plan);
    const bool before = around_.faults.random().chance(0.5);
    if (hangs && before) co_await pass(longest_hang);
    if (strikes(Fault::killed_in_commit, plan)) {
      if (!before) (void)co_await apply(plan);
      around_.kill(server_);
      co_await pass(endless);
    }
    CommitResult result = co_await apply(plan);
    const bool took = std::holds_alternative<order::Committed>(result);
    if (faults_.apply_late && took && strikes(Fault::commit_answer_lost, plan)) co_return co_await give_up();
    co_await pass(hangs && !before ? longest_hang : around_.latency);
    co_return result;
  }

 private:
  Awaitable<void> pass(std::chrono::nanoseconds most) {
    return delay(around_.scheduler, most == endless ? endless : around_.draw(most));
  }

  template <class T>
  Awaitable<Result<T>> asked(Awaitable<Result<T>> question) {
    co_await pass(around_.latency);
    if (around_.faults.strikes(Fault::store_away)) {
      co_return Failure(Error::store_unavailable, "The order store cannot be used right now.");
    }
    auto answer = co_await std::move(question);
    if (around_.answers_slowly()) co_await pass(around_.latency);
    co_return answer;
  }

  Awaitable<CommitResult> give_up() {
    co_await pass(1s);
    co_return Unknown{"no answer"};
  }

  Awaitable<CommitResult> apply(const Plan& plan) {
    auto result = co_await behind_->commit(plan);
    note(around_, plan, result);
    co_return result;
  }

  void send_late(const Plan& plan) {
    auto owned = std::make_shared<OwnedPlan>(plan);
    ++around_.stragglers;
    around_.scheduler.start_timer(around_.scheduler.now() + around_.draw(4s), nullptr,
                                  make_task([owned, &around = around_, apply = faults_.apply_late] {
                                    --around.stragglers;
                                    note(around, owned->plan, apply(owned->plan));
                                  }));
  }

  static void note(Surroundings& around, const Plan& plan, const CommitResult& result) {
    if (const auto* rejected = std::get_if<Rejected>(&result)) {
      around.trace.say("round {}.{} refused: {}", plan.stamp.writer, plan.stamp.seq, rejected->detail);
      return;
    }
    for (const auto& ledger : std::get<order::Committed>(result).ledgers) {
      const auto raise = std::ranges::find(plan.raises, ledger.product, &order::LedgerRaise::product);
      around.ledgers.add(around.scheduler.now(), ledger, raise == plan.raises.end() ? 0 : raise->units);
      around.trace.say("ledger of product {}: total {}, committed {}, sold {} (round {}.{})",
                       ledger.product.value, ledger.total, ledger.committed, ledger.sold, plan.stamp.writer,
                       plan.stamp.seq);
    }
    for (const auto& entry : plan.orders) {
      around.ledgers.add_order(around.scheduler.now(), entry.order->user, entry.key);
      around.trace.say("order {} of user {} is committed (round {}.{})", entry.order->id.value,
                       entry.order->user.value, plan.stamp.writer, plan.stamp.seq);
    }
    for (const auto& move : plan.moves) {
      around.trace.say("order {}: {} -> {} sent, {} (round {}.{})", move.order.value,
                       order::to_string(move.from), order::to_string(move.to), move.reason, plan.stamp.writer,
                       plan.stamp.seq);
    }
  }

  // Counted once, with every order that it meets.
  bool strikes(Fault fault, const Plan& plan) {
    if (!around_.faults.enabled(fault)) return false;
    std::size_t first = Coverage::no_order;
    if (!plan.orders.empty()) first = Coverage::placing;
    if (!plan.moves.empty()) first = static_cast<std::size_t>(plan.moves[0].from);
    if (!around_.faults.strikes(fault, first)) return false;
    for (std::size_t i = 1; i < plan.moves.size(); ++i) {
      around_.faults.met(fault, static_cast<std::size_t>(plan.moves[i].from));
    }
    if (!plan.moves.empty() && !plan.orders.empty()) around_.faults.met(fault, Coverage::placing);
    return true;
  }

  std::unique_ptr<order::OrderStore> behind_;
  Surroundings& around_;
  Process& server_;
  OrderStoreFaults faults_;
};

class FaultyReads final : public order::OrderReads {
 public:
  FaultyReads(std::unique_ptr<order::OrderReads> behind, Surroundings& around)
      : behind_(std::move(behind)), around_(around) {}

  Awaitable<Result<std::optional<order::Order>>> find(OrderId order) override {
    return asked(behind_->find(order), Fault::store_away);
  }
  Awaitable<Result<order::OrderPage>> list(order::OrderQuery query) override {
    return asked(behind_->list(query), Fault::store_away);
  }
  Awaitable<Result<order::SoldOutMarks>> sold_out_marks(ProductId product) override {
    return asked(behind_->sold_out_marks(product), Fault::marks_away);
  }
  Awaitable<Result<std::vector<OrderId>>> unpaid_orders(UserId user) override {
    return asked(behind_->unpaid_orders(user), Fault::store_away);
  }
  Awaitable<Result<std::vector<order::OrderStep>>> history(OrderId order) override {
    return asked(behind_->history(order), Fault::store_away);
  }
  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId product,
                                                                   std::optional<std::int64_t> before,
                                                                   std::size_t limit) override {
    return asked(behind_->stock_history(product, before, limit), Fault::store_away);
  }

 private:
  template <class T>
  Awaitable<Result<T>> asked(Awaitable<Result<T>> question, Fault fault) {
    co_await delay(around_.scheduler, around_.draw(around_.latency));
    if (around_.faults.strikes(fault))
      co_return Failure(Error::store_unavailable, "The orders cannot be read.");
    auto answer = co_await std::move(question);
    if (around_.answers_slowly()) co_await delay(around_.scheduler, around_.draw(around_.latency));
    co_return answer;
  }

  std::unique_ptr<order::OrderReads> behind_;
  Surroundings& around_;
};

class FaultyGate final : public stock::StockGate {
 public:
  FaultyGate(GateService& service, SharedGate::Server server, Surroundings& around)
      : service_(service),
        client_(
            make_shared_gate_client(service.gate, server, [&around] { return wall_time(around.scheduler); })),
        around_(around) {}

  Awaitable<Result<std::vector<Units>>> claim(const stock::ClaimRound& round) override {
    co_await delay(around_.scheduler, around_.draw(around_.latency));
    fail();
    if (around_.faults.strikes(Fault::gate_away)) co_return Failure(Error::overloaded, "The gate is away.");
    if (around_.faults.strikes(Fault::gate_hears_twice)) (void)co_await client_->claim(round);
    auto granted = co_await client_->claim(round);
    if (around_.answers_slowly()) co_await delay(around_.scheduler, around_.draw(around_.latency));
    co_return granted;
  }

  Awaitable<void> settle(std::int64_t seq, const std::vector<stock::LedgerSnapshot>& ledgers) override {
    co_await delay(around_.scheduler, around_.draw(around_.latency));
    fail();
    if (around_.faults.strikes(Fault::gate_away)) co_return;
    if (around_.faults.strikes(Fault::gate_hears_twice)) co_await client_->settle(seq, ledgers);
    co_await client_->settle(seq, ledgers);
  }

 private:
  void fail() {
    if (around_.faults.strikes(Fault::gate_forgets)) service_.gate = SharedGate{};
    if (!around_.faults.enabled(Fault::gate_goes_stale)) return;
    if (around_.faults.strikes(Fault::gate_goes_stale)) service_.gate = service_.replica;
    if (around_.faults.random().chance(0.2)) service_.replica = service_.gate;
  }

  GateService& service_;
  std::unique_ptr<stock::StockGate> client_;
  Surroundings& around_;
};

}  // namespace

std::unique_ptr<order::OrderStore> make_faulty_store(std::unique_ptr<order::OrderStore> behind,
                                                     Surroundings& around, Process& server,
                                                     OrderStoreFaults faults) {
  return std::make_unique<FaultyStore>(std::move(behind), around, server, std::move(faults));
}

std::unique_ptr<order::OrderReads> make_faulty_reads(std::unique_ptr<order::OrderReads> behind,
                                                     Surroundings& around) {
  return std::make_unique<FaultyReads>(std::move(behind), around);
}

std::unique_ptr<stock::StockGate> make_faulty_gate(GateService& service, SharedGate::Server server,
                                                   Surroundings& around) {
  return std::make_unique<FaultyGate>(service, server, around);
}

}  // namespace buyme::simulation
