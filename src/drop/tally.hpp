// What a sale comes to, counted once for all checks: per product, per user, and per user of a product.
//
// Sorted lists instead of maps, for a simulation counts thousands of small sales a second.
#pragma once

#include <string>
#include <vector>

#include "drop/checker.hpp"

namespace buyme::drop {

// No final answer, so the order may or may not exist.
bool is_uncertain(const Attempt& attempt);
bool is_live(const SeenOrder& order);

struct Shelf {  // one product
  const ProductView* view = nullptr;
  std::string label;  // "product 3: ", or nothing where there is only one
  Units paid = 0;     // units in all orders of the product
  Units unpaid = 0;
  Units demand = 0;           // units asked for, as far as the limit allows
  Units certain_demand = 0;   // of these, what must be sold while there is stock
  Units largest_refused = 0;  // of one order in it that was not placed
  Units uncertain = 0;        // units whose order may or may not exist
  Units freed = 0;            // units that came back: their orders ended

  Units committed() const { return view->stock.committed(); }
  // Units that were free all the time; at most 0 when each was taken at least once.
  Units never_sold() const { return view->stock.total - committed() - freed; }
};

struct Stake {  // what one user asked for and holds of one product
  std::size_t shelf = 0;
  std::int64_t user_id = 0;
  Units wanted = 0;
  Units certain = 0;          // by answered orders of this product alone, or placed with others
  Units largest_refused = 0;  // of one such order that was not placed
  Units held_earlier = 0;     // live units from before the sale
  Units held = 0;             // live units from the sale
};

struct Customer {
  std::int64_t user_id = 0;
  int orders = 0;  // of the sale, whatever became of them
  int may_have_ordered = 0;
};

struct Tally {
  Tally(const Observed& clients, const ShopView& shop);

  std::vector<Shelf> shelves;            // as ShopView::products
  std::vector<Stake> stakes;             // ascending by shelf and user
  std::vector<Customer> customers;       // ascending by user
  std::vector<const SeenOrder*> orders;  // of the sale, ascending by id

  const Shelf* find_shelf(std::int64_t product_id) const;  // nullptr: not in the view
  const Stake* find_stake(const Shelf& shelf, std::int64_t user_id) const;
  const SeenOrder* find_order(std::int64_t order_id) const;

 private:
  void count_attempts(const Observed& clients);
  void count_orders(const std::vector<SeenOrder>& list, bool of_sale);
  void merge_stakes();
  void merge_customers();
  void sum_demand();
  std::size_t index_of(const Shelf& shelf) const { return static_cast<std::size_t>(&shelf - shelves.data()); }
};

}  // namespace buyme::drop
