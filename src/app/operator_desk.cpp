#include "app/operator_desk.hpp"

#include <fmt/format.h>

#include <boost/asio/detached.hpp>
#include <cstdlib>

#include "audit/audit.hpp"
#include "db/health.hpp"

namespace buyme::app {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

// One look at the databases. Shared, because who looks may outlive who asked: a disk that hangs does not
// answer in time.
struct OperatorDesk::Look {
  Monotonic begun;
  std::atomic<bool> database_answered{false}, orders_answered{false};
  std::atomic<bool> database_well{false}, orders_well{false}, gate_well{false};
  std::atomic<std::int64_t> clock_ahead_ms{0};
  bool over() const { return database_answered.load() && orders_answered.load(); }
};

OperatorDesk::OperatorDesk(Watched watched) : watched_(std::move(watched)) {}

std::string OperatorDesk::trouble_without_looking() const {
  if (phase() == Phase::starting) return "The shop is starting.";
  const auto& orders = watched_.orders;
  if (phase() == Phase::stopping || (orders && orders->writer.stopping())) return "The shop is stopping.";
  if (orders && !orders->writer.can_write()) return "Orders could not be written a moment ago.";
  if (watched_.payments && !watched_.payments->store.can_write()) {
    return "Payments could not be written a moment ago.";
  }
  return {};
}

Awaitable<std::string> OperatorDesk::trouble() {
  std::string without = trouble_without_looking();
  if (!without.empty()) co_return without;
  std::shared_ptr<Look> look;
  bool begin = false;
  {
    const std::lock_guard lock(mutex_);
    const Monotonic now = watched_.clock.monotonic();
    begin = look_ == nullptr || now - look_->begun >= limits::readiness_lifetime;
    if (begin) {
      look_ = std::make_shared<Look>();
      look_->begun = now;
    }
    look = look_;
  }
  if (begin) {
    const Executor here = co_await asio::this_coro::executor;
    asio::co_spawn(here, look_at_databases(look), asio::detached);
    look_at_orders(look);
  }
  const Monotonic deadline = look->begun + limits::readiness_patience;
  while (!look->over() && watched_.clock.monotonic() < deadline) {
    co_await watched_.clock.sleep_for(std::chrono::milliseconds(5));
  }
  if (!look->over()) co_return "A database did not answer in time.";
  if (!look->orders_well.load()) co_return "The order store cannot be written.";
  if (!look->gate_well.load()) co_return "The stock gate is away, and orders are refused without it.";
  if (!look->database_well.load()) co_return "A database cannot be read.";
  if (std::abs(look->clock_ahead_ms.load()) > db::clock_tolerance.count()) {
    co_return fmt::format("This server's clock is {} ms ahead of the database's; correct it.",
                          look->clock_ahead_ms.load());
  }
  co_return std::string();
}

Awaitable<void> OperatorDesk::look_at_databases(std::shared_ptr<Look> look) {
  auto work = [databases = watched_.databases, &clock = watched_.clock, look]() -> Result<bool> {
    for (const auto& database : databases) {
      const db::Health health = db::look_at(database, clock);
      if (!health.answers) return false;
      if (std::abs(health.clock_ahead.count()) > std::abs(look->clock_ahead_ms.load())) {
        look->clock_ahead_ms = health.clock_ahead.count();
      }
    }
    return true;
  };
  const auto well = co_await watched_.database.run(std::move(work));
  look->database_well = well.has_value() && *well;
  look->database_answered = true;
}

void OperatorDesk::look_at_orders(const std::shared_ptr<Look>& look) {
  if (watched_.orders) {
    asio::co_spawn(watched_.orders->writer_executor, look_at_order_store(look), asio::detached);
  } else {
    look->orders_well = look->gate_well = true;
    look->orders_answered = true;
  }
}

// A real write and its fsync: a full disk lets everything else through. A writer number that nobody uses is a
// gap, as a restart leaves one.
Awaitable<void> OperatorDesk::look_at_order_store(std::shared_ptr<Look> look) {
  const auto number = co_await watched_.orders->store.next_writer_number();
  look->orders_well = number.has_value();
  const bool gate_serves = co_await watched_.orders->gate.serves();
  look->gate_well = gate_serves;
  look->orders_answered = true;
}

Awaitable<Result<std::string>> OperatorDesk::audit() {
  auto work = [read_books = watched_.read_books]() -> Result<std::string> {
    try {
      return audit::render_json(audit::make_report(read_books()));
    } catch (const std::runtime_error& error) {  // of a file that is gone, or of its database
      return Failure(Error::store_unavailable, fmt::format("The books cannot be read: {}.", error.what()))
          .retry_in(std::chrono::seconds{5});
    }
  };
  co_return co_await watched_.audits.run(std::move(work));
}

namespace {

Awaitable<void> health(OperatorDesk&, const Request&, Response& response) {
  response.body = R"({"status":"alive"})";
  co_return;
}

Awaitable<void> readiness(OperatorDesk& desk, const Request& request, Response& response) {
  const std::string trouble = co_await desk.trouble();
  if (trouble.empty()) {
    response.body = R"({"status":"ready"})";
    co_return;
  }
  const bool stopping = desk.phase() == OperatorDesk::Phase::stopping;
  const Error error = stopping ? Error::shutting_down : Error::store_unavailable;
  write_problem(response, Failure(error, trouble).retry_in(std::chrono::seconds{1}), request.request_id);
}

Awaitable<void> show_metrics(OperatorDesk& desk, const Request&, Response& response) {
  response.body = co_await desk.metrics();
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
}

Awaitable<void> show_audit(OperatorDesk& desk, const Request& request, Response& response) {
  const auto report = co_await desk.audit();
  if (!report) co_return write_problem(response, report.error(), request.request_id);
  response.body = *report;
}

constexpr http::Endpoint<OperatorDesk> table[] = {
    {Method::get, "/healthz", Access::anyone, health},
    {Method::get, "/readyz", Access::anyone, readiness},
    {Method::get, "/metrics", Access::operator_, show_metrics},
};
constexpr http::Endpoint<OperatorDesk> audit_table[] = {
    {Method::get, "/api/admin/audit", Access::admin, show_audit},
};

}  // namespace

std::span<const http::Endpoint<OperatorDesk>> operator_endpoints() {
  return table;
}

std::span<const http::Endpoint<OperatorDesk>> audit_endpoints() {
  return audit_table;
}

}  // namespace buyme::app
