#include "simulation/world.hpp"

#include <algorithm>

#include "simulation/buyer.hpp"
#include "simulation/merchant.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;

namespace {

constexpr Duration set_up{1s};  // until the first buyer may come
constexpr Duration patience{
    900s};  // after the last fault, until all must be at rest: refunds back off to 300 s
constexpr Duration look_again{250ms};
constexpr std::uint64_t most_steps = 20'000'000;  // a sale that spins is no sale

}  // namespace

World::World(const Scenario& scenario, bool keep_lines)
    : scenario_(scenario),
      scheduler_(scenario.seed, scenario.shuffle),
      trace_(scheduler_, keep_lines),
      faults_(scenario.seed, trace_),
      orders_(scenario.store == StoreKind::memory ? make_memory_backend() : make_sqlite_backend()),
      bank_(scenario.seed, scenario.success_rate),
      around_{scheduler_,
              trace_,
              faults_,
              ledgers_,
              [this](OrderId order) { return orders_->state_of(order); },
              [this](Process& process) {
                scheduler_.post(nullptr, make_task([this, &process] { kill(process); }));
              },
              scenario.latency},
      choices_(scenario.seed, "choices"),
      outside_(scheduler_) {
  const bool split = scenario.shape == Shape::split;
  for (std::size_t i = 0; i < scenario.order_servers; ++i) {
    processes_.push_back(std::make_unique<ShopProcess>(fmt::format("orders-{}", i + 1),
                                                       ShopProcess::Role{true, !split}, scenario.settings,
                                                       *this, scheduler_, *this));
  }
  if (split) {
    processes_.push_back(std::make_unique<ShopProcess>("payments", ShopProcess::Role{false, true},
                                                       scenario.settings, *this, scheduler_, *this));
  }
}

// The processes go first: what waits for them out there goes with outside_.
World::~World() {
  for (auto& process : processes_) process->die();
}

void World::report(std::string what) {
  trace_.say("BUG: {}", what);
  if (bugs_.size() < 20) bugs_.push_back(std::move(what));
}

Remains World::run() {
  start_processes();
  spawn(run_sale());
  asio::co_spawn(outside_.get_executor(), come_to_rest(), asio::detached);
  while (!over_ && scheduler_.step()) {
    if (scheduler_.steps() > most_steps) {
      report("the sale does not come to an end");
      break;
    }
  }
  return collect();
}

void World::start_processes() {
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (i < scenario_.drift_ppm.size() && scenario_.drift_ppm[i] != 0) {
      processes_[i]->clock.drift(scenario_.drift_ppm[i]);
      faults_.note(Fault::clock_drifts);
    }
    processes_[i]->start();
  }
}

void World::spawn(Awaitable<void> work) {
  ++under_way_;
  asio::co_spawn(outside_.get_executor(), counted(std::move(work)), asio::detached);
}

Awaitable<void> World::counted(Awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (const std::exception& error) {
    report(fmt::format("a buyer or the merchant threw: {}", error.what()));
  }
  --under_way_;
}

Awaitable<void> World::run_sale() {
  began_at_ = set_up;
  co_await open_sale(*this);
  co_await wait_until(scheduler_, began_at_, use_awaitable);
  break_things();
  for (const auto& plan : scenario_.buyers) spawn(visit(*this, plan));
  for (const auto& change : scenario_.terms) spawn(change_terms(*this, change));
  for (const auto& end : scenario_.ends) spawn(end_account(*this, end));
  if (scenario_.day) spawn(ship_daily(*this));
  for (const auto& incident : scenario_.incidents) spawn(run_incident(incident));
}

void World::break_things() {
  for (std::size_t i = 0; i < fault_kinds; ++i) faults_.set(static_cast<Fault>(i), scenario_.likelihood[i]);
}

// --- what happens to processes

void World::note_incident(Fault fault) {
  audit::Books books;
  orders_->add_to(books);
  std::array<bool, Coverage::columns> met{};
  for (const auto& order : books.orders) met[static_cast<std::size_t>(order.status)] = true;
  faults_.note(fault);
  for (std::size_t status = 1; status < met.size(); ++status) {
    if (met[status]) faults_.met(fault, status);
  }
}

Awaitable<void> World::run_incident(Incident incident) {
  co_await wait_until(scheduler_, began_at_ + incident.at, use_awaitable);
  ShopProcess& process = *processes_[incident.process];
  if (!process.runs() || healed_) co_return;
  trace_.say("{} meets incident {}", process.name(), static_cast<int>(incident.kind));
  switch (incident.kind) {
    case Incident::Kind::kill:
      note_incident(Fault::killed);
      process.die();
      break;
    case Incident::Kind::stop:
      note_incident(Fault::stopped);
      process.stop();
      break;
    case Incident::Kind::pause:
      note_incident(Fault::paused);
      process.context().pause(scheduler_.now() + incident.length);
      break;
    case Incident::Kind::clock_jump:
      note_incident(Fault::clock_jumps);
      process.clock.jump(incident.jump);
      break;
  }
  co_await revive(process, incident.length);
}

// Whoever watches over the servers starts one again that has ended, however it did.
Awaitable<void> World::revive(ShopProcess& process, Duration after) {
  co_await delay(scheduler_, after);
  if (!process.runs()) process.start();
}

void World::kill(Process& process) {
  if (!process.runs()) return;
  trace_.say("{} is killed", process.name());
  process.die();
  spawn(revive(static_cast<ShopProcess&>(process), around_.draw(2s)));
}

ShopProcess* World::pick(bool payments) {
  ShopProcess* chosen = nullptr;
  std::uint64_t serving = 0;
  for (auto& process : processes_) {
    const bool fits = payments ? process->role().payments : process->role().orders;
    if (fits && process->serves() && choices_.below(++serving) == 0) chosen = process.get();
  }
  return chosen;
}

bool World::all_serve() const {
  return std::ranges::all_of(processes_, [](const auto& process) { return process->serves(); });
}

// Heals everything when the time has come, then waits until nobody has anything left to do.
Awaitable<void> World::come_to_rest() {
  co_await wait_until(scheduler_, set_up + scenario_.heals_at, use_awaitable);
  const Duration healed_at = scheduler_.now();
  healed_ = true;
  faults_.heal();
  trace_.say("all is well from now on");
  while (scheduler_.now() < healed_at + patience) {
    for (auto& process : processes_) {
      if (!process->runs()) process->start();
    }
    if (around_.stragglers == 0 && under_way_ == 0 && all_serve() && payments_.quiet() &&
        orders_->at_rest()) {
      settled_ = true;
      break;
    }
    co_await delay(scheduler_, look_again);
  }
  over_ = true;
}

// --- the backend of the processes

std::unique_ptr<order::OrderStore> World::open_orders(Process& server) {
  OrderStoreFaults faults;
  if (scenario_.shape == Shape::split) faults.apply_late = orders_->late_commits();
  return make_faulty_store(orders_->open(), around_, server, std::move(faults));
}
std::unique_ptr<order::OrderReads> World::open_reads() {
  return make_faulty_reads(orders_->open_reads(), around_);
}
std::unique_ptr<stock::StockGate> World::open_gate() {
  if (scenario_.shape == Shape::one_shop) return stock::make_local_gate();
  return make_faulty_gate(gate_, next_server_++, around_);
}
std::unique_ptr<payment::PaymentStore> World::open_payments() {
  return make_faulty_payment_store(make_memory_payment_store(payments_), around_);
}
std::unique_ptr<payment::PaymentProvider> World::open_provider(Process&) {
  return make_faulty_provider(bank_, around_, scenario_.settings.payment.timeout);
}
std::unique_ptr<order::OrderApi> World::remote_orders(Process& from) {
  return make_remote_orders(
      from, [this] { return pick(false); }, around_, outside_.get_executor());
}
std::unique_ptr<payment::PaymentApi> World::remote_payments(Process& from) {
  return make_remote_payments(
      from, [this] { return pick(true); }, around_, outside_.get_executor());
}

// --- what is left

Remains World::collect() {
  Remains remains;
  remains.books.read_at = wall_time(scheduler_);
  orders_->add_to(remains.books);
  payments_.add_to(remains.books);
  bank_.add_to(remains.books);
  remains.seen.attempts.assign(attempts_.begin(), attempts_.end());
  for (std::size_t i = 0; i < scenario_.products.size(); ++i) {
    const ProductPlan& plan = scenario_.products[i];
    drop::ProductView view;
    view.product_id = static_cast<std::int64_t>(i) + 1;
    view.per_user_limit = plan.limit.value_or(0);
    view.before.total = view.before.available = plan.total;
    // What comes back and is not restocked changes the total, too.
    view.terms_changed = scenario_.day || plan.opens_at || plan.closes_at ||
                         std::ranges::any_of(scenario_.terms, [i](const auto& t) { return t.product == i; });
    remains.products.push_back(view);
  }
  remains.sold_out = sold_out_;
  remains.sent_back = sent_back_;
  for (const auto& process : processes_) remains.rejected_rounds += process->rejected_rounds();
  remains.unavailable = unavailable_;
  remains.settled = settled_;
  if (under_way_ > 0) report(fmt::format("{} buyers or incidents are still under way", under_way_));
  remains.bugs = bugs_;
  return remains;
}

}  // namespace buyme::simulation
