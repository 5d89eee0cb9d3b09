// The working state of one decision. Private to decide*.cpp.
#pragma once

#include <map>
#include <set>

#include "order/decide.hpp"

namespace buyme::order {

class Decider {
 public:
  Decider(std::span<const CommandPtr> round, const DecideInput& input, NumberSource& numbers)
      : round_(round), input_(input), numbers_(numbers) {}

  Decision run();

 private:
  // What a product still has to give in this round.
  struct Free {
    Units granted = 0;  // by the gate, less what this round took
    Units ledger = 0;   // by the committed ledger, less what this round took
  };

  Fate place(std::size_t position, const PlaceOrder& place);
  std::optional<Outcome> repeat_of(const PlaceOrder& place,
                                   const std::optional<Known::KeptOrder>& kept) const;
  std::optional<Failure> refused_by_limits(const PlaceOrder& place, std::size_t first_limit) const;
  // Fate::decided with `refusal` set or not; waits or deferred when this is not the moment to say.
  Fate look_for_units(const PlaceOrder& place, std::optional<Failure>& refusal) const;
  Result<Order> make_order(Command& command, const PlaceOrder& place);
  void take_units(const PlaceOrder& place, OrderId order);

  Fate move(std::size_t position, const MoveOrder& move);
  Outcome decide_move(std::size_t position, const MoveOrder& move, const OrderRow& row);
  Outcome settle_success(std::size_t position, const MoveOrder& move, const OrderRow& row);
  Outcome settle_failure(std::size_t position, const MoveOrder& move, const OrderRow& row);
  Order apply(std::size_t position, const OrderRow& row, OrderMove change);
  OrderMove change_of(const OrderRow& row, OrderStatus to, UserId actor, std::string reason) const;

  Fate request_return(std::size_t position, const RequestReturn& wanted);
  Outcome decide_request(std::size_t position, const RequestReturn& wanted, const ReturnRow& row);
  Fate complete_return(std::size_t position, const CompleteReturn& wanted);
  Outcome decide_completion(std::size_t position, const CompleteReturn& wanted, const ReturnRow& row);

  Outcome put_terms(const PutTerms& command);

  std::span<const CommandPtr> round_;
  const DecideInput& input_;
  NumberSource& numbers_;
  Decision decision_;

  std::map<ProductId, Free> free_;
  std::map<ProductId, Units> raises_;
  std::set<ProductId> freed_;  // by moves of this round, which stand before its placements
  struct Held {
    Units units = 0;
    Units cap = 0;
    OrderId order;  // the one placed in this round
  };
  std::map<std::pair<ProductId, UserId>, Held> limits_;
  std::map<std::pair<UserId, std::string_view>, std::size_t> keys_in_round_;
  std::map<OrderId, std::pair<OrderMove, std::size_t>> moves_;  // and the position of the command
  std::set<OrderId> returned_from_;                             // by a command of this round
  std::map<ProductId, TermsChange> terms_;
  std::size_t next_key_ = 0, next_limit_ = 0, next_order_ = 0, next_return_ = 0;
};

// What leaves an order as it is, or as the plan leaves it.
Answer answer_with(Order order);

}  // namespace buyme::order
