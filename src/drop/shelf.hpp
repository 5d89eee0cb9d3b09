// What the checker counts of one product.
#pragma once

#include <algorithm>
#include <map>

#include "drop/checker.hpp"

namespace buyme::drop {

// One product, and what became of its units.
struct Shelf {
  struct Holder {
    Units wanted = 0;
    Units wanted_singly = 0;  // by orders of one unit of this product alone
    Units held_earlier = 0;   // live units from before the sale
    Units held = 0;           // live units from the sale
  };

  const ProductView* view = nullptr;
  std::map<std::int64_t, Holder> users;
  Units paid_units = 0;  // in all orders of the product
  Units unpaid_units = 0;
  Units unanswered = 0;         // units asked for whose order may or may not exist
  Units unanswered_singly = 0;  // of these, by orders of one unit alone
  Units freed = 0;              // units that came back: their orders ended
  Units live_earlier = 0;
  Units demand = 0;       // units asked for, as far as the limit allows
  Units sure_demand = 0;  // of these, what nothing but an empty shelf can refuse: of larger orders units may be left

  void add_up() {
    freed += std::max<Units>(0, view->before.committed() - live_earlier);
    for (const auto& [id, user] : users) {
      const Units allowed = std::max<Units>(0, view->per_user_limit - user.held_earlier);
      const bool limited = view->per_user_limit > 0;
      demand += limited ? std::min(user.wanted, allowed) : user.wanted;
      sure_demand += limited ? std::min(user.wanted_singly, allowed) : user.wanted_singly;
    }
    sure_demand = std::max<Units>(0, sure_demand - unanswered_singly);
  }
  Units never_sold() const { return view->stock.total - view->stock.committed() - freed; }
};

}  // namespace buyme::drop
