// The port to the order database for one order at a time: what a strategy other than group commit needs of a
// connection. Each order is one transaction of its own, statement by statement, as a plain program would send
// it.
//
//   read ── what the order is decided on ──> decide ──> write: ledger, limits, order, items, COMMIT
//
// The units are written as a new value of `committed`, computed from what was read: it is the guard alone
// that keeps two such orders apart.
//
// Blocking. Thread safety: one thread at a time per session.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "order/decide.hpp"

namespace buyme::order {

enum class Guard : std::uint8_t {
  version,   // the ledger is written only where its version is the one that was read
  row_lock,  // the ledger's row is locked before it is read (SQLite: the file, BEGIN IMMEDIATE)
  fence,     // as version, and only by a holder whose token is larger than that of all who wrote before
  nothing,   // written over whatever stands there
};

// What one order is decided on.
struct Seen {
  Sales sales;  // of its products, those that are for sale
  Known known;  // its key and its limits
};

// A fencing token for each of an order's products, ascending by product.
using Fences = std::vector<std::pair<ProductId, std::int64_t>>;

enum class Written : std::uint8_t {
  committed,
  overtaken,    // what was read is not so any more, or a CHECK or a key refused: read anew
  fenced,       // somebody who got the lock later has written: the lock is not ours any more
  contended,    // the locks of others, or a deadlock, were in the way
  unavailable,  // the database cannot be asked, or cannot write
  unknown,      // no answer to COMMIT: it may have taken, or may yet
};
constexpr bool may_repeat(Written written) {
  return written == Written::overtaken || written == Written::fenced || written == Written::contended;
}

// An outcome other than `committed` has left nothing behind, `unknown` apart.
struct ReadResult {
  Written fate = Written::committed;  // committed: `seen` holds
  Seen seen;
  std::string detail;  // for the log
};
struct WriteResult {
  Written fate = Written::committed;
  std::vector<Ledger> ledgers;  // as written
  std::string detail;           // for the log
};

class PlacementSession {
 public:
  virtual ~PlacementSession() = default;

  // The first of `count` numbers (order, item); nothing when the database cannot be asked.
  virtual std::optional<std::int64_t> reserve_numbers(std::string_view name, std::int64_t count) = 0;

  // With Guard::row_lock a transaction is open afterwards: write() or give_up() ends it.
  virtual ReadResult read(const PlaceOrder& order, Guard guard) = 0;
  virtual WriteResult write(const Plan& plan, const Seen& seen, Guard guard, const Fences& fences) = 0;
  virtual void give_up() = 0;  // nothing is to be written; harmless when no transaction is open
};

using OpenSession = std::function<std::unique_ptr<PlacementSession>()>;

// The questions about one order, as a round of one would ask them.
Questions questions_about(const PlaceOrder& order, const Sales& sales);

// What `ledger` becomes by `raise`.
inline Ledger raised(Ledger ledger, const LedgerRaise& raise) {
  ledger.committed += raise.units;
  ++ledger.version;
  return ledger;
}

inline std::int64_t fence_of(const Fences& fences, ProductId product) {
  for (const auto& [fenced, token] : fences) {
    if (fenced == product) return token;
  }
  throw std::logic_error("a product without a fencing token");
}

}  // namespace buyme::order
