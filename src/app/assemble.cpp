// Every service in this process, or one of them, as the role says; over one SQLite file each, or over a
// database server and a Redis that several such processes share (app/places.hpp).
//
// Threads: N for HTTP, one for the order writer and the jobs that read its store, one for checkpoints of the
// order file, and the pools.
#include "app/assemble.hpp"

#include "app/api_docs.hpp"
#include "app/operator_desk.hpp"
#include "app/parts.hpp"
#include "app/places.hpp"
#include "app/rehearsal_desk.hpp"
#include "app/roles.hpp"
#include "app/web_pages.hpp"
#include "core/limits.hpp"
#include "http/client.hpp"
#include "order/endpoints.hpp"
#include "order/internal_endpoints.hpp"
#include "order/remote.hpp"
#include "payment/endpoints.hpp"
#include "payment/internal_endpoints.hpp"
#include "payment/remote.hpp"
#include "product/endpoints.hpp"
#include "product/internal_endpoints.hpp"
#include "product/remote.hpp"
#include "user/endpoints.hpp"

namespace buyme::app {

namespace {

http::ServerSettings server_settings(const Config& config) {
  http::ServerSettings settings;
  settings.host = config.server.host;
  settings.port = config.port();
  settings.trusted = config.auth == Auth::trusted;
  settings.max_connections = static_cast<std::size_t>(config.server.max_connections);
  settings.max_streams = std::min(limits::max_streams, settings.max_connections / 2);
  settings.address_streams = static_cast<std::size_t>(config.rate.address_streams);
  settings.allowed_origins = config.server.allowed_origins;
  settings.trusted_proxies = config.server.trusted_proxies;
  settings.forwarded_by = config.server.forwarded_by;
  settings.operator_token = config.server.operator_token;
  if (config.server.role != ServerRole::all) settings.service_credential = config.services.credential;
  settings.account_rate = {config.rate.account_per_second, config.rate.account_burst};
  settings.address_rate = {config.rate.address_per_second, config.rate.address_burst};
  return settings;
}

// The ports of a service that another process runs.
template <class Port>
class Elsewhere {
 public:
  Elsewhere(Host& host, ServerRole role, const std::vector<std::string>& addresses,
            std::unique_ptr<Port> (*make)(http::HttpClient&))
      : client_({.name = std::string(role_info(role).name),
                 .addresses = addresses,
                 .credential = host.config.services.credential},
                host.homes(), *host.clock, host.log),
        port_(make(client_)) {}
  Port& port() { return *port_; }

 private:
  http::HttpClient client_;
  std::unique_ptr<Port> port_;
};

}  // namespace

struct Shop::Parts {
  Parts(const Config& settings, Log logger) : host(settings, std::move(logger)) {
    const auto& services = host.config.services;
    if (runs(ServerRole::order)) {
      order.emplace(host);
    } else {
      orders_elsewhere.emplace(host, ServerRole::order, services.order, order::make_remote_orders);
    }
    if (runs(ServerRole::product)) product.emplace(host, orders());
    if (runs(ServerRole::user)) {
      if (!product) {
        products_elsewhere.emplace(host, ServerRole::product, services.product,
                                   product::make_remote_products);
      }
      user.emplace(host, orders(), products());
    }
    if (runs(ServerRole::payment)) {
      payment.emplace(host, orders());
    } else if (order) {
      payments_elsewhere.emplace(host, ServerRole::payment, services.payment, payment::make_remote_payments);
    }
    server.emplace(server_settings(host.config), host.router, host.authenticator, *host.clock, host.io,
                   host.log);
    desk.emplace(watched());
    if (host.config.server.role == ServerRole::all) pages = find_pages(host.config.server.web);
    for (const RoutingTable table : role_info(host.config.server.role).tables) mount(table);
  }

  bool runs(ServerRole role) const {
    return host.config.server.role == ServerRole::all || host.config.server.role == role;
  }
  order::OrderApi& orders() { return order ? order->orders : orders_elsewhere->port(); }
  product::ProductApi& products() { return product ? product->products : products_elsewhere->port(); }
  payment::PaymentApi& payments() { return payment ? payment->payments : payments_elsewhere->port(); }

  OperatorDesk::Watched watched();
  void mount(RoutingTable table);
  void start();
  bool stop(std::chrono::milliseconds deadline);

  Host host;
  std::optional<Elsewhere<order::OrderApi>> orders_elsewhere;
  std::optional<Elsewhere<payment::PaymentApi>> payments_elsewhere;
  std::optional<Elsewhere<product::ProductApi>> products_elsewhere;
  std::optional<OrderPart> order;
  std::optional<ProductPart> product;
  std::optional<UserPart> user;
  std::optional<PaymentPart> payment;
  std::optional<http::Server> server;
  std::optional<OperatorDesk> desk;
  ApiDocs docs;
  RehearsalDesk rehearsals{host.log};
  std::optional<WebPages> pages;
  bool stopped = false;
};

OperatorDesk::Watched Shop::Parts::watched() {
  OperatorDesk::Watched watched{.server = *server,
                                .hashing = host.hashing,
                                .database = host.database,
                                .lists = host.lists,
                                .audits = host.audits,
                                .clock = *host.clock,
                                .orders = {},
                                .payments = {},
                                .databases = {},
                                .read_books = [this] { return books_of(host.config, host.clock->now()); }};
  if (order) {
    watched.orders.emplace(OperatorDesk::Orders{order->orders, order->writer, order->store(), order->gate(),
                                                host.writer.executor(), place_of(host.config, "order"),
                                                order->placer(), order->round_trips()});
  }
  if (payment) {
    watched.payments.emplace(OperatorDesk::Payments{payment->store(), place_of(host.config, "payment")});
  }
  for (const ServerRole role :
       {ServerRole::user, ServerRole::product, ServerRole::order, ServerRole::payment}) {
    if (runs(role)) watched.databases.push_back(place_of(host.config, role_info(role).name));
  }
  return watched;
}

void Shop::Parts::mount(RoutingTable table) {
  switch (table) {
    case RoutingTable::users:
      return host.router.mount(user->users, user::endpoints());
    case RoutingTable::account_endings:
      return host.router.mount(user->ending, user::ending_endpoints());
    case RoutingTable::products:
      return host.router.mount(product->products, product::endpoints());
    case RoutingTable::product_calls:
      return host.router.mount(products(), product::internal_endpoints());
    case RoutingTable::orders:
      return host.router.mount(order->orders, order::endpoints());
    case RoutingTable::order_calls:
      return host.router.mount(orders(), order::internal_endpoints());
    case RoutingTable::payments:
      return host.router.mount(payment->payments, payment::endpoints());
    case RoutingTable::payment_records:
      return host.router.mount(payment->records, payment::record_endpoints());
    case RoutingTable::payment_calls:
      return host.router.mount(payments(), payment::internal_endpoints());
    case RoutingTable::operation:
      return host.router.mount(*desk, operator_endpoints());
    case RoutingTable::books:
      return host.router.mount(*desk, audit_endpoints());
    case RoutingTable::rehearsals:
      return host.router.mount(rehearsals, rehearsal_endpoints());
    case RoutingTable::documentation:
      return host.router.mount(docs, documentation_endpoints());
    case RoutingTable::pages:
      if (pages) host.router.mount(*pages, page_endpoints());
      return;
  }
}

// The ledgers are read before the first request can come.
void Shop::Parts::start() {
  if (host.shared_denylist != nullptr) host.shared_denylist->start();
  if (host.locks) {
    host.locks->start();
    host.locking.start();
  }
  if (order) {
    order->start();
    order->start_jobs(payments());
  }
  if (user) user->start_jobs();
  if (product) product->start_jobs();
  if (payment) payment->start_jobs();
  host.io.start();
  server->start();
  desk->enter(OperatorDesk::Phase::serving);
}

bool Shop::Parts::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(stopped, true)) return true;
  desk->enter(OperatorDesk::Phase::stopping);
  const Monotonic latest = host.clock->monotonic() + deadline;

  // I/O threads outlive the writer: its last answers leave through them.
  bool in_time = server->stop(deadline);
  if (order) in_time = order->stop(latest) && in_time;
  host.io.stop();
  host.writer.stop();
  host.locking.stop();
  host.stop_pools();
  return in_time;
}

Shop::Shop(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Shop::~Shop() {
  parts_->stop(limits::shutdown_deadline);
}

std::unique_ptr<Shop> Shop::start(const Config& config, Log log) {
  std::unique_ptr<Shop> shop(new Shop(std::make_unique<Parts>(config, std::move(log))));
  shop->parts_->start();
  return shop;
}

bool Shop::stop(std::chrono::milliseconds deadline) {
  return parts_->stop(deadline);
}
std::uint16_t Shop::port() const {
  return parts_->server->port();
}
std::string Shop::address() const {
  return "http://" + parts_->host.config.server.host + ":" + std::to_string(port());
}
user::UserService* Shop::users() {
  return parts_->user ? &parts_->user->users : nullptr;
}

std::int64_t Shop::ship(Time as_of) {
  if (!parts_->order) throw std::runtime_error("this server has no orders: ask one of the role order");
  return parts_->order->ship(as_of);
}

}  // namespace buyme::app
