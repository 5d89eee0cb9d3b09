// One simulated sale, from the first server's start to the last hold's end: the databases, the processes over
// them, the buyers and the merchant, and what goes wrong.
//
// The services are the real ones. What is made here is what they stand on (databases, bank, gate, network,
// clocks) and who comes to them.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "audit/books.hpp"
#include "drop/checker.hpp"
#include "simulation/memory_orders.hpp"
#include "simulation/memory_payments.hpp"
#include "simulation/messages.hpp"
#include "simulation/scenario.hpp"

namespace buyme::simulation {

// A buyer was told that too few units are free.
struct SoldOutAnswer {
  std::int64_t user = 0;
  std::string key;
  std::vector<order::OrderLine> lines;
  Scheduler::Nanoseconds sent, answered;
};

// What the sale left behind, for the verdict.
// What a buyer asked to send back of his order.
struct SentBack {
  OrderId order;
  Units units = 0;
  bool acknowledged = false;  // otherwise it may have been done or not
};

struct Remains {
  audit::Books books;
  drop::Observed seen;
  std::vector<drop::ProductView> products;  // as they were before the sale
  std::vector<SoldOutAnswer> sold_out;
  std::vector<SentBack> sent_back;
  std::vector<std::string> bugs;  // seen while it ran
  std::int64_t rejected_rounds = 0;
  std::vector<Error> unavailable;  // 503s by what they said, each once
  bool settled = false;            // everything came to rest in time
};

// The order database behind either store.
class OrderBackend {
 public:
  virtual ~OrderBackend() = default;
  virtual std::unique_ptr<order::OrderStore> open() = 0;
  virtual std::unique_ptr<order::OrderReads> open_reads() = 0;
  virtual void add_to(audit::Books& books) = 0;
  virtual std::size_t state_of(OrderId order) = 0;  // its status, as a column of Coverage
  virtual bool at_rest() = 0;  // no order holds units without being paid, no refund undelivered
  // Null: a commit into it can be refused or take, and nothing else.
  virtual std::function<order::CommitResult(const order::Plan&)> late_commits() = 0;
};
std::unique_ptr<OrderBackend> make_memory_backend();
std::unique_ptr<OrderBackend> make_sqlite_backend();  // ":memory:", shared by the sale's connections

class World final : public Bugs, public Backend {
 public:
  World(const Scenario& scenario, bool keep_lines);
  ~World() override;

  Remains run();

  const Trace& trace() const { return trace_; }
  const Coverage& coverage() const { return faults_.coverage(); }
  Scheduler::Nanoseconds lasted() const { return scheduler_.now(); }
  std::uint64_t steps() const { return scheduler_.steps(); }
  const LedgerLog& ledgers() const { return ledgers_; }

  void report(std::string what) override;

 private:
  friend class Buyer;
  friend Awaitable<void> open_sale(World& world);
  friend Awaitable<void> change_terms(World& world, TermsPlan plan);
  friend Awaitable<void> ship_daily(World& world);
  friend Awaitable<void> end_account(World& world, AccountEnd end);
  friend Awaitable<void> take_back(World& world, OrderItemId item, bool restock);

  std::unique_ptr<order::OrderStore> open_orders(Process& server) override;
  std::unique_ptr<order::OrderReads> open_reads() override;
  std::unique_ptr<stock::StockGate> open_gate() override;
  std::unique_ptr<payment::PaymentStore> open_payments() override;
  std::unique_ptr<payment::PaymentProvider> open_provider(Process& server) override;
  std::unique_ptr<order::OrderApi> remote_orders(Process& from) override;
  std::unique_ptr<payment::PaymentApi> remote_payments(Process& from) override;

  void start_processes();
  Awaitable<void> run_sale();
  Awaitable<void> run_incident(Incident incident);
  Awaitable<void> come_to_rest();
  Awaitable<void> revive(ShopProcess& process, Duration after);
  void note_incident(Fault fault);
  void kill(Process& process);
  void break_things();
  void spawn(Awaitable<void> work);
  Awaitable<void> counted(Awaitable<void> work);
  ShopProcess* pick(bool payments);
  bool all_serve() const;
  Remains collect();

  const Scenario& scenario_;
  Scheduler scheduler_;
  Trace trace_;
  Faults faults_;
  LedgerLog ledgers_;
  std::unique_ptr<OrderBackend> orders_;
  PaymentDatabase payments_;
  Bank bank_;
  GateService gate_;
  Surroundings around_;
  Random choices_;   // of the buyers: which server, how long until they try again
  Context outside_;  // buyers, merchant, whoever restarts servers
  std::vector<std::unique_ptr<ShopProcess>> processes_;
  SharedGate::Server next_server_ = 1;

  std::deque<drop::Attempt> attempts_;
  std::vector<SoldOutAnswer> sold_out_;
  std::vector<SentBack> sent_back_;
  std::vector<std::string> bugs_;
  std::vector<Error> unavailable_;
  std::vector<order::SaleTerms> terms_;  // as the merchant put them last
  Duration began_at_{0};
  int under_way_ = 0;  // of buyers, merchant and incidents
  bool healed_ = false, settled_ = false, over_ = false;
};

}  // namespace buyme::simulation
