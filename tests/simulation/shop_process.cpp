#include "simulation/shop_process.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;

namespace {

constexpr auto shutdown_patience = 60s;  // for a round that hangs and a fate that is not known
constexpr auto last_answers = 1s;        // on their way to the buyers

}  // namespace

void ShopProcess::start() {
  if (runs()) return;
  stopping_ = false;
  make_context();
  parts_ = std::make_unique<Parts>();
  if (role_.orders) make_orders(*parts_);
  if (role_.payments) make_payments(*parts_);
  asio::co_spawn(executor(), boot(), reporter("the start"));
}

void ShopProcess::make_orders(Parts& parts) {
  parts.store = backend_.open_orders(*this);
  parts.reads = backend_.open_reads();
  parts.gate = backend_.open_gate();
  parts.writer.emplace(settings_.writer, *parts.store, *parts.reads, *parts.gate, parts.board, clock,
                       executor(), std::vector<Executor>{executor()}, log_);
  parts.service.emplace(*parts.writer, *parts.store, *parts.reads, parts.board, clock, log_);
}

void ShopProcess::make_payments(Parts& parts) {
  parts.payment_store = backend_.open_payments();
  parts.provider = backend_.open_provider(*this);
  if (!parts.service) parts.remote_orders = backend_.remote_orders(*this);
  order::OrderApi& orders =
      parts.service ? static_cast<order::OrderApi&>(*parts.service) : *parts.remote_orders;
  parts.payments.emplace(settings_.payment, *parts.payment_store, *parts.provider, orders, clock, log_);
}

Awaitable<void> ShopProcess::boot() {
  if (parts_->writer) {
    bool read = false;
    try {
      co_await parts_->writer->start();
      read = true;
    } catch (const std::runtime_error&) {
      // It cannot read its ledgers: as a process that ends with an error, and is started again.
    }
    if (!read) {
      scheduler().post(nullptr, make_task([this] { die(); }));
      co_return;
    }
    asio::co_spawn(executor(), run_rounds(), reporter("the order writer"));
  }
  spawn_jobs();
  serves_ = true;
}

Awaitable<void> ShopProcess::run_rounds() {
  co_await parts_->writer->run();
  if (!stopping_) bugs().report(name() + ": the order writer returned");
  co_await delay(scheduler(), last_answers);
  if (parts_->writer->waiting() > 0)
    bugs().report(name() + ": commands were left in the queue of a stopped server");
  // Calls that wait for the provider may be cut off; without payments every call waits for the writer alone.
  if (!role_.payments && unanswered_calls() > 0) {
    bugs().report(fmt::format("{}: stopped with {} requests unanswered", name(), unanswered_calls()));
  }
  scheduler().post(nullptr, make_task([this] { die(); }));
}

void ShopProcess::spawn_jobs() {
  if (parts_->writer && settings_.writer.shares_store) {
    asio::co_spawn(executor(), parts_->writer->run_refresh(), reporter("the refresh of ledgers"));
  }
  if (parts_->service) {
    if (!parts_->payments) parts_->remote_payments = backend_.remote_payments(*this);
    payment::PaymentApi& payments =
        parts_->payments ? static_cast<payment::PaymentApi&>(*parts_->payments) : *parts_->remote_payments;
    asio::co_spawn(executor(), parts_->service->run_expiry(), reporter("the expiry of holds"));
    asio::co_spawn(executor(), parts_->service->run_refund_delivery(payments),
                   reporter("the delivery of refunds"));
  }
  if (parts_->payments) {
    asio::co_spawn(executor(), parts_->payments->run_sweeper(), reporter("the payment sweeper"));
  }
}

void ShopProcess::stop() {
  if (!serves() || stopping_) return;
  stopping_ = true;
  serves_ = false;
  if (!parts_->writer) return die();
  parts_->writer->stop();
  // Of this life: a later one is not meant.
  scheduler().start_timer(scheduler().now() + shutdown_patience, &context(),
                          make_task([this] { bugs().report(name() + ": the shutdown hangs"); }));
}

void ShopProcess::check_queue() {
  const std::size_t most = settings_.writer.queue;
  if (!parts_ || !parts_->writer || most == 0 || parts_->writer->waiting_placements() <= most) return;
  bugs().report(fmt::format("{}: {} placements wait in a queue of {}", name(),
                            parts_->writer->waiting_placements(), most));
}

void ShopProcess::destroy_services() {
  if (parts_ && parts_->writer) rejected_before_ += parts_->writer->counters().rejected_rounds;
  parts_.reset();
}

std::int64_t ShopProcess::rejected_rounds() const {
  const std::int64_t now = parts_ && parts_->writer ? parts_->writer->counters().rejected_rounds.load() : 0;
  return rejected_before_ + now;
}

}  // namespace buyme::simulation
