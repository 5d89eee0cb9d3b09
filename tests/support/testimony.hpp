// What buyers saw, held against a shop's books: the one definition of a sale that kept its promises, shared by
// the tests that kill a shop and by the simulation. (The rehearsal uses the same checker over HTTP.)
#pragma once

#include <string>
#include <vector>

#include "audit/books.hpp"
#include "drop/checker.hpp"

namespace buyme::test {

// The checker's view of a shop whose databases can be read. `products` as they were before the sale, ascending;
// their stock and all orders are taken from the books.
drop::ShopView view_of(const audit::Books& books, std::vector<drop::ProductView> products);

// A line for each promise that is broken, by what the buyers saw or in the books themselves. Empty: none is.
std::vector<std::string> broken_promises(const drop::Observed& seen, const drop::ShopView& shop,
                                         const audit::Books& books);

}  // namespace buyme::test
