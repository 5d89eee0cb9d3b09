#include "support/split_shop.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "db/mysql.hpp"
#include "support/free_port.hpp"

namespace buyme::test {

namespace {

db::MysqlSettings settings_of(const MariadbServer& server, std::string database = {}) {
  db::MysqlSettings settings;
  settings.host = server.host();
  settings.port = server.port();
  settings.user = server.user();
  settings.password = server.password();
  settings.database = std::move(database);
  return settings;
}

void make_databases(const MariadbServer& server, std::string_view prefix) {
  db::Mysql connection(settings_of(server));
  for (const auto* service : {"user", "product", "order", "payment", "provider"}) {
    connection.query(fmt::format("CREATE DATABASE `{}_{}`", prefix, service));
  }
}

}  // namespace

std::string_view name_of(Role role) {
  static constexpr std::string_view names[] = {"user", "product", "order", "payment"};
  return names[static_cast<std::size_t>(role)];
}

SplitShop::SplitShop(Arguments more) {
  make_databases(database_, prefix_);
  for (auto& port : ports_) port = free_port();
  environment_ = {"BUYME_DATABASE_HOST=" + database_.host(),
                  fmt::format("BUYME_DATABASE_PORT={}", database_.port()),
                  "BUYME_DATABASE_USER=" + database_.user(),
                  "BUYME_DATABASE_PASSWORD=" + database_.password(),
                  "BUYME_DATABASE_PREFIX=" + prefix_,
                  fmt::format("BUYME_REDIS_SERVERS=127.0.0.1:{}", redis_.port()),
                  "BUYME_USER_TOKEN_KEY=a key that only these tests sign with",
                  fmt::format("BUYME_SERVICES_CREDENTIAL={}", credential)};
  for (const Role role : {Role::product, Role::order, Role::payment}) {
    std::string variable = fmt::format("BUYME_SERVICES_{}=127.0.0.1:{}", name_of(role), port(role));
    for (char& letter : variable) {
      if (letter == '=') break;
      letter = static_cast<char>(std::toupper(letter));
    }
    environment_.push_back(std::move(variable));
  }
  environment_.insert(environment_.end(), more.begin(), more.end());
  for (const Role role : {Role::order, Role::payment, Role::product, Role::user}) {
    auto& server = servers_[static_cast<std::size_t>(role)];
    server = std::make_unique<ShopProcess>(
        place_.path() / name_of(role),
        Arguments{"--role", std::string(name_of(role)), "--set", fmt::format("server.port={}", port(role))});
    for (const std::string& setting : environment_) server->set_environment(setting);
    server->start();
  }
}

std::int64_t SplitShop::number(Role role, std::string_view query) const {
  db::Mysql connection(settings_of(database_, fmt::format("{}_{}", prefix_, name_of(role))));
  auto row = connection.query(std::string(query));
  return row.next() ? row.integer(0) : 0;
}

}  // namespace buyme::test
