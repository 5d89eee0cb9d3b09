// What the shop's JSON says, as far as the rehearsal reads it. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drop/checker.hpp"

namespace buyme::drop {

// nullopt when it is not such an object or a member is missing or of another type.
std::optional<SeenOrder> parse_order(std::string_view body);
std::optional<StockLevel> parse_stock(std::string_view body);

struct OrderPage {
  std::vector<SeenOrder> orders;
  std::string next_cursor;  // empty on the last page
};
std::optional<OrderPage> parse_order_page(std::string_view body);

struct Product {
  std::int64_t product_id = 0;
  Units per_user_limit = 0;  // 0: none
};
std::optional<Product> parse_product(std::string_view body);

// The `code` of a problem+json body, or "" when there is none.
std::string problem_code(std::string_view body);
// A string member of an object, or "".
std::string string_member(std::string_view body, std::string_view name);

}  // namespace buyme::drop
