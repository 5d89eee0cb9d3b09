// What the audit looks at: the rows of all of a shop's databases at one moment, as plain data.
//
// The audit recounts everything from these rows and believes no sum that the shop keeps. They are held in
// memory: about 150 bytes for an order with one item, a payment and no purchase row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/money.hpp"

namespace buyme::audit {

class Snapshot;

// Every list is ascending by its first members.
struct Books {
  // What the database itself says of a file: broken pages, rows that refer to nothing.
  struct Damage {
    std::string file;
    std::string text;
  };
  struct CatalogueProduct {
    ProductId product;
    bool selling = false;      // its terms must stand in the order database
    std::int64_t version = 0;  // and must not be older than this
  };
  struct Ledger {
    ProductId product;
    Units total = 0;
    Units committed = 0;
    Units sold = 0;
  };
  struct Terms {
    ProductId product;
    std::optional<Units> per_user_limit;
    std::int64_t version = 0;
  };
  struct Order {
    OrderId order;
    UserId user;
    int status = 0;  // order::OrderStatus, or a number that is none
    Money amount = 0;
    Time placed_at;
    Time hold_expires_at;
    std::optional<Time> paid_at;
    AttemptId paid_attempt;
  };
  struct Item {
    OrderId order;
    OrderItemId item;
    ProductId product;
    Units quantity = 0;
    Money price = 0;
    int status = 0;  // order::ItemStatus
    bool counted = false;
  };
  struct Purchase {
    ProductId product;
    UserId user;
    Units units = 0;
    Units cap = 0;
  };
  struct RepeatedKey {
    UserId user;
    std::string key;
    std::int64_t orders = 0;
  };
  struct OutboxRefund {  // owed by the order service, for the payment service to take over
    RefundId refund;
    OrderId order;
    AttemptId attempt;
    Money amount = 0;
    bool delivered = false;
    OrderItemId item;  // that was returned; 0: the order was canceled
  };
  enum class AttemptState { requested, succeeded, failed, unknown };
  struct Attempt {
    AttemptId attempt;
    OrderId order;
    Money amount = 0;
    AttemptState state = AttemptState::requested;
    bool open = false;  // the payment service still has something to do with it
  };
  struct Refund {  // taken over by the payment service
    AttemptId attempt;
    RefundId outbox;  // 0: not asked for by the order service (a charge that came too late)
    Money amount = 0;
    bool done = false;
  };
  struct Charge {  // in the provider's own book
    AttemptId attempt;
    OrderId order;
    Money charged = 0;  // 0: declined
    Money refunded = 0;
  };

  struct EndedAccount {
    UserId user;
    Time ended_at;
    bool anonymous = false;
    std::int64_t live_sessions = 0;
    bool settled = false;  // nothing is left to be done for it
  };

  struct Wish {  // of each user the oldest
    UserId user;
    Time added_at;
  };

  // What the gate that servers share would grant, read right after the rest.
  struct GateUnits {
    ProductId product;
    Units free = 0;
  };
  enum class GateRead { none, read, away };  // none: no server shares one

  Time read_at;
  std::vector<Damage> damage;
  std::vector<CatalogueProduct> catalogue;
  std::vector<Ledger> ledgers;
  std::vector<Terms> terms;
  std::vector<Order> orders;
  std::vector<Item> items;
  std::vector<Purchase> purchases;
  std::vector<RepeatedKey> repeated_keys;
  std::vector<OutboxRefund> outbox;
  std::vector<Attempt> attempts;
  std::vector<Refund> refunds;
  std::vector<Charge> charges;
  std::vector<EndedAccount> ended_accounts;
  std::vector<Wish> wishes;
  GateRead gate_read = GateRead::none;
  std::vector<GateUnits> gate;
};

// Reads all rows, after the database's own integrity and foreign key checks. A file that cannot be read is
// damage.
Books read_books(const Snapshot& snapshot, Time now);

}  // namespace buyme::audit
