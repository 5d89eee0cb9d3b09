#include "app/roles.hpp"

#include <algorithm>

namespace buyme::app {

namespace {

using enum RoutingTable;

constexpr RoutingTable all_tables[] = {users,      account_endings, products,  orders,
                                       payments,   payment_records, operation, books,
                                       rehearsals, documentation,   pages};
constexpr RoutingTable user_tables[] = {users, account_endings, operation, documentation};
constexpr RoutingTable product_tables[] = {products, product_calls, operation, documentation};
constexpr RoutingTable order_tables[] = {orders, order_calls, operation, books, documentation};
constexpr RoutingTable payment_tables[] = {payments, payment_records, payment_calls, operation,
                                           documentation};

// An account that ends cancels what it has not paid, and forgets its wishes.
constexpr ServerRole of_user[] = {ServerRole::order, ServerRole::product};
constexpr ServerRole of_product[] = {ServerRole::order};  // terms and stock
constexpr ServerRole of_order[] = {ServerRole::payment};  // hands refunds over
constexpr ServerRole of_payment[] = {ServerRole::order};  // enters and settles payments

constexpr RoleInfo roles[] = {
    {ServerRole::all, "all", 8080, all_tables, {}},
    {ServerRole::user, "user", 8081, user_tables, of_user},
    {ServerRole::product, "product", 8082, product_tables, of_product},
    {ServerRole::order, "order", 8083, order_tables, of_order},
    {ServerRole::payment, "payment", 8084, payment_tables, of_payment},
};

}  // namespace

const RoleInfo& role_info(ServerRole role) {
  return roles[static_cast<std::size_t>(role)];
}

std::optional<ServerRole> parse_role(std::string_view name) {
  const auto found = std::ranges::find(roles, name, &RoleInfo::name);
  return found == std::end(roles) ? std::nullopt : std::optional<ServerRole>(found->role);
}

bool is_for_services(RoutingTable table) {
  return table == product_calls || table == order_calls || table == payment_calls;
}

}  // namespace buyme::app
