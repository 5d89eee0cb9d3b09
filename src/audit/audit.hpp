// Do the books add up? A pure function of the rows, so that the command, the tests that kill a shop and a
// simulation share one definition of a shop in order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/books.hpp"

namespace buyme::audit {

struct Finding {
  enum class Kind : std::uint8_t {
    fault,  // a promise is broken: the audit fails
    note,   // under way, or about to be put right by the shop itself
  };
  Kind kind = Kind::fault;
  std::string check;       // stable name: "ledger-against-items"
  std::int64_t count = 0;  // how many rows it concerns
  std::string detail;      // what is wrong, with the first of them
};

// Faults first, each check once. Empty: all is well and nothing is under way.
std::vector<Finding> audit(const Books& books);

// The books of one product, recounted from its items.
struct ProductSums {
  ProductId product;
  Units total = 0;  // the ledger's; what it is cannot be counted elsewhere
  Units held = 0;
  Units sold = 0;
  Units canceled = 0;
  Units expired = 0;
  Units returned = 0;
  Units free() const { return total - held - sold; }
};

// Ascending by product: every product that has a ledger or an item.
std::vector<ProductSums> sum_products(const Books& books);

struct Report {
  Time read_at;
  std::int64_t orders = 0;
  std::vector<ProductSums> products;
  std::vector<Finding> findings;
  bool passed() const;  // no fault
};

Report make_report(const Books& books);
std::string render_text(const Report& report);
std::string render_json(const Report& report);  // one line

}  // namespace buyme::audit
