// The settings of a shop, and the only reader of environment, argv and files.
//
// Flags beat the environment, which beats the file. Each setting is one row of the table in config.cpp: its
// path in the file, where it is kept, its bounds and its help line; the environment variable's name follows
// from the path (order.hold_seconds is BUYME_ORDER_HOLD_SECONDS). Defaults are the initial values below.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app/roles.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "http/forwarded.hpp"
#include "order/strategy.hpp"
#include "payment/lock_kind.hpp"

namespace buyme::app {

enum class Auth : std::uint8_t {
  required,  // the caller is who the bearer token says
  trusted,   // the caller is who the body says: for load tests behind a closed door
};

// Half of the cores, the other half being for the order writer and the pools; but two at least: while the
// writer waits for the disk, both cores of a small machine can answer.
std::int64_t default_io_threads();

// "redis.example.com:6379" or "[::1]:6379". Throws std::invalid_argument.
std::pair<std::string, std::uint16_t> host_and_port(std::string_view text);

inline constexpr std::int64_t port_of_role = -1;

struct Config {
  struct Server {
    std::string host = "127.0.0.1";
    ServerRole role = ServerRole::all;
    std::int64_t port = port_of_role;  // 0: any free one
    std::int64_t io_threads = default_io_threads();
    std::int64_t max_connections = limits::max_connections;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> trusted_proxies;
    http::ForwardedBy forwarded_by = http::ForwardedBy::x_forwarded_for;
    std::string operator_token;
    std::string web;  // directory of the pages for browsers; empty: beside the program, if they are there
  };
  struct RateLimits {  // 0 per second: none
    std::int64_t account_per_second = limits::account_rate;
    std::int64_t account_burst = limits::account_burst;
    std::int64_t address_per_second = limits::address_rate;
    std::int64_t address_burst = limits::address_burst;
    std::int64_t address_streams = limits::address_streams;  // 0: any number
  };
  struct Order {
    std::int64_t hold_seconds = 600;
    std::int64_t payment_grace_seconds = 60;
    std::int64_t queue = limits::placement_queue;
    order::Strategy strategy = order::Strategy::group_commit;
  };
  struct Payment {
    double success_rate = 0.8;
    std::int64_t latency_ms = 0;
    std::int64_t timeout_ms = 10'000;
    std::int64_t seed = 1;
    std::vector<std::string> decline_amounts;
    std::vector<std::string> timeout_amounts;
    payment::LockKind lock = payment::LockKind::optimistic;
  };
  struct User {
    std::int64_t access_token_seconds = 3'600;
    std::int64_t refresh_token_seconds = 30 * 86'400;
    std::string token_key;  // what servers that share a database sign tokens with
    std::int64_t hash_threads = 1;
  };
  struct Pools {
    std::int64_t read_threads = 2;
  };
  struct Shop {
    std::string time_zone = "Asia/Seoul";
  };
  // Without a host each service keeps one SQLite file in data_dir. With one, several servers share one shop:
  // what a database holds is `prefix`_user, `prefix`_product, `prefix`_order, `prefix`_payment and
  // `prefix`_provider there, all of which exist already.
  struct Database {
    std::string host;
    std::int64_t port = 3'306;
    std::string user;
    std::string password;
    std::string tls_ca;
    std::string prefix = "buyme";
  };
  // Of a server of one role: where the others are (HOST:PORT), and what they show each other.
  struct Services {
    std::vector<std::string> order, payment, product;
    std::string credential;
  };
  // The stock gate and the list of revoked tokens of servers that share a database.
  struct Redis {
    std::vector<std::string> servers;  // HOST:PORT
    std::string master;                // servers are sentinels, to be asked for this name
    std::string user;
    std::string password;
    bool sells_without = true;
  };
  struct Logging {
    std::string level = "info";
    LogFormat format = LogFormat::text;
  };

  std::string data_dir = "./data";
  Auth auth = Auth::required;
  Server server;
  Order order;
  Payment payment;
  User user;
  Pools pools;
  Shop shop;
  RateLimits rate;
  Database database;
  Redis redis;
  Services services;
  Logging log;

  bool shares_database() const { return !database.host.empty(); }
  std::uint16_t port() const {
    if (server.port == port_of_role) return role_info(server.role).default_port;
    return static_cast<std::uint16_t>(server.port);
  }
};

// A setting that cannot be used. what() names the file and line, the variable or the flag, and the reason.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a person needs to know of a setting. `flag` is empty where only --set reaches it.
struct Setting {
  std::string_view path;
  std::string_view flag;
  std::string_view help;
  std::string range;
  std::string default_value;
};
std::vector<Setting> settings();
std::string environment_name(std::string_view path);

// A setting given on the command line; `flag` is how the person wrote it.
struct FlagValue {
  std::string flag;
  std::string path;
  std::string value;
};

struct Sources {
  std::string file;                      // TOML; empty: none
  std::vector<std::string> environment;  // NAME=value; names that do not begin with BUYME_ are not ours
  std::vector<FlagValue> flags;          // a later one beats an earlier one
};

// Throws ConfigError on the first value that cannot be used; unknown settings are refused everywhere.
Config load_config(const Sources& sources);

// Such as payment.decline_amounts as numbers, ascending. Throws ConfigError for what is no amount of money.
std::vector<std::int64_t> amounts_of(std::string_view path, const std::vector<std::string>& entries);

// Throws ConfigError for values that do not go together. load_config() has done so.
void check(const Config& config);

std::vector<std::string> process_environment();

}  // namespace buyme::app
