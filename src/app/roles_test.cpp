#include "app/roles.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "app/api_docs.hpp"
#include "app/operator_desk.hpp"
#include "app/rehearsal_desk.hpp"
#include "app/web_pages.hpp"
#include "order/endpoints.hpp"
#include "order/internal_endpoints.hpp"
#include "payment/endpoints.hpp"
#include "payment/internal_endpoints.hpp"
#include "product/endpoints.hpp"
#include "product/internal_endpoints.hpp"
#include "user/endpoints.hpp"

namespace buyme::app {
namespace {

struct Row {
  std::string route;  // "GET /api/orders"
  http::Access access;
};

template <class Service>
std::vector<Row> rows(std::span<const http::Endpoint<Service>> endpoints) {
  std::vector<Row> found;
  for (const auto& endpoint : endpoints) {
    const std::string method(http::method_name(endpoint.method));
    found.push_back({method + " " + std::string(endpoint.path), endpoint.access});
  }
  return found;
}

std::vector<Row> rows_of(RoutingTable table) {
  switch (table) {
    case RoutingTable::users:
      return rows(user::endpoints());
    case RoutingTable::account_endings:
      return rows(user::ending_endpoints());
    case RoutingTable::products:
      return rows(product::endpoints());
    case RoutingTable::product_calls:
      return rows(product::internal_endpoints());
    case RoutingTable::orders:
      return rows(order::endpoints());
    case RoutingTable::order_calls:
      return rows(order::internal_endpoints());
    case RoutingTable::payments:
      return rows(payment::endpoints());
    case RoutingTable::payment_records:
      return rows(payment::record_endpoints());
    case RoutingTable::payment_calls:
      return rows(payment::internal_endpoints());
    case RoutingTable::operation:
      return rows(operator_endpoints());
    case RoutingTable::books:
      return rows(audit_endpoints());
    case RoutingTable::rehearsals:
      return rows(rehearsal_endpoints());
    case RoutingTable::documentation:
      return rows(documentation_endpoints());
    case RoutingTable::pages:
      return rows(page_endpoints());
  }
  return {};
}

std::set<RoutingTable> tables_of(ServerRole role) {
  const auto tables = role_info(role).tables;
  return {tables.begin(), tables.end()};
}

TEST(Roles, HaveNamesAndPortsOfTheirOwn) {
  std::set<std::uint16_t> ports;
  for (const ServerRole role : server_roles) {
    EXPECT_EQ(role_info(role).role, role);
    EXPECT_EQ(parse_role(role_info(role).name), role);
    ports.insert(role_info(role).default_port);
  }
  EXPECT_EQ(ports, (std::set<std::uint16_t>{8080, 8081, 8082, 8083, 8084}));
  EXPECT_FALSE(parse_role(""));
  EXPECT_FALSE(parse_role("Order"));
}

TEST(Roles, ServeTogetherWhatOneProcessServes) {
  std::map<std::string, int> served;  // by how many roles
  for (const ServerRole role : server_roles) {
    if (role == ServerRole::all) continue;
    for (const RoutingTable table : tables_of(role)) {
      for (const Row& row : rows_of(table)) ++served[row.route];
    }
  }
  for (const RoutingTable table : tables_of(ServerRole::all)) {
    // The gateway has pages; the other is a button for one machine.
    if (table == RoutingTable::pages || table == RoutingTable::rehearsals) continue;
    const bool everywhere = table == RoutingTable::operation || table == RoutingTable::documentation;
    for (const Row& row : rows_of(table)) {
      EXPECT_EQ(served[row.route], everywhere ? 4 : 1) << row.route;
      served.erase(row.route);
    }
  }
  for (const auto& [route, count] : served) {  // the rest is for services alone
    EXPECT_NE(route.find(" /internal/"), std::string::npos) << route;
    EXPECT_EQ(count, 1) << route;
  }
  EXPECT_EQ(served.size(), 10U);
}

TEST(Roles, OneProcessHasNoDoorForServices) {
  for (const RoutingTable table : tables_of(ServerRole::all)) {
    EXPECT_FALSE(is_for_services(table));
    for (const Row& row : rows_of(table)) EXPECT_NE(row.access, http::Access::internal) << row.route;
  }
  for (const RoutingTable table :
       {RoutingTable::product_calls, RoutingTable::order_calls, RoutingTable::payment_calls}) {
    EXPECT_TRUE(is_for_services(table));
    for (const Row& row : rows_of(table)) EXPECT_EQ(row.access, http::Access::internal) << row.route;
  }
}

TEST(Roles, AskOnlyWhoLetsServicesIn) {
  EXPECT_TRUE(role_info(ServerRole::all).upstreams.empty());
  for (const ServerRole role : server_roles) {
    for (const ServerRole upstream : role_info(role).upstreams) {
      EXPECT_NE(upstream, role);
      const auto tables = role_info(upstream).tables;
      EXPECT_TRUE(std::ranges::any_of(tables, is_for_services)) << role_info(upstream).name;
    }
  }
  EXPECT_EQ(role_info(ServerRole::order).upstreams.front(), ServerRole::payment);
  EXPECT_EQ(role_info(ServerRole::payment).upstreams.front(), ServerRole::order);
}

}  // namespace
}  // namespace buyme::app
