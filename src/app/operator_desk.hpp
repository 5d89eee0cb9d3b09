// What whoever runs the shop may ask it: does it live, does it serve, what has it counted, do its books add
// up.
//
// /healthz and /readyz are open, as load balancers ask them and they say no more than that. /metrics says how
// the sale goes, so it answers admins, and Prometheus by a token of its own (Access::operator_), wherever it
// asks from: behind a proxy the whole world seems to be on its machine. No port of its own: one process, one
// port, one thing to firewall.
//
// Thread safety: all calls from I/O threads; phase() from any.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/books.hpp"
#include "core/pool.hpp"
#include "db/address.hpp"
#include "http/endpoint.hpp"
#include "http/server.hpp"
#include "order/per_order.hpp"
#include "order/service.hpp"
#include "payment/store.hpp"
#include "stock/gate.hpp"

namespace buyme::app {

class OperatorDesk {
 public:
  enum class Phase : std::uint8_t { starting, serving, stopping };

  // What is looked at; all of it outlives the desk.
  struct Orders {
    order::OrderService& service;
    order::OrderWriter& writer;
    order::OrderStore& store;  // it and the gate belong to the writer's executor
    stock::StockGate& gate;
    Executor writer_executor;
    db::DatabaseAddress place;
    const order::PerOrderPlacer* placer;  // none: rounds place the orders
    db::RoundTrips round_trips;
  };
  struct Payments {
    const payment::PaymentStore& store;
    db::DatabaseAddress place;
  };
  struct Watched {
    http::Server& server;
    Pool& hashing;
    Pool& database;
    Pool& lists;
    Pool& audits;  // for this alone: an audit reads everything
    Clock& clock;
    std::optional<Orders> orders;                // of a server that has them
    std::optional<Payments> payments;            // the same
    std::vector<db::DatabaseAddress> databases;  // those that must answer
    std::function<audit::Books()> read_books;    // of one moment; throws
  };

  explicit OperatorDesk(Watched watched);

  void enter(Phase phase) { phase_.store(phase); }
  Phase phase() const { return phase_.load(); }

  // Empty when this server serves, otherwise what is wrong. Looks at the databases at most once a second, and
  // waits for them no longer than that.
  Awaitable<std::string> trouble();
  Awaitable<std::string> metrics();
  // The report of audit/ over this moment of all databases, as JSON. Errors: overloaded (others wait for
  // theirs already), store_unavailable.
  Awaitable<Result<std::string>> audit();

 private:
  struct Look;
  Awaitable<void> append_gate(MetricsText& text);
  Awaitable<Result<std::vector<Units>>> free_units(std::vector<stock::LedgerSnapshot> ledgers);
  Awaitable<void> look_at_databases(std::shared_ptr<Look> look);
  void look_at_orders(const std::shared_ptr<Look>& look);
  Awaitable<void> look_at_order_store(std::shared_ptr<Look> look);
  std::string trouble_without_looking() const;

  Watched watched_;
  std::atomic<Phase> phase_{Phase::starting};
  std::mutex mutex_;  // guards look_
  std::shared_ptr<Look> look_;
};

std::span<const http::Endpoint<OperatorDesk>> operator_endpoints();  // of every server
std::span<const http::Endpoint<OperatorDesk>> audit_endpoints();     // of those that may read all databases

}  // namespace buyme::app
