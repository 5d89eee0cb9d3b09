// What the writer publishes and I/O threads read: the stock of every product, and who is sold out.
//
// Thread safety: one writer (the order writer's thread), any number of readers. A level is published before
// the answers of the commit that made it leave, so a read is at least as new as any answer this server has
// sent.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

#include "order/store.hpp"

namespace buyme::order {

// Raised while nothing is free. Carries those who must go to the queue all the same: a winner who repeats his
// key is led to his order, and who holds a limited product learns which order to resume.
struct SoldOutFlag {
  SaleTerms terms;
  SoldOutMarks marks;

  bool exempts(UserId user, std::string_view key) const;
};

class StockBoard {
 public:
  // Writer only.
  void publish(const Ledger& ledger);
  // A flag lapses at `valid_until` unless it is extended; where no other server sells it never does.
  void raise(ProductId product, std::shared_ptr<const SoldOutFlag> flag, Monotonic valid_until);
  void extend(ProductId product, Monotonic valid_until);
  void lower(ProductId product);

  // Any thread.
  std::optional<StockLevel> level(ProductId product) const;
  // The `limit` products registered last, the newest first.
  std::vector<StockLevel> newest(std::size_t limit) const;
  std::shared_ptr<const SoldOutFlag> sold_out(ProductId product,
                                              Monotonic now) const;  // null: not known to be
  bool is_flagged(ProductId product) const {
    const Slot* slot = find(product);
    return slot != nullptr && slot->flagged.load();
  }
  bool knows(ProductId product) const { return find(product) != nullptr; }

 private:
  struct Slot {
    // A sequence lock over atomics: odd while the writer is at it. Readers repeat, the writer never waits.
    std::atomic<std::uint64_t> sequence{0};
    std::atomic<Units> total{0}, committed{0}, sold{0};
    std::atomic<std::int64_t> version{0};
    std::atomic<bool> flagged{false};
    std::atomic<Monotonic> valid_until{};
    mutable std::mutex flag_mutex;
    std::shared_ptr<const SoldOutFlag> flag;
  };
  Slot* find(ProductId product) const;

  mutable std::shared_mutex mutex_;  // guards the map; slots are never removed
  std::unordered_map<ProductId, std::unique_ptr<Slot>> slots_;
};

}  // namespace buyme::order
