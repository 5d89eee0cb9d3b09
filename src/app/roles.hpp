// What a server may be started as. One process that is everything, or several that are one service each and
// ask each other over HTTP: which port it has by default, which routing tables it mounts, whom it asks.
//
// Tables of calls between services are mounted by roles alone, and only with a credential: one process has
// nobody to let in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace buyme::app {

enum class ServerRole : std::uint8_t { all, user, product, order, payment };
inline constexpr ServerRole server_roles[] = {ServerRole::all, ServerRole::user, ServerRole::product,
                                              ServerRole::order, ServerRole::payment};

// Each names one function that returns endpoints.
enum class RoutingTable : std::uint8_t {
  users,            // user::endpoints
  account_endings,  // user::ending_endpoints
  products,         // product::endpoints
  product_calls,    // product::internal_endpoints
  orders,           // order::endpoints
  order_calls,      // order::internal_endpoints
  payments,         // payment::endpoints
  payment_records,  // payment::record_endpoints
  payment_calls,    // payment::internal_endpoints
  operation,        // operator_endpoints
  books,            // audit_endpoints
  rehearsals,       // rehearsal_endpoints
  documentation,    // documentation_endpoints
  pages,            // page_endpoints; where servers have roles, the gateway serves these
};

struct RoleInfo {
  ServerRole role;
  std::string_view name;  // as in --role
  std::uint16_t default_port;
  std::span<const RoutingTable> tables;
  std::span<const ServerRole> upstreams;  // of which it needs addresses
};

// Pure, thread-safe; the spans live for ever.
const RoleInfo& role_info(ServerRole role);
std::optional<ServerRole> parse_role(std::string_view name);
// Whether a table holds calls between services (http::Access::internal).
bool is_for_services(RoutingTable table);

}  // namespace buyme::app
