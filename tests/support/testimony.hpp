// A shop's own books as a witness against it: what buyers were told (drop::Observed) is judged by the rows of
// the databases, which nobody can have dressed up for the occasion.
//
// Plain data in and out; a simulation compiles this as well as the tests that kill a shop.
#pragma once

#include <string>
#include <vector>

#include "audit/books.hpp"
#include "drop/checker.hpp"

namespace buyme::test {

// The shop as its books show it: the stock of each product of `before` (which brings its limit, and what was
// there when the sale began), and every order, each of them also read back.
drop::ShopView view_of(const audit::Books& books, const std::vector<drop::ProductView>& before);

// Failed checks of drop::check() and faults of audit::audit(), a readable line for each. Empty: all is well.
std::vector<std::string> broken_promises(const drop::Observed& clients, const drop::ShopView& shop,
                                         const audit::Books& books);

}  // namespace buyme::test
