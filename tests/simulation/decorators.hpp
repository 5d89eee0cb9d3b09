// The ports of a simulated shop with the faults of the sale between them and what is behind.
//
// Each decorator belongs to one process and dies with it; what it sent before may still take effect.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "order/store.hpp"
#include "payment/provider.hpp"
#include "payment/store.hpp"
#include "simulation/bank.hpp"
#include "simulation/faults.hpp"
#include "simulation/network.hpp"
#include "simulation/shared_gate.hpp"
#include "simulation/trace.hpp"
#include "stock/gate.hpp"

namespace buyme::simulation {

// What the order database held, commit by commit: the truth that refusals are held against.
class LedgerLog {
 public:
  struct Entry {
    Scheduler::Nanoseconds at;
    Units total = 0, committed = 0, sold = 0;
    Units raised = 0;  // by the orders of this commit
    Units available() const { return total - committed; }
  };
  void add(Scheduler::Nanoseconds at, const order::Ledger& ledger, Units raised);
  // The fewest units that were free at any moment of [from, to].
  Units fewest_free(ProductId product, Scheduler::Nanoseconds from, Scheduler::Nanoseconds to) const;
  void add_order(Scheduler::Nanoseconds at, UserId user, std::string_view key);
  // When the order of this key was committed.
  std::optional<Scheduler::Nanoseconds> placed_at(UserId user, const std::string& key) const;
  // The most units that the orders of one commit in [from, to] took.
  Units most_raised(ProductId product, Scheduler::Nanoseconds from, Scheduler::Nanoseconds to) const;

 private:
  std::map<ProductId, std::vector<Entry>> entries_;
  std::map<std::pair<UserId, std::string>, Scheduler::Nanoseconds> placed_;
};

// What the decorators of one sale share.
struct Surroundings {
  Scheduler& scheduler;
  Trace& trace;
  Faults& faults;
  LedgerLog& ledgers;
  std::function<std::size_t(OrderId)> state_of;  // the order's status as a column of Coverage
  std::function<void(Process&)> kill;            // as soon as what runs now has suspended
  std::chrono::nanoseconds latency{0};           // of one way, at most
  int stragglers = 0;                            // messages, commits and charges that are still on their way

  // Half of the answers come at once: most of what may happen meanwhile happens on the way there.
  bool answers_slowly() { return latency.count() > 0 && (faults.random().next() & 1) != 0; }
  std::chrono::nanoseconds draw(std::chrono::nanoseconds most) {
    return most.count() <= 0 ? most
                             : std::chrono::nanoseconds{static_cast<std::int64_t>(
                                   faults.random().below(static_cast<std::uint64_t>(most.count()) + 1))};
  }
};

inline constexpr std::chrono::seconds longest_hang{5};  // of a store

struct OrderStoreFaults {
  // A database behind a network: commits can be lost on the way, arrive late, or lose their answer. Applies a
  // plan that arrives when the server that sent it may be gone. Null: a file of this process.
  std::function<order::CommitResult(const order::Plan&)> apply_late;
};

std::unique_ptr<order::OrderStore> make_faulty_store(std::unique_ptr<order::OrderStore> behind,
                                                     Surroundings& around, Process& server,
                                                     OrderStoreFaults faults);
std::unique_ptr<order::OrderReads> make_faulty_reads(std::unique_ptr<order::OrderReads> behind,
                                                     Surroundings& around);

// The gate and the replica that a failover would bring up.
struct GateService {
  SharedGate gate, replica;
};
std::unique_ptr<stock::StockGate> make_faulty_gate(GateService& service, SharedGate::Server server,
                                                   Surroundings& around);

std::unique_ptr<payment::PaymentStore> make_faulty_payment_store(
    std::unique_ptr<payment::PaymentStore> behind, Surroundings& around);
// A charge under way at the bank goes on when the shop that asked for it dies.
std::unique_ptr<payment::PaymentProvider> make_faulty_provider(Bank& bank, Surroundings& around,
                                                               std::chrono::milliseconds shop_timeout);

}  // namespace buyme::simulation
