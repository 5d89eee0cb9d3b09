// What one setting cannot say of itself.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "app/config.hpp"
#include "core/limits.hpp"
#include "http/client.hpp"

namespace buyme::app {

namespace {

void check_lists(const Config& config) {
  try {
    const http::TrustedProxies checked(config.server.trusted_proxies);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("server.trusted_proxies: {}", error.what()));
  }
  for (const std::string& origin : config.server.allowed_origins) {
    const std::size_t scheme = origin.find("://");
    const bool has_host = scheme != std::string::npos && scheme + 3 < origin.size() &&
                          origin.find('/', scheme + 3) == std::string::npos;
    if (origin == "*" || has_host) continue;
    throw ConfigError(
        fmt::format("server.allowed_origins: \"{}\" is no origin: write scheme, host and port only, as "
                    "https://shop.example.com",
                    origin));
  }
}

void check_addresses(const std::vector<std::string>& addresses, std::string_view setting) {
  try {
    for (const std::string& address : addresses) host_and_port(address);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("{}: {}", setting, error.what()));
  }
}

const std::vector<std::string>& addresses_of(const Config::Services& services, ServerRole role) {
  if (role == ServerRole::order) return services.order;
  return role == ServerRole::payment ? services.payment : services.product;
}

void check_services(const Config& config) {
  const Config::Services& services = config.services;
  check_addresses(services.order, "services.order");
  check_addresses(services.payment, "services.payment");
  check_addresses(services.product, "services.product");
  if (!services.credential.empty() && !http::is_credential(services.credential)) {
    throw ConfigError(fmt::format("services.credential: must be {} to {} visible ASCII characters",
                                  limits::min_credential_bytes, limits::max_credential_bytes));
  }
  const RoleInfo& role = role_info(config.server.role);
  if (role.role == ServerRole::all) return;
  const auto demand = [&](bool there, std::string_view setting) {
    if (there) return;
    throw ConfigError(fmt::format("{}: a server of the role {} needs it", setting, role.name));
  };
  demand(config.shares_database(), "database.host");
  demand(!services.credential.empty(), "services.credential");
  for (const ServerRole upstream : role.upstreams) {
    demand(!addresses_of(services, upstream).empty(), fmt::format("services.{}", role_info(upstream).name));
  }
}

void check_shared(const Config& config) {
  check_addresses(config.redis.servers, "redis.servers");
  if (!config.shares_database()) return;
  const auto demand = [](bool there, std::string_view setting) {
    if (there) return;
    throw ConfigError(fmt::format("{}: servers that share a database (database.host) need it", setting));
  };
  demand(!config.database.user.empty(), "database.user");
  demand(!config.redis.servers.empty(), "redis.servers");
  demand(!config.user.token_key.empty(), "user.token_key");
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (config.database.prefix.size() > 40 || !std::ranges::all_of(config.database.prefix, plain)) {
    throw ConfigError("database.prefix: at most 40 small letters, digits and _");
  }
}

void check_locks(const Config& config) {
  if (!config.redis.servers.empty()) return;
  const auto demand = [](bool needed, std::string_view setting) {
    if (needed)
      throw ConfigError(fmt::format("redis.servers: {} = distributed keeps its locks there", setting));
  };
  demand(config.order.strategy == order::Strategy::distributed, "order.strategy");
  demand(config.payment.lock == payment::LockKind::distributed, "payment.lock");
}

void check_payment(const Config::Payment& payment) {
  const auto declined = amounts_of("payment.decline_amounts", payment.decline_amounts);
  for (const std::int64_t amount : amounts_of("payment.timeout_amounts", payment.timeout_amounts)) {
    if (!std::ranges::binary_search(declined, amount)) continue;
    throw ConfigError(
        fmt::format("payment.timeout_amounts: {} stands in payment.decline_amounts, too", amount));
  }
}

}  // namespace

std::vector<std::int64_t> amounts_of(std::string_view path, const std::vector<std::string>& entries) {
  std::vector<std::int64_t> amounts;
  for (const std::string& entry : entries) {
    std::int64_t amount = 0;
    const char* const end = entry.data() + entry.size();
    const auto parsed = std::from_chars(entry.data(), end, amount);
    if (parsed.ec != std::errc{} || parsed.ptr != end || amount < 0 || amount > limits::max_order_amount) {
      throw ConfigError(fmt::format("{}: \"{}\" is no amount: write whole numbers from 0 to {}", path, entry,
                                    limits::max_order_amount));
    }
    amounts.push_back(amount);
  }
  std::ranges::sort(amounts);
  return amounts;
}

void check(const Config& config) {
  check_lists(config);
  check_shared(config);
  check_services(config);
  check_payment(config.payment);
  check_locks(config);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(config.server.host, error);
  if (error) {
    throw ConfigError(fmt::format("server.host: must be an IP address such as 127.0.0.1 or ::1, not \"{}\"",
                                  config.server.host));
  }
  if (config.auth == Auth::trusted && !address.is_loopback()) {
    throw ConfigError(fmt::format(
        "auth = \"trusted\" lets every caller buy and administer in anybody's name, so it is only "
        "served on a loopback address, not on {}: use 127.0.0.1, or auth = \"required\"",
        config.server.host));
  }
}

}  // namespace buyme::app
