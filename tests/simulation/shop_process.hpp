// One server process of a simulated shop: the services as assemble.cpp puts them together, over ports that
// fail.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "order/service.hpp"
#include "payment/service.hpp"
#include "simulation/decorators.hpp"

namespace buyme::simulation {

// What outlives every process of the shop, and how its processes are made.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<order::OrderStore> open_orders(Process& server) = 0;
  virtual std::unique_ptr<order::OrderReads> open_reads() = 0;
  virtual std::unique_ptr<stock::StockGate> open_gate() = 0;
  virtual std::unique_ptr<payment::PaymentStore> open_payments() = 0;
  virtual std::unique_ptr<payment::PaymentProvider> open_provider(Process& server) = 0;
  // The other service over the network, for a process that does not hold it itself.
  virtual std::unique_ptr<order::OrderApi> remote_orders(Process& from) = 0;
  virtual std::unique_ptr<payment::PaymentApi> remote_payments(Process& from) = 0;
};

struct ShopSettings {
  order::WriterSettings writer;
  payment::PaymentSettings payment;
};

class ShopProcess final : public Process {
 public:
  struct Role {
    bool orders = false;
    bool payments = false;
  };

  ShopProcess(std::string name, Role role, const ShopSettings& settings, Backend& backend,
              Scheduler& scheduler, Bugs& bugs)
      : Process(std::move(name), scheduler, bugs), role_(role), settings_(settings), backend_(backend) {}
  ~ShopProcess() override { die(); }

  // Serves once its ledgers are read; one that cannot read them dies and waits for the next start().
  void start();
  // As after SIGTERM: nothing new is taken in, what was admitted is answered, then it ends.
  void stop();

  Role role() const { return role_; }
  order::OrderService& orders() { return parts_->service.value(); }
  payment::PaymentService& payments() { return parts_->payments.value(); }
  order::OrderWriter& writer() { return parts_->writer.value(); }

  // The queue is bounded, whatever a round gives back to it.
  void check_queue();

  // Over all its lives.
  std::int64_t rejected_rounds() const;

 private:
  struct Parts {
    std::unique_ptr<order::OrderStore> store;
    std::unique_ptr<order::OrderReads> reads;
    std::unique_ptr<stock::StockGate> gate;
    order::StockBoard board;
    std::optional<order::OrderWriter> writer;
    std::optional<order::OrderService> service;
    std::unique_ptr<payment::PaymentStore> payment_store;
    std::unique_ptr<payment::PaymentProvider> provider;
    std::unique_ptr<order::OrderApi> remote_orders;
    std::unique_ptr<payment::PaymentApi> remote_payments;
    std::optional<payment::PaymentService> payments;
  };

  void make_orders(Parts& parts);
  void make_payments(Parts& parts);
  Awaitable<void> boot();
  Awaitable<void> run_rounds();
  void spawn_jobs();
  void destroy_services() override;

  Role role_;
  const ShopSettings& settings_;
  Backend& backend_;
  Log log_ = make_null_log();
  std::unique_ptr<Parts> parts_;
  bool stopping_ = false;
  std::int64_t rejected_before_ = 0;
};

}  // namespace buyme::simulation
