#include "app/places.hpp"

#include <fmt/format.h>

#include "app/data_dir.hpp"
#include "app/gate_reading.hpp"
#include "audit/snapshot.hpp"
#include "audit/store_mysql.hpp"
#include "core/random.hpp"
#include "order/store_mysql.hpp"
#include "order/store_sqlite.hpp"

namespace buyme::app {

namespace {

std::string file_of(const Config& config, std::string_view service) {
  return fmt::format("{}/{}.sqlite", config.data_dir, service);
}

// Without a service: the server as a whole.
db::MysqlSettings server_of(const Config& config, std::string_view service = {}) {
  db::MysqlSettings server;
  const std::string& host = config.database.host;
  (host.starts_with('/') ? server.socket : server.host) = host;
  server.port = static_cast<std::uint16_t>(config.database.port);
  server.user = config.database.user;
  server.password = config.database.password;
  if (!service.empty()) server.database = fmt::format("{}_{}", config.database.prefix, service);
  server.tls = !config.database.tls_ca.empty();
  server.tls_ca = config.database.tls_ca;
  return server;
}

}  // namespace

db::DatabaseAddress place_of(const Config& config, std::string_view service) {
  if (!config.shares_database()) return file_of(config, service);
  return server_of(config, service);
}

std::unique_ptr<order::OrderStore> open_order_store(const Config& config, Clock& clock, const Log& log,
                                                    db::RoundTrips trips) {
  if (!config.shares_database()) return order::make_sqlite_order_store(file_of(config, "order"), log);
  order::MysqlOrderSettings settings;
  settings.server = server_of(config, "order");
  settings.server.round_trips = std::move(trips);
  return order::make_mysql_order_store(settings, clock,
                                       Random(hash_bytes(secure_random_bytes(16)), "order-store"), log);
}

order::OpenSession open_order_sessions(const Config& config, Clock& clock, const Log& log,
                                       db::RoundTrips trips) {
  if (!config.shares_database()) {
    return [file = file_of(config, "order"), log] { return order::open_sqlite_session(file, log); };
  }
  db::MysqlSettings server = server_of(config, "order");
  server.round_trips = std::move(trips);
  return [server, &clock, log] { return order::open_mysql_session(server, clock, log); };
}

std::unique_ptr<order::OrderReads> open_order_reads(const Config& config, Pool& pool, Pool& lists) {
  if (!config.shares_database()) return order::make_sqlite_order_reads(file_of(config, "order"), pool, lists);
  return order::make_mysql_order_reads(server_of(config, "order"), pool, lists);
}

TokenKey token_key_of(const Config& config) {
  if (config.shares_database()) return TokenKey(config.user.token_key);
  return TokenKey(load_or_create_token_key(config.data_dir + "/token.key"));
}

redis::Settings redis_settings(const Config& config) {
  redis::Settings settings;
  for (const std::string& text : config.redis.servers) {
    auto [host, port] = host_and_port(text);
    settings.servers.push_back({std::move(host), port});
  }
  settings.master = config.redis.master;
  settings.credentials = {config.redis.user, config.redis.password};
  return settings;
}

audit::Books books_of(const Config& config, Time now) {
  if (!config.shares_database()) return audit::read_books(audit::Snapshot(config.data_dir), now);
  audit::Books books = audit::read_books(server_of(config), config.database.prefix, now);
  read_gate(config, books);
  return books;
}

}  // namespace buyme::app
