// Before the decision: what a round must read and claim.
#include <map>

#include "order/decide.hpp"
#include "order/placement_session.hpp"

namespace buyme::order {

namespace {

void ask_about(const PlaceOrder& place, const Sales& sales, Questions& questions) {
  if (!place.key.empty()) questions.keys.push_back({place.user, place.key});
  for (const auto& line : place.lines) {
    const auto sale = sales.find(line.product);
    if (sale == sales.end() || !sale->second.terms.per_user_limit) continue;
    questions.limits.push_back({line.product, place.user});
  }
}

}  // namespace

Questions questions_about(const PlaceOrder& order, const Sales& sales) {
  Questions questions;
  ask_about(order, sales, questions);
  return questions;
}

Questions questions_of(std::span<const CommandPtr> round, const Sales& sales) {
  Questions questions;
  for (const auto& command : round) {
    if (const auto* place = std::get_if<PlaceOrder>(&command->what)) {
      ask_about(*place, sales, questions);
    } else if (const auto* move = std::get_if<MoveOrder>(&command->what)) {
      questions.orders.push_back(move->order);
    } else if (const auto* request = std::get_if<RequestReturn>(&command->what)) {
      questions.returns.push_back({request->item, request->key});
    } else if (const auto* completion = std::get_if<CompleteReturn>(&command->what)) {
      questions.returns.push_back({completion->item, {}});
    }
  }
  return questions;
}

stock::ClaimRound claims_of(std::span<const CommandPtr> round, const Sales& sales, std::int64_t seq) {
  std::map<ProductId, Units> wanted;
  for (const auto& command : round) {
    const auto* place = std::get_if<PlaceOrder>(&command->what);
    if (place == nullptr) continue;
    for (const auto& line : place->lines) wanted[line.product] += line.quantity;
  }
  stock::ClaimRound claims;
  claims.seq = seq;
  for (const auto& [product, units] : wanted) {
    const auto sale = sales.find(product);
    if (sale == sales.end()) continue;
    const Ledger& ledger = sale->second.ledger;
    claims.lines.push_back({{product, ledger.version, ledger.total, ledger.committed}, units});
  }
  return claims;
}

}  // namespace buyme::order
