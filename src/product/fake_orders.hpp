// An order service of ledgers and terms only, which refuses, forgets to answer or dies as a test wants.
#pragma once

#include <functional>
#include <map>

#include "core/limits.hpp"
#include "order/api.hpp"

namespace buyme::product {

class FakeOrders final : public order::OrderApi {
 public:
  struct Sale {
    order::SaleTerms terms;
    Units total = 0, held = 0, sold = 0;
    std::vector<order::StockChange> history;  // oldest first
  };
  struct Death {};  // of the process, in the middle of a call

  std::map<ProductId, Sale> sales;
  std::optional<Failure> put_fails;            // before it takes effect
  bool forgets_to_answer = false;              // it takes effect; outcome_unknown
  std::optional<int> dies_before, dies_after;  // this many more calls of put_terms took effect
  std::function<void()> before_put;
  int puts = 0;

  Awaitable<Result<void>> put_terms(order::TermsUpdate update, Trace) override {
    ++puts;
    if (before_put) before_put();
    if (dies_before && (*dies_before)-- == 0) throw Death{};
    if (put_fails) co_return *put_fails;
    const auto taken = take(update);
    if (dies_after && (*dies_after)-- == 0) throw Death{};
    if (forgets_to_answer) co_return Failure(Error::outcome_unknown, "");
    co_return taken;
  }

  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId product,
                                                                   std::optional<std::int64_t> before,
                                                                   std::size_t limit, Trace) override {
    std::vector<order::StockChange> found;
    const auto& history = sales[product].history;
    for (auto entry = history.rbegin(); entry != history.rend() && found.size() < limit; ++entry) {
      if (!before || entry->id < *before) found.push_back(*entry);
    }
    co_return found;
  }
  Awaitable<Result<void>> cancel_unpaid(UserId, Trace) override { co_return Failure(Error::internal, ""); }

  Awaitable<Result<order::StockLevel>> stock(ProductId product, Trace) override {
    if (!sales.contains(product)) co_return Failure(Error::not_found, "There is no such product.");
    co_return level(product);
  }
  Awaitable<Result<std::vector<order::StockLevel>>> stock(std::vector<ProductId> products, Trace) override {
    std::vector<order::StockLevel> levels;
    for (const ProductId product : products) {
      if (sales.contains(product)) levels.push_back(level(product));
    }
    co_return levels;
  }
  Awaitable<Result<order::PaymentTicket>> enter_payment(OrderId, Caller, bool, Trace) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<order::PaymentSettlement>> settle_payment(OrderId, order::AttemptRef, bool,
                                                             Trace) override {
    co_return Failure(Error::internal, "");
  }
  Awaitable<Result<order::Order>> get(OrderId, Caller, Trace) override {
    co_return Failure(Error::internal, "");
  }

 private:
  order::StockLevel level(ProductId product) {
    const Sale& sale = sales[product];
    return {product, sale.total, sale.held, sale.sold};
  }

  Result<void> take(const order::TermsUpdate& update) {
    Sale& sale = sales[update.terms.product];
    if (update.terms.version <= sale.terms.version) return {};
    const Units total = update.total.value_or(sale.total) + update.delta;
    if (total < sale.held + sale.sold || total > limits::max_total_units) {
      return Failure(Error::illegal_state, "Too few.").with("committed", sale.held + sale.sold);
    }
    if (total != sale.total) {
      const auto id = static_cast<std::int64_t>(sale.history.size()) + 1;
      sale.history.push_back({id, Time{}, sale.total, total, update.actor, update.reason});
    }
    sale.terms = update.terms;
    sale.total = total;
    return {};
  }
};

}  // namespace buyme::product
