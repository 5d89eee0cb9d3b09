// The real gateway in front of a shop of four real servers, one of each role; its log tells which it asked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <set>
#include <thread>

#include "app/roles.hpp"
#include "order/endpoints.hpp"
#include "order/internal_endpoints.hpp"
#include "payment/endpoints.hpp"
#include "payment/internal_endpoints.hpp"
#include "product/endpoints.hpp"
#include "product/internal_endpoints.hpp"
#include "support/gateway.hpp"
#include "support/split_shop.hpp"
#include "user/endpoints.hpp"

namespace buyme::test {

namespace {

using app::RoutingTable;
using app::ServerRole;
using tcp = boost::asio::ip::tcp;

struct Route {
  std::string method, path;  // {braces} filled
};

template <class Service>
std::vector<Route> routes(std::span<const http::Endpoint<Service>> endpoints) {
  std::vector<Route> found;
  for (const auto& endpoint : endpoints) {
    std::string path(endpoint.path);
    for (auto open = path.find('{'); open != path.npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "7");
    }
    found.push_back({std::string(http::method_name(endpoint.method)), path});
  }
  return found;
}

std::vector<Route> routes_of(RoutingTable table) {
  switch (table) {
    case RoutingTable::users:
      return routes(user::endpoints());
    case RoutingTable::account_endings:
      return routes(user::ending_endpoints());
    case RoutingTable::products:
      return routes(product::endpoints());
    case RoutingTable::product_calls:
      return routes(product::internal_endpoints());
    case RoutingTable::orders:
      return routes(order::endpoints());
    case RoutingTable::order_calls:
      return routes(order::internal_endpoints());
    case RoutingTable::payments:
      return routes(payment::endpoints());
    case RoutingTable::payment_records:
      return routes(payment::record_endpoints());
    case RoutingTable::payment_calls:
      return routes(payment::internal_endpoints());
    case RoutingTable::books:
      return {{"GET", "/api/admin/audit"}};
    case RoutingTable::operation:
    case RoutingTable::rehearsals:
    case RoutingTable::documentation:
    case RoutingTable::pages:
      return {};  // every role has them; see OneRoleAnswersForTheShop
  }
  return {};
}

std::string upstream_of(const json::object& line) {
  return std::string(line.at("upstream").as_string());
}

// Takes requests and closes the connection instead of answering, as a server does that is killed just then.
class DyingServer {
 public:
  DyingServer() : thread_([this] { run(); }) {}
  ~DyingServer() {
    stopping_ = true;
    boost::system::error_code ignored;
    tcp::socket(context_).connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }

  std::string address() const { return fmt::format("127.0.0.1:{}", acceptor_.local_endpoint().port()); }
  int requests() const { return requests_; }

 private:
  void run() {
    while (!stopping_) {
      tcp::socket socket(context_);
      boost::system::error_code failed;
      acceptor_.accept(socket, failed);
      char part[4096];
      std::string request;
      while (!failed && request.find("\r\n\r\n") == request.npos) {
        request.append(part, socket.read_some(boost::asio::buffer(part), failed));
      }
      if (!request.empty()) ++requests_;
    }
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> stopping_{false};
  std::atomic<int> requests_{0};
  std::thread thread_;
};

class GatewayTest : public ::testing::Test {
 protected:
  // `settings` as NAME=value.
  void open_shop(Arguments settings = {}) {
    settings.emplace_back("BUYME_PAYMENT_SUCCESS_RATE=1");
    shop.emplace(settings);
    accounts = make_accounts(shop->server(Role::user).directory(), 2);
    gateway.emplace(Gateway::Servers{address_of(ServerRole::user), address_of(ServerRole::product),
                                     address_of(ServerRole::order), address_of(ServerRole::payment)});
  }

  std::string address_of(ServerRole role) const {
    const Role which = role == ServerRole::user      ? Role::user
                       : role == ServerRole::product ? Role::product
                       : role == ServerRole::order   ? Role::order
                                                     : Role::payment;
    return fmt::format("127.0.0.1:{}", shop->port(which));
  }

  void expect_problem(const HttpReply& reply, int status, std::string_view code) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(reply.code(), code) << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_EQ(reply.integer("status"), status);
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    EXPECT_EQ(reply.text("requestId"), reply.header("x-request-id"));
  }

  Accounts accounts;
  std::optional<SplitShop> shop;
  std::optional<Gateway> gateway;
};

TEST_F(GatewayTest, EveryRouteReachesTheRoleThatHasIt) {
  open_shop();
  HttpClient client = gateway->client();
  std::size_t count = 0;
  for (const ServerRole role : app::server_roles) {
    if (role == ServerRole::all) continue;
    for (const RoutingTable table : app::role_info(role).tables) {
      if (app::is_for_services(table)) continue;
      for (const Route& route : routes_of(table)) {
        if (route.path.ends_with("/stream")) continue;  // see AStreamComesAsItIsSent
        client.request(route.method, route.path + "?limit=1");
        const auto lines = gateway->logged();
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_EQ(upstream_of(lines[0]), address_of(role)) << route.method << route.path;
        ++count;
      }
    }
  }
  EXPECT_GT(count, 40U);
}

TEST_F(GatewayTest, OneRoleAnswersForTheShop) {
  open_shop();
  HttpClient client = gateway->client();
  for (const char* path : {"/readyz", "/openapi.json", "/docs", "/docs/page.js", "/api/admin/audit"}) {
    client.get(path);
    EXPECT_EQ(upstream_of(gateway->logged().at(0)), address_of(ServerRole::order)) << path;
  }
  const HttpReply alive = client.get("/healthz");
  EXPECT_EQ(alive.status, 200);
  EXPECT_EQ(alive.text("status"), "alive");
  EXPECT_EQ(client.get("/api/no-such-thing").code(), "NOT_FOUND");
  EXPECT_EQ(upstream_of(gateway->logged().at(0)), address_of(ServerRole::order))
      << "and /healthz is not worth a line";
}

TEST_F(GatewayTest, WhatServicesAskEachOtherAndTheMetricsAreBehindNoPublicDoor) {
  open_shop();
  HttpClient client = gateway->client(accounts.admin_token);
  std::vector<Route> closed = routes(order::internal_endpoints());
  for (const Route& route : routes(payment::internal_endpoints())) closed.push_back(route);
  for (const char* path : {"/internal", "/internal/", "//internal/orders/get", "/./internal/orders/get",
                           "/%69nternal/orders/get", "/api/../internal/orders/get",
                           "/api/orders/../../internal/orders/get", "/metrics", "//metrics"}) {
    closed.push_back({"GET", path});
    closed.push_back({"POST", path});
  }
  EXPECT_GE(closed.size(), 18U + 9U);
  for (const Route& route : closed) {
    expect_problem(client.request(route.method, route.path), 404, "NOT_FOUND");
    EXPECT_EQ(upstream_of(gateway->logged().at(0)), "") << route.path;
  }
}

TEST_F(GatewayTest, ABuyerNoticesNothingOfIt) {
  open_shop();
  HttpClient admin = gateway->client(accounts.admin_token), buyer = gateway->client(accounts.buyers[0].token);
  const std::int64_t product = make_product(admin, 3);
  const HttpReply placed =
      buyer.post("/api/orders", order_body(product), {{"Idempotency-Key", "k"}, {"X-Request-Id", "mine"}});
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_EQ(placed.header("x-request-id"), "mine");
  EXPECT_EQ(placed.header("location"), order_path(placed.integer("orderId")));
  const std::int64_t order = placed.integer("orderId");
  EXPECT_EQ(buyer.post(order_path(order, "enter-payment")).status, 200);
  EXPECT_EQ(buyer.post(order_path(order, "attempt-payment")).text("orderStatus"), "PAID");
  EXPECT_EQ(buyer.get(order_path(order, "payments")).status, 200);
  EXPECT_EQ(buyer.get("/api/users/me").integer("userId"), accounts.buyers[0].user);
  EXPECT_EQ(buyer.get(fmt::format("/api/products/{}/stock", product)).integer("sold"), 1);
  EXPECT_EQ(gateway->logged(7).at(1).at("requestId").as_string(), "mine");
  EXPECT_TRUE(gateway->own_errors(0).empty());
}

TEST_F(GatewayTest, AStreamComesAsItIsSent) {
  open_shop();
  HttpClient admin = gateway->client(accounts.admin_token), buyer = gateway->client(accounts.buyers[0].token);
  const std::int64_t product = make_product(admin, 5);
  boost::asio::io_context context;
  tcp::socket listener(context);
  listener.connect({boost::asio::ip::address_v4::loopback(), gateway->port()});
  const std::string question =
      fmt::format("GET /api/products/{}/stock/stream HTTP/1.1\r\nHost: shop\r\n\r\n", product);
  boost::asio::write(listener, boost::asio::buffer(question));
  std::string heard;
  const auto hear = [&](std::string_view text) {
    char part[4096];
    while (heard.find(text) == heard.npos) {
      heard.append(part, listener.read_some(boost::asio::buffer(part)));
    }
  };
  hear(R"("available":5)");  // blocks for ever when the gateway waits for more
  ASSERT_EQ(buyer.post("/api/orders", order_body(product)).status, 201);
  hear(R"("available":4)");
  ASSERT_EQ(buyer.post("/api/orders", order_body(product, 2)).status, 201);
  hear(R"("available":2)");
  EXPECT_NE(heard.find("text/event-stream"), heard.npos);
  gateway->logged(3);
  listener.close();
  EXPECT_EQ(upstream_of(gateway->logged().at(0)), address_of(ServerRole::order));
}

TEST_F(GatewayTest, NothingThatChangesSomethingIsSentTwice) {
  DyingServer first, second;
  const std::string both = first.address() + "," + second.address();
  gateway.emplace(Gateway::Servers{both, both, both, both});
  const auto requests = [&] { return first.requests() + second.requests(); };
  const Route changes[] = {{"POST", "/api/orders"},      {"POST", "/api/orders/7/attempt-payment"},
                           {"POST", "/api/auth/signup"}, {"PATCH", "/api/products/7"},
                           {"PUT", "/api/products/7"},   {"DELETE", "/api/products/7"},
                           {"PUT", "/api/wishlist/7"},   {"PATCH", "/api/users/me"},
                           {"DELETE", "/api/users/me"}};
  for (const Route& change : changes) {
    HttpClient client = gateway->client();
    const int before = requests();
    const HttpReply reply = client.request(change.method, change.path, "{}", {{"X-Request-Id", "r.1"}});
    expect_problem(reply, 502, "OUTCOME_UNKNOWN");
    EXPECT_EQ(reply.header("x-request-id"), "r.1");
    EXPECT_EQ(reply.header("retry-after"), "1");
    EXPECT_NE(reply.text("detail").find("same Idempotency-Key"), std::string::npos) << reply.body;
    EXPECT_EQ(requests() - before, 1) << change.method << " " << change.path;
  }
  // What only reads is asked of the other one, too.
  HttpClient client = gateway->client();
  const int before = requests();
  expect_problem(client.get("/api/orders/7"), 502, "STORE_UNAVAILABLE");
  EXPECT_EQ(requests() - before, 2);
  EXPECT_EQ(gateway->own_errors(std::size(changes) + 1).size(), std::size(changes) + 1);
}

TEST_F(GatewayTest, WhatWasNotSentGoesToTheServerThatLives) {
  open_shop();
  std::string dead;
  {
    const DyingServer gone;
    dead = gone.address();
  }
  const std::string pair = dead + "," + address_of(ServerRole::order);
  Gateway other({dead, dead, pair, dead});
  HttpClient buyer = other.client(accounts.buyers[0].token);
  HttpClient admin = gateway->client(accounts.admin_token);
  const std::int64_t product = make_product(admin, 20);
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(buyer.post("/api/orders", order_body(product)).status, 201);
  }
  EXPECT_NE(upstream_of(other.logged(12).at(0)), "");
  // Nobody was reached: certainly not done, and so it says.
  expect_problem(buyer.post("/api/auth/login", "{}"), 502, "STORE_UNAVAILABLE");
  expect_problem(buyer.request("DELETE", "/api/users/me"), 502, "STORE_UNAVAILABLE");
}

TEST_F(GatewayTest, RefusesInTheShopsWords) {
  open_shop();
  HttpClient client = gateway->client();
  expect_problem(client.post("/api/orders", std::string(limits::max_body_bytes + 1, ' ')), 413, "TOO_LARGE");
  const HttpReply at_most = client.post("/api/orders", std::string(limits::max_body_bytes, ' '));
  EXPECT_EQ(at_most.code(), "UNAUTHENTICATED") << at_most.body;
  expect_problem(client.get("/" + std::string(limits::max_header_bytes, 'a')), 413, "TOO_LARGE");
  expect_problem(client.request("GET", "/", {}, {{"A", std::string(limits::max_header_bytes, 'a')}}), 413,
                 "TOO_LARGE");
  expect_problem(client.get("/%zz"), 400, "MALFORMED");
  HttpClient raw = gateway->client();
  raw.send("GET / HTTP/1.1\r\n\r\n");  // without Host
  expect_problem(raw.receive(), 400, "MALFORMED");
}

TEST_F(GatewayTest, NobodySaysOfHimselfWhereHeComesFrom) {
  open_shop({"BUYME_SERVER_TRUSTED_PROXIES=127.0.0.0/8", "BUYME_RATE_ADDRESS_PER_SECOND=1",
             "BUYME_RATE_ADDRESS_BURST=1"});
  const Headers forged{{"X-Forwarded-For", "203.0.113.5"}, {"Forwarded", "for=203.0.113.5"}};
  HttpClient direct = shop->client(Role::user), through = gateway->client();
  std::set<int> at_the_shop, at_the_gateway;
  for (int i = 0; i < 3; ++i) {
    at_the_shop.insert(direct.post("/api/auth/login", "{}", forged).status);
    at_the_gateway.insert(through.post("/api/auth/login", "{}", forged).status);
  }
  EXPECT_TRUE(at_the_shop.contains(429)) << "the shop believes its proxy";
  EXPECT_EQ(at_the_gateway, std::set<int>{400}) << "which tells it what it sees";
}

// A gateway that gives up first would tell a buyer "not known" whose order is being placed.
TEST_F(GatewayTest, WaitsLongerThanAnyServerDoes) {
  const auto seconds = [](const std::string& name) {
    const std::string value = Gateway::directive(name);
    EXPECT_TRUE(value.ends_with("s")) << name << " is " << value;
    return std::chrono::seconds{std::stoi("0" + value.substr(0, value.size() - 1))};
  };
  using namespace limits;
  const auto payment_timeout = std::chrono::milliseconds{10'000};  // the default of payment.timeout_ms
  EXPECT_GT(seconds("proxy_read_timeout"), payment_timeout + 2 * service_deadline);
  EXPECT_GT(std::chrono::seconds{30}, placement_deadline + settle_budget + 2 * database_answer_timeout);
  EXPECT_GT(seconds("client_header_timeout") + 1s, header_timeout);
  EXPECT_LT(seconds("proxy_connect_timeout") * 3, seconds("proxy_read_timeout"));
  EXPECT_EQ(Gateway::directive("client_max_body_size"), fmt::format("{}k", max_body_bytes / 1024));
  EXPECT_EQ(Gateway::directive("large_client_header_buffers"), fmt::format("2 {}k", max_header_bytes / 1024));
}

}  // namespace

}  // namespace buyme::test
