// The checks of units: sold, held, refused.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "drop/judge.hpp"

namespace buyme::drop {

Check Judge::exactly_sold() const {
  return per_product("exactly min(stock, demand) units committed", [](const Shelf& shelf, Finding& finding) {
    const ProductView& view = *shelf.view;
    const Units before = view.before.committed();
    const Units total = view.terms_changed ? view.stock.total : view.before.total;
    const Units high = std::min(total, before + shelf.demand);
    // Who was refused several units may have left all but one of them.
    const Units left_over = std::max<Units>(0, shelf.largest_refused - 1);
    Units low = std::min(total - left_over, before + shelf.certain_demand) - shelf.freed;
    low = view.terms_changed ? 0 : std::max<Units>(0, low);
    const Units committed = shelf.committed();
    if (committed < low) finding.offence("{} units unsold though they were asked for", low - committed);
    if (committed > high) finding.offence("{} units too many", committed - high);
    std::string summary = fmt::format("{} committed, expected ", committed);
    const auto end = std::back_inserter(summary);
    if (low != high) fmt::format_to(end, "{} to ", low);
    fmt::format_to(end, "{} = min({}, {})", high, total, before + shelf.demand);
    if (shelf.uncertain > 0) fmt::format_to(end, ", {} unanswered", shelf.uncertain);
    if (shelf.freed > 0) fmt::format_to(end, ", {} came back", shelf.freed);
    return summary;
  });
}

Check Judge::never_oversold() const {
  return per_product("nothing oversold", [](const Shelf& shelf, Finding& finding) {
    const StockLevel& stock = shelf.view->stock;
    const Units live = shelf.paid + shelf.unpaid;
    if (live > stock.total) {
      finding.offence("the orders hold {} units more than there are", live - stock.total);
    }
    if (stock.committed() > stock.total) finding.offence("the stock shows {} committed", stock.committed());
    if (stock.available < 0) finding.offence("the stock shows {} available", stock.available);
    return fmt::format("{} units in live orders of {} for sale", live, stock.total);
  });
}

// Whether all of its products had enough units that nobody ever took.
bool Judge::could_have_been_served(const Attempt& attempt) const {
  return !attempt.lines.empty() && std::ranges::all_of(attempt.lines, [&](const WantedLine& line) {
    const Shelf* shelf = tally_.find_shelf(line.product_id);
    return shelf != nullptr && !shelf->view->terms_changed && line.quantity <= shelf->never_sold();
  });
}

Check Judge::sold_out_was_true() const {
  Finding finding("SOLD_OUT was said only of an empty shelf");
  std::int64_t told = 0;
  std::vector<const Shelf*> untrue;  // each is told of once
  for (const auto& attempt : clients_.attempts) {
    told += attempt.sold_out_answers;
    if (attempt.sold_out_answers == 0 || !could_have_been_served(attempt)) continue;
    if (attempt.lines.size() > 1) {
      finding.offence("user {} was told so, though all that he wanted was left (key {})", attempt.user_id,
                      shown_key(attempt));
      continue;
    }
    const Shelf* shelf = tally_.find_shelf(attempt.lines[0].product_id);
    if (std::ranges::find(untrue, shelf) == untrue.end()) untrue.push_back(shelf);
  }
  for (const auto* shelf : untrue) {
    finding.talk_of(*shelf);
    finding.offence("{} units were never sold", shelf->never_sold());
  }
  for (const auto& shelf : tally_.shelves) {
    const StockLevel& stock = shelf.view->stock;
    finding.talk_of(shelf);
    if (stock.sold_out && stock.available > 0) {
      finding.offence("the stock says sold out with {} available", stock.available);
    }
  }
  return std::move(finding).finish(fmt::format("said {} times", told));
}

// Whether none of its products gave a reason to say LIMIT_EXCEEDED.
bool Judge::is_within_limits(const Attempt& attempt) const {
  return std::ranges::all_of(attempt.lines, [&](const WantedLine& line) {
    const Shelf* shelf = tally_.find_shelf(line.product_id);
    if (shelf == nullptr || shelf->view->terms_changed) return false;
    const Units limit = shelf->view->per_user_limit;
    const Stake* stake = tally_.find_stake(*shelf, attempt.user_id);
    return limit == 0 || stake == nullptr || stake->held_earlier + stake->wanted <= limit;
  });
}

Check Judge::limit_held() const {
  struct Sum {
    Units most = 0;
    std::int64_t refused = 0;
  };
  std::vector<Sum> sums(tally_.shelves.size());
  Finding finding("per-user limit held");
  for (const auto& stake : tally_.stakes) {
    const ProductView& view = *tally_.shelves[stake.shelf].view;
    const Units held = stake.held + stake.held_earlier;
    sums[stake.shelf].most = std::max(sums[stake.shelf].most, held);
    // Who held more before (the limit was lowered) keeps it and gets no more.
    if (view.per_user_limit > 0 && !view.terms_changed && stake.held > 0 && held > view.per_user_limit) {
      finding.talk_of(tally_.shelves[stake.shelf]);
      finding.offence("user {} holds {} units, the limit is {}", stake.user_id, held, view.per_user_limit);
    }
  }
  finding.talk_of_all();
  for (const auto& attempt : clients_.attempts) {
    if (attempt.outcome != Outcome::limit_exceeded) continue;
    for (const auto& line : attempt.lines) {
      const Shelf* shelf = tally_.find_shelf(line.product_id);
      if (shelf != nullptr) ++sums[static_cast<std::size_t>(shelf - tally_.shelves.data())].refused;
    }
    if (is_within_limits(attempt)) {
      finding.offence("user {} was refused within the limit (key {})", attempt.user_id, shown_key(attempt));
    }
  }
  std::string summary;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const Shelf& shelf = tally_.shelves[i];
    const Units limit = shelf.view->per_user_limit;
    const auto end = std::back_inserter(summary);
    fmt::format_to(end, "{}{}", i > 0 ? "; " : "", shelf.label);
    if (limit == 0) {
      summary += "there is none";
    } else {
      fmt::format_to(end, "limit {}, most held by one user {}, {} refused", limit, sums[i].most,
                     sums[i].refused);
    }
  }
  return std::move(finding).finish(summary.empty() ? "there is none" : std::move(summary));
}

Check Judge::stock_adds_up() const {
  return per_product("stock = free + held + sold", [](const Shelf& shelf, Finding& finding) {
    const StockLevel& stock = shelf.view->stock;
    const Units before = shelf.view->before.total;
    if (stock.total != stock.available + stock.held + stock.sold) {
      finding.offence("they make {}", stock.available + stock.held + stock.sold);
    }
    if (stock.total != before && !shelf.view->terms_changed) {
      finding.offence("there were {} before the sale", before);
    }
    if (stock.held < 0 || stock.sold < 0) finding.offence("less than none");
    return fmt::format("{} = {} + {} + {}", stock.total, stock.available, stock.held, stock.sold);
  });
}

Check Judge::books_match_orders() const {
  return per_product("held and sold match the orders", [](const Shelf& shelf, Finding& finding) {
    const StockLevel& stock = shelf.view->stock;
    if (stock.sold != shelf.paid) finding.offence("{} sold", stock.sold);
    if (stock.held != shelf.unpaid) finding.offence("{} held", stock.held);
    return fmt::format("the orders make {} paid and {} unpaid units", shelf.paid, shelf.unpaid);
  });
}

}  // namespace buyme::drop
