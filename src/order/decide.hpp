// The decision of a round: a pure function of the commands, what was read and what the gate grants. It writes
// nothing, asks nobody and knows no time but the one it is given.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "order/store.hpp"
#include "stock/gate.hpp"

namespace buyme::order {

using Sales = std::unordered_map<ProductId, Sale>;  // looked up, never iterated in a decision

struct DecideSettings {
  Milliseconds hold{600'000};
  Milliseconds payment_grace{60'000};
};

enum class Fate : std::uint8_t {
  decided,   // outcome is set; it may be sent once the plan is committed
  attached,  // repeats the key of an earlier command of this round: gets that one's outcome
  waits,     // units are in flight elsewhere: decide again in a later round
  deferred,  // another command of this round changes what it is decided on: decide again in the next round
};

struct Decision {
  Plan plan;
  std::vector<Fate> fates;                // at the command's position in the round
  std::vector<std::size_t> attached_to;   // position of the first command with the key
  std::vector<std::size_t> move_command;  // position of the command behind each of plan.moves
  std::vector<std::pair<OrderId, std::size_t>> return_command;  // order and position of each return
};

// What the round must read and claim.
Questions questions_of(std::span<const CommandPtr> round, const Sales& sales);
stock::ClaimRound claims_of(std::span<const CommandPtr> round, const Sales& sales, std::int64_t seq);

struct DecideInput {
  const Sales& sales;
  const Known& known;
  const stock::ClaimRound& claims;
  const std::vector<Units>& granted;  // per line of `claims`
  bool ledgers_fresh = true;          // read recently enough to refuse from them
  Stamp stamp;
  Time now;
  DecideSettings settings;
  const Failure* gate_away = nullptr;  // why it granted nothing; then nobody waits for it
};

// Every placement must carry an order_id and item ids beforehand only if it may be placed: `numbers` hands
// them out.
struct NumberSource {
  virtual ~NumberSource() = default;
  virtual OrderId next_order() = 0;
  virtual OrderItemId next_item() = 0;
};

// Sets Command::outcome of every command whose fate is `decided`.
Decision decide(std::span<const CommandPtr> round, const DecideInput& input, NumberSource& numbers);

// SALE_NOT_OPEN, SALE_CLOSED, SALE_PAUSED, or nothing when the product sells at `now`.
std::optional<Failure> refused_by_terms(const SaleTerms& terms, Time now);
Failure store_unavailable();
Failure overloaded();
Failure outcome_unknown();
Failure sold_out_failure(ProductId product, Units available);
Failure key_of_another_order();
Failure total_out_of_bounds(Units committed);
Failure illegal_state(const OrderRow& row, OrderStatus wanted);
Failure illegal_state(const OrderItem& item, OrderStatus order, ItemStatus wanted);

}  // namespace buyme::order
