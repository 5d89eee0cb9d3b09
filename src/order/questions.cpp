// Before the decision: what a round must read and claim, and what is refused without one.
#include <fmt/format.h>

#include <map>

#include "order/decide.hpp"

namespace buyme::order {

Questions questions_of(std::span<const CommandPtr> round, const Sales& sales) {
  Questions questions;
  for (const auto& command : round) {
    if (const auto* place = std::get_if<PlaceOrder>(&command->what)) {
      if (!place->key.empty()) questions.keys.push_back({place->user, place->key});
      for (const auto& line : place->lines) {
        const auto sale = sales.find(line.product);
        if (sale == sales.end() || !sale->second.terms.per_user_limit) continue;
        questions.limits.push_back({line.product, place->user});
      }
    } else if (const auto* move = std::get_if<MoveOrder>(&command->what)) {
      questions.orders.push_back(move->order);
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

std::optional<Failure> refused_by_terms(const SaleTerms& terms, Time now) {
  if (terms.state == SaleState::archived)
    return Failure(Error::sale_closed, "This product is no longer sold.");
  if (terms.opens_at && now < *terms.opens_at) {
    return Failure(Error::sale_not_open, "The sale opens at " + format_time(*terms.opens_at) + ".")
        .with("opensAt", format_time(*terms.opens_at));
  }
  if (terms.closes_at && now >= *terms.closes_at) {
    return Failure(Error::sale_closed, "The sale closed at " + format_time(*terms.closes_at) + ".")
        .with("closesAt", format_time(*terms.closes_at));
  }
  if (terms.state == SaleState::paused) {
    return Failure(Error::sale_paused, "The shop has paused this sale; it will go on.");
  }
  return std::nullopt;
}

Failure sold_out_failure(ProductId product, Units available) {
  return Failure(Error::sold_out, available == 0
                                      ? "Every unit is held or sold; a unit that comes back is sold again."
                                      : fmt::format("Only {} left; order fewer.", available))
      .with("productId", product.value)
      .with("available", available);
}

}  // namespace buyme::order
