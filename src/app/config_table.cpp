#include "app/config_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "core/limits.hpp"

namespace buyme::app::table {

namespace {

constexpr std::size_t key_bytes = 32;  // of a secret that signs or opens doors
constexpr std::size_t token_bytes = 16;

constexpr std::string_view auth_names[] = {"required", "trusted"};
constexpr std::string_view level_names[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::string_view format_names[] = {"text", "json"};
constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t ten_minutes_ms = 600'000;

void set_auth(Config& config, std::size_t choice) {
  config.auth = static_cast<Auth>(choice);
}
std::size_t get_auth(const Config& config) {
  return static_cast<std::size_t>(config.auth);
}
void set_level(Config& config, std::size_t choice) {
  config.log.level = level_names[choice];
}
std::size_t get_level(const Config& config) {
  return static_cast<std::size_t>(std::ranges::find(level_names, config.log.level) - level_names);
}

constexpr std::string_view without_redis_names[] = {"refuse", "go_on"};
void set_without_redis(Config& config, std::size_t choice) {
  config.redis.sells_without = choice == 1;
}
std::size_t get_without_redis(const Config& config) {
  return config.redis.sells_without ? 1 : 0;
}

void set_format(Config& config, std::size_t choice) {
  config.log.format = static_cast<LogFormat>(choice);
}
std::size_t get_format(const Config& config) {
  return static_cast<std::size_t>(config.log.format);
}

void set_strategy(Config& config, std::size_t choice) {
  config.order.strategy = static_cast<order::Strategy>(choice);
}
std::size_t get_strategy(const Config& config) {
  return static_cast<std::size_t>(config.order.strategy);
}

void set_payment_lock(Config& config, std::size_t choice) {
  config.payment.lock = static_cast<payment::LockKind>(choice);
}
std::size_t get_payment_lock(const Config& config) {
  return static_cast<std::size_t>(config.payment.lock);
}

constexpr std::string_view forwarded_names[] = {"x-forwarded-for", "forwarded"};
void set_forwarded_by(Config& config, std::size_t choice) {
  config.server.forwarded_by = static_cast<http::ForwardedBy>(choice);
}
std::size_t get_forwarded_by(const Config& config) {
  return static_cast<std::size_t>(config.server.forwarded_by);
}

// `member` of `section` as the accessor that a row wants
#define BUYME_AT(type, member) +[](Config& config) -> type& { return config.member; }

const auto role_names = [] {
  std::array<std::string_view, std::size(server_roles)> names;
  std::ranges::transform(server_roles, names.begin(), [](ServerRole role) { return role_info(role).name; });
  return names;
}();
void set_role(Config& config, std::size_t choice) {
  config.server.role = static_cast<ServerRole>(choice);
}
std::size_t get_role(const Config& config) {
  return static_cast<std::size_t>(config.server.role);
}

const std::array all{
    Row{"data_dir", "--data-dir", Text{BUYME_AT(std::string, data_dir)},
        "directory of the databases; one process at a time"},
    Row{"auth", "--auth", Choice{auth_names, set_auth, get_auth},
        "required: buyers come with a token; trusted: the body says who buys (load tests, loopback only)"},
    Row{"server.role", "--role", Choice{role_names, set_role, get_role},
        "the whole shop in this process, or one service of it, which asks the others over HTTP"},
    Row{"server.host", "--host", Text{BUYME_AT(std::string, server.host)}, "IP address to listen on"},
    Row{"server.port", "--port", Integer{BUYME_AT(std::int64_t, server.port), 0, 65'535},
        "port to listen on; 0 takes a free one; without it 8080, of a role 8081 to 8084"},
    Row{"server.io_threads", "--io-threads", Integer{BUYME_AT(std::int64_t, server.io_threads), 1, 256},
        "threads that serve connections"},
    Row{"server.max_connections", "", Integer{BUYME_AT(std::int64_t, server.max_connections), 1, 1'000'000},
        "connections at once; more are answered 503"},
    Row{"server.allowed_origins", "", List{BUYME_AT(std::vector<std::string>, server.allowed_origins)},
        "other sites whose pages may call this shop (CORS), as https://shop.example.com; * is any"},
    Row{"server.trusted_proxies", "", List{BUYME_AT(std::vector<std::string>, server.trusted_proxies)},
        "addresses and networks that say in server.forwarded_by who asks; nobody else is believed"},
    Row{"server.forwarded_by", "", Choice{forwarded_names, set_forwarded_by, get_forwarded_by},
        "the header in which they say it"},
    Row{"server.operator_token", "", Secret{BUYME_AT(std::string, server.operator_token), token_bytes},
        "bearer token with which Prometheus may read /metrics; none: admins alone may"},
    Row{"server.web", "", Text{BUYME_AT(std::string, server.web), false},
        "directory of the pages for browsers (web/dist); none: web beside the program, if it is there"},
    Row{"rate.account_per_second", "", Integer{BUYME_AT(std::int64_t, rate.account_per_second), 0, 1'000'000},
        "changing requests that one account may send; more are answered 429; 0 is any number"},
    Row{"rate.account_burst", "", Integer{BUYME_AT(std::int64_t, rate.account_burst), 1, 1'000'000},
        "and at once, after a pause"},
    Row{"rate.address_per_second", "", Integer{BUYME_AT(std::int64_t, rate.address_per_second), 0, 1'000'000},
        "changing requests from one address, loopback apart; 0 is any number"},
    Row{"rate.address_burst", "", Integer{BUYME_AT(std::int64_t, rate.address_burst), 1, 1'000'000},
        "and at once, after a pause"},
    Row{"rate.address_streams", "", Integer{BUYME_AT(std::int64_t, rate.address_streams), 0, 1'000'000},
        "listeners to live stock from one address, loopback apart; more are answered 429; 0 is any number"},
    Row{"order.hold_seconds", "", Integer{BUYME_AT(std::int64_t, order.hold_seconds), 1, 30 * day_seconds},
        "how long an unpaid order keeps its units"},
    Row{"order.payment_grace_seconds", "",
        Integer{BUYME_AT(std::int64_t, order.payment_grace_seconds), 0, day_seconds},
        "how much the first payment attempt extends the hold"},
    Row{"order.queue", "", Integer{BUYME_AT(std::int64_t, order.queue), 1, 1'000'000},
        "orders that may wait for the writer; more are answered 503"},
    Row{"order.strategy", "", Choice{order::strategy_names, set_strategy, get_strategy},
        "what guards the last unit; all but group-commit, which is the fastest, are there to be compared "
        "with "
        "it (docs/locks.md)"},
    Row{"payment.success_rate", "--payment-success-rate", Real{BUYME_AT(double, payment.success_rate), 0, 1},
        "share of simulated payments that succeed"},
    Row{"payment.latency_ms", "", Integer{BUYME_AT(std::int64_t, payment.latency_ms), 0, ten_minutes_ms},
        "how long a simulated payment takes"},
    Row{"payment.timeout_ms", "", Integer{BUYME_AT(std::int64_t, payment.timeout_ms), 1, ten_minutes_ms},
        "after this a payment's outcome is unknown and is asked for again"},
    Row{"payment.seed", "", Integer{BUYME_AT(std::int64_t, payment.seed), 0, any_positive},
        "decides which simulated payments succeed"},
    Row{"payment.decline_amounts", "", List{BUYME_AT(std::vector<std::string>, payment.decline_amounts)},
        "amounts that a simulated payment is always declined for"},
    Row{"payment.timeout_amounts", "", List{BUYME_AT(std::vector<std::string>, payment.timeout_amounts)},
        "amounts that are always charged and whose first answer is lost"},
    Row{"payment.lock", "", Choice{payment::lock_names, set_payment_lock, get_payment_lock},
        "what keeps two payments of one order apart: a claim in the database, a lock in Redis around it, or "
        "nothing, to see an order charged twice"},
    Row{"user.access_token_seconds", "",
        Integer{BUYME_AT(std::int64_t, user.access_token_seconds), 1,
                std::chrono::seconds{limits::longest_access_token}.count()},
        "how long an access token is good for"},
    Row{"user.refresh_token_seconds", "",
        Integer{BUYME_AT(std::int64_t, user.refresh_token_seconds), 1, 365 * day_seconds},
        "how long a log-in lasts unless it is refreshed"},
    Row{"user.hash_threads", "", Integer{BUYME_AT(std::int64_t, user.hash_threads), 1, 64},
        "threads that hash passwords"},
    Row{"pools.read_threads", "", Integer{BUYME_AT(std::int64_t, pools.read_threads), 1, 64},
        "threads for reads and catalogue writes"},
    Row{"shop.time_zone", "", Text{BUYME_AT(std::string, shop.time_zone)},
        "where days begin and end for shipping, as the time zone database names it"},
    Row{"user.token_key", "", Secret{BUYME_AT(std::string, user.token_key), key_bytes},
        "secret that signs tokens, 32 bytes at least, the same on all servers of one database; without a "
        "database the shop keeps one in data_dir"},
    Row{"database.host", "", Text{BUYME_AT(std::string, database.host), false},
        "MySQL or MariaDB server that several servers share, or the path of its Unix socket; none: files in "
        "data_dir"},
    Row{"database.port", "", Integer{BUYME_AT(std::int64_t, database.port), 1, 65'535}, "its port"},
    Row{"database.user", "", Text{BUYME_AT(std::string, database.user), false}, "account there"},
    Row{"database.password", "", Secret{BUYME_AT(std::string, database.password), 1}, "and its password"},
    Row{"database.tls_ca", "", Text{BUYME_AT(std::string, database.tls_ca), false},
        "file of the authorities that its certificate is checked by; none: no TLS"},
    Row{"database.prefix", "", Text{BUYME_AT(std::string, database.prefix)},
        "what the names of the databases begin with: PREFIX_user, _product, _order, _payment, _provider"},
    Row{"redis.servers", "", List{BUYME_AT(std::vector<std::string>, redis.servers)},
        "HOST:PORT of the Redis that servers of one database share, or of its sentinels"},
    Row{"redis.master", "", Text{BUYME_AT(std::string, redis.master), false},
        "name that the sentinels know the master by; none: redis.servers are Redis itself"},
    Row{"redis.user", "", Text{BUYME_AT(std::string, redis.user), false}, "account there; none: default"},
    Row{"redis.password", "", Secret{BUYME_AT(std::string, redis.password), 1}, "and its password"},
    Row{"redis.when_away", "", Choice{without_redis_names, set_without_redis, get_without_redis},
        "without Redis: go_on selling, slower (the database decides), or refuse orders with 503"},
    Row{"services.order", "", List{BUYME_AT(std::vector<std::string>, services.order)},
        "HOST:PORT of the servers of the role order, whom the other roles ask"},
    Row{"services.payment", "", List{BUYME_AT(std::vector<std::string>, services.payment)},
        "of the role payment, whom order asks"},
    Row{"services.product", "", List{BUYME_AT(std::vector<std::string>, services.product)},
        "of the role product, whom user asks"},
    Row{"services.credential", "", Secret{BUYME_AT(std::string, services.credential), key_bytes},
        "what services show each other, the same for all of them"},
    Row{"log.level", "", Choice{level_names, set_level, get_level}, "what is logged to standard error"},
    Row{"log.format", "", Choice{format_names, set_format, get_format},
        "one line of text or one JSON object each"},
};

#undef BUYME_AT

}  // namespace

std::span<const Row> rows() {
  return all;
}

const Row* find_row(std::string_view path) {
  const auto* row = std::ranges::find(all, path, &Row::path);
  return row == all.end() ? nullptr : row;
}

std::string range_of(const Row& row) {
  return std::visit(
      Overloaded{
          [](const Integer& kind) {
            if (kind.most == any_positive) return fmt::format("a whole number from {}", kind.least);
            return fmt::format("a whole number from {} to {}", kind.least, kind.most);
          },
          [](const Real& kind) { return fmt::format("a number from {} to {}", kind.least, kind.most); },
          [](const Text& kind) {
            return std::string(kind.needed ? "text that is not empty" : "text, or none");
          },
          [](const Secret& kind) {
            return fmt::format("{} to {} bytes, or none", kind.least, limits::max_token_bytes);
          },
          [](const List&) { return std::string("entries between commas, or none"); },
          [](const Choice& kind) { return fmt::format("one of {}", fmt::join(kind.names, ", ")); },
      },
      row.kind);
}

std::string default_of(const Row& row) {
  Config config;
  config.server.port = config.port();
  return std::visit(Overloaded{
                        [&](const Choice& kind) { return std::string(kind.names[kind.get(config)]); },
                        [](const List&) { return std::string(none); },
                        [](const Secret&) { return std::string(none); },
                        [&](const Text& kind) { return kind.needed ? kind.at(config) : std::string(none); },
                        [&](const auto& kind) { return fmt::format("{}", kind.at(config)); },
                    },
                    row.kind);
}

}  // namespace buyme::app::table
