#include "drop/tally.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace buyme::drop {

bool is_uncertain(const Attempt& attempt) {
  return attempt.outcome == Outcome::unanswered || attempt.gave_up ||
         (attempt.answer_lost && attempt.orders.empty());
}

bool is_live(const SeenOrder& order) {
  return is_unpaid(order.status) || is_paid(order.status);
}

Tally::Tally(const Observed& clients, const ShopView& shop) {
  shelves.resize(shop.products.size());
  for (std::size_t i = 0; i < shelves.size(); ++i) {
    shelves[i].view = &shop.products[i];
    if (shelves.size() > 1) shelves[i].label = fmt::format("product {}: ", shop.products[i].product_id);
  }
  const std::size_t rows = clients.attempts.size() + shop.earlier.size() + shop.orders.size();
  stakes.reserve(rows);
  customers.reserve(rows);
  orders.reserve(shop.orders.size());
  count_attempts(clients);
  // Until the orders are counted, freed is what left the shelf before the sale.
  for (auto& shelf : shelves) shelf.freed = shelf.view->before.committed();
  count_orders(shop.earlier, false);
  for (auto& shelf : shelves) shelf.freed = std::max<Units>(0, shelf.freed);
  count_orders(shop.orders, true);
  std::ranges::stable_sort(orders, {}, &SeenOrder::order_id);
  merge_stakes();
  merge_customers();
  sum_demand();
}

void Tally::count_attempts(const Observed& clients) {
  for (const auto& attempt : clients.attempts) {
    const bool uncertain = is_uncertain(attempt);
    // An order of several products is refused as a whole, which says nothing of each.
    const bool speaks = attempt.lines.size() == 1 || attempt.outcome == Outcome::ordered;
    const bool certain = speaks && !uncertain;
    for (const auto& line : attempt.lines) {
      const Shelf* found = find_shelf(line.product_id);
      if (found == nullptr) continue;
      Shelf& shelf = shelves[index_of(*found)];
      Stake stake{.shelf = index_of(shelf), .user_id = attempt.user_id, .wanted = line.quantity};
      if (certain) {
        stake.certain = line.quantity;
        if (attempt.outcome != Outcome::ordered) stake.largest_refused = line.quantity;
        shelf.largest_refused = std::max(shelf.largest_refused, stake.largest_refused);
      }
      if (uncertain) shelf.uncertain += line.quantity;
      stakes.push_back(stake);
    }
    customers.push_back({attempt.user_id, 0, uncertain || !attempt.orders.empty()});
  }
}

void Tally::count_orders(const std::vector<SeenOrder>& list, bool of_sale) {
  for (const auto& order : list) {
    const bool live = is_live(order);
    const bool paid = is_paid(order.status);
    for (const auto& item : order.items) {
      const Shelf* found = find_shelf(item.product_id);
      if (found == nullptr) continue;
      Shelf& shelf = shelves[index_of(*found)];
      if (live) {
        (paid ? shelf.paid : shelf.unpaid) += item.quantity - item.returned;
        if (of_sale) shelf.freed += item.returned;
        Stake stake{.shelf = index_of(shelf), .user_id = order.user_id};
        (of_sale ? stake.held : stake.held_earlier) = item.quantity;
        stakes.push_back(stake);
        if (!of_sale) shelf.freed -= item.quantity;
      } else if (of_sale) {
        shelf.freed += item.quantity;
      }
    }
    if (!of_sale) continue;
    orders.push_back(&order);
    customers.push_back({order.user_id, 1, 0});
  }
}

void Tally::merge_stakes() {
  const auto owner = [](const Stake& stake) { return std::tuple(stake.shelf, stake.user_id); };
  std::ranges::sort(stakes, {}, owner);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < stakes.size(); ++i) {
    Stake& last = stakes[kept];
    const Stake& next = stakes[i];
    if (owner(last) != owner(next)) {
      stakes[++kept] = next;
      continue;
    }
    last.wanted += next.wanted;
    last.certain += next.certain;
    last.largest_refused = std::max(last.largest_refused, next.largest_refused);
    last.held_earlier += next.held_earlier;
    last.held += next.held;
  }
  if (!stakes.empty()) stakes.resize(kept + 1);
}

void Tally::merge_customers() {
  std::ranges::sort(customers, {}, &Customer::user_id);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < customers.size(); ++i) {
    Customer& last = customers[kept];
    const Customer& next = customers[i];
    if (last.user_id != next.user_id) {
      customers[++kept] = next;
      continue;
    }
    last.orders += next.orders;
    last.may_have_ordered += next.may_have_ordered;
  }
  if (!customers.empty()) customers.resize(kept + 1);
}

void Tally::sum_demand() {
  for (const auto& stake : stakes) {
    Shelf& shelf = shelves[stake.shelf];
    const Units limit = shelf.view->terms_changed ? 0 : shelf.view->per_user_limit;
    if (limit == 0) {
      shelf.demand += stake.wanted;
      shelf.certain_demand += stake.certain;
      continue;
    }
    const Units allowed = std::max<Units>(0, limit - stake.held_earlier);
    shelf.demand += std::min(stake.wanted, allowed);
    // Who asks for several at once is refused with some of his limit left.
    const Units reached = allowed - std::max<Units>(0, stake.largest_refused - 1);
    shelf.certain_demand += std::min(stake.certain, std::max<Units>(0, reached));
  }
}

const Shelf* Tally::find_shelf(std::int64_t product_id) const {
  const auto found = std::ranges::lower_bound(shelves, product_id, {},
                                              [](const Shelf& shelf) { return shelf.view->product_id; });
  return found != shelves.end() && found->view->product_id == product_id ? &*found : nullptr;
}

const Stake* Tally::find_stake(const Shelf& shelf, std::int64_t user_id) const {
  const std::tuple wanted(index_of(shelf), user_id);
  const auto owner = [](const Stake& stake) { return std::tuple(stake.shelf, stake.user_id); };
  const auto found = std::ranges::lower_bound(stakes, wanted, {}, owner);
  return found != stakes.end() && owner(*found) == wanted ? &*found : nullptr;
}

const SeenOrder* Tally::find_order(std::int64_t order_id) const {
  const auto found = std::ranges::lower_bound(orders, order_id, {}, &SeenOrder::order_id);
  return found != orders.end() && (*found)->order_id == order_id ? *found : nullptr;
}

}  // namespace buyme::drop
