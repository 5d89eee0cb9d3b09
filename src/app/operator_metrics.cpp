// What /metrics shows. Everything is read where it is counted; nothing is kept for it.
#include "app/operator_desk.hpp"
#include "core/concurrent.hpp"
#include "order/backlog.hpp"
#include "payment/backlog.hpp"

namespace buyme::app {

namespace {

double number(std::int64_t value) {
  return static_cast<double>(value);
}

void append_orders(MetricsText& text, const order::OrderService& orders, const order::OrderWriter& writer) {
  const auto& placements = orders.placements();
  text.counter("buyme_orders_total", "Orders asked for, by outcome.");
  text.sample({{"outcome", "PLACED"}}, static_cast<double>(placements.placed.value()));
  text.sample({{"outcome", "REPLAYED"}}, static_cast<double>(placements.replayed.value()));
  for (int i = 0; i < error_count; ++i) {
    const auto refused = static_cast<double>(placements.refused[static_cast<std::size_t>(i)].value());
    if (refused > 0) text.sample({{"outcome", error_info(static_cast<Error>(i)).code}}, refused);
  }
  text.counter("buyme_orders_refused_by_flag_total",
               "Of the refused: told from the sold-out flag, without the queue.");
  text.sample(static_cast<double>(placements.by_flag.value()));

  const auto& counters = writer.counters();
  text.gauge("buyme_order_queue_placements", "Placements admitted and not answered yet.");
  text.sample(static_cast<double>(writer.waiting_placements()));
  text.gauge("buyme_order_queue_commands", "Commands of both lanes admitted and not answered yet.");
  text.sample(static_cast<double>(writer.waiting()));
  text.counter("buyme_order_rounds_total", "Rounds of the order writer.");
  text.sample(number(counters.rounds.load()));
  text.counter("buyme_order_rounds_rejected_total",
               "Rounds that the database refused and that were decided again.");
  text.sample(number(counters.rejected_rounds.load()));
  text.counter("buyme_order_rounds_unknown_total", "Rounds whose commit had no known outcome at first.");
  text.sample(number(counters.unknown_rounds.load()));
  text.histogram("buyme_order_round_commands", "Commands in one round.");
  text.sample(counters.commands_per_round);
  text.histogram("buyme_order_commit_seconds", "How long the transaction of a round took.");
  text.sample(counters.commit_seconds);
}

// Of the strategies that place one order at a time (docs/locks.md).
void append_attempts(MetricsText& text, const order::PerOrderPlacer::Counters& counters) {
  const auto count = [](const Counter& counter) { return static_cast<double>(counter.value()); };
  text.counter("buyme_order_attempts_total", "Attempts at placing one order: reading, deciding, writing.");
  text.sample(count(counters.attempts));
  text.counter("buyme_order_repeats_total",
               "Of them, those that had to be repeated, by what was in the way.");
  text.sample({{"why", "overtaken"}}, count(counters.overtaken));
  text.sample({{"why", "fenced"}}, count(counters.fenced));
  text.sample({{"why", "contended"}}, count(counters.contended));
  text.counter("buyme_order_gave_up_total",
               "Orders that others kept from being placed until their deadline.");
  text.sample(count(counters.gave_up));
  text.counter("buyme_order_lock_waits_total", "Locks in Redis that others held when they were asked for.");
  text.sample(count(counters.lock_waits));
  text.counter("buyme_order_lock_seconds_total", "Spent on getting locks in Redis.");
  text.sample(count(counters.lock_microseconds) / 1e6);
  text.counter("buyme_order_locks_lost_total",
               "Locks in Redis that had passed to others before their release.");
  text.sample(count(counters.lost_locks));
}

void append_stock(MetricsText& text, const order::StockBoard& board) {
  const auto levels = board.newest(limits::metrics_products);
  text.gauge("buyme_ledger_units", "Units of a product by the committed ledger.");
  for (const auto& level : levels) {
    const std::string product = std::to_string(level.product.value);
    text.sample({{"product", product}, {"state", "total"}}, number(level.total));
    text.sample({{"product", product}, {"state", "held"}}, number(level.held));
    text.sample({{"product", product}, {"state", "sold"}}, number(level.sold));
  }
}

void append_backlog(MetricsText& text, const order::Backlog& orders) {
  text.gauge("buyme_holds", "Unpaid orders that keep units, by how soon they expire.");
  text.sample({{"expires", "lapsed"}}, number(orders.holds_lapsed));
  text.sample({{"expires", "within_a_minute"}}, number(orders.holds_expiring - orders.holds_lapsed));
  text.sample({{"expires", "later"}}, number(orders.holds - orders.holds_expiring));
  text.gauge("buyme_refunds_to_deliver", "Refunds that the payment service has not taken over.");
  text.sample(number(orders.refunds_to_deliver));
}

void append_backlog(MetricsText& text, const payment::Backlog& payments) {
  text.gauge("buyme_payment_attempts_open", "Attempts whose outcome the order service has not been told of.");
  text.sample(number(payments.attempts_open));
  text.gauge("buyme_payment_attempts_unknown", "Of them, those that the provider has not answered.");
  text.sample(number(payments.attempts_unknown));
  text.gauge("buyme_refunds", "Refunds taken over that have not been made.");
  text.sample({{"state", "waiting"}}, number(payments.refunds_waiting));
  text.sample({{"state", "retried"}}, number(payments.refunds_retried));
}

}  // namespace

Awaitable<Result<std::vector<Units>>> OperatorDesk::free_units(std::vector<stock::LedgerSnapshot> ledgers) {
  auto asking = watched_.orders->gate.free(std::move(ledgers));
  auto units = co_await asio::co_spawn(watched_.orders->writer_executor, std::move(asking), use_awaitable);
  co_return units;
}

// A gate in this process grants what its ledger has free; one that servers share also knows what all of them
// have in flight.
Awaitable<void> OperatorDesk::append_gate(MetricsText& text) {
  text.counter("buyme_gate_unanswered_total", "Rounds of placements for which the stock gate was away.");
  text.sample(number(watched_.orders->gate.unanswered()));
  std::vector<stock::LedgerSnapshot> ledgers;
  for (const auto& level : watched_.orders->service.board().newest(limits::metrics_products)) {
    ledgers.push_back({level.product, level.version, level.total, level.total - level.available()});
  }
  auto asking = free_units(ledgers);
  const Monotonic latest = watched_.clock.monotonic() + limits::readiness_patience;
  const auto units = co_await within(std::move(asking), latest, watched_.clock);
  if (!units || !*units) co_return;
  text.gauge("buyme_gate_units", "Units of a product that the stock gate may grant.");
  for (std::size_t i = 0; i < ledgers.size(); ++i) {
    text.sample({{"product", std::to_string(ledgers[i].product.value)}}, number((**units)[i]));
  }
}

// What cannot be read leaves its numbers out; the others are all the more wanted then.
Awaitable<std::string> OperatorDesk::metrics() {
  std::string out;
  MetricsText text(out);
  if (watched_.orders) {
    append_orders(text, watched_.orders->service, watched_.orders->writer);
    text.counter("buyme_order_round_trips_total", "Questions to the database server about orders.");
    text.sample(number(watched_.orders->round_trips->load()));
    if (watched_.orders->placer != nullptr) append_attempts(text, watched_.orders->placer->counters());
    append_stock(text, watched_.orders->service.board());
  }
  text.gauge("buyme_pool_queue", "Work that waits for a thread of a pool.");
  text.sample({{"pool", "hash"}}, static_cast<double>(watched_.hashing.waiting()));
  text.sample({{"pool", "database"}}, static_cast<double>(watched_.database.waiting()));
  text.sample({{"pool", "lists"}}, static_cast<double>(watched_.lists.waiting()));
  watched_.server.append_metrics(text);

  if (watched_.orders) {
    auto read = [place = watched_.orders->place, now = watched_.clock.now()] {
      return order::read_backlog(place, now);
    };
    const auto orders = co_await watched_.database.run(std::move(read));
    if (orders) append_backlog(text, *orders);
  }
  if (watched_.payments) {
    auto read = [place = watched_.payments->place] { return payment::read_backlog(place); };
    const auto payments = co_await watched_.database.run(std::move(read));
    if (payments) append_backlog(text, *payments);
  }
  if (watched_.orders) co_await append_gate(text);
  co_return out;
}

}  // namespace buyme::app
