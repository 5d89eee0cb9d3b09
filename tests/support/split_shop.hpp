// A shop of separate services: MariaDB, Redis and one server of each role, as processes of their own.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "support/mariadb_server.hpp"
#include "support/redis_server.hpp"
#include "support/shop_process.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

enum class Role : std::uint8_t { user, product, order, payment };
std::string_view name_of(Role role);

// Belongs to one thread, as its processes do.
class SplitShop {
 public:
  static constexpr std::string_view credential = "shown-by-these-tests-to-one-another";

  // `more` are settings for all of them, as NAME=value. Serves when it returns.
  explicit SplitShop(Arguments more = {});

  ShopProcess& server(Role role) { return *servers_[static_cast<std::size_t>(role)]; }
  std::uint16_t port(Role role) const { return ports_[static_cast<std::size_t>(role)]; }
  HttpClient client(Role role, std::string token = {}) const {
    return HttpClient(port(role), std::move(token));
  }
  // What each of them is started with, as NAME=value.
  const Arguments& environment() const { return environment_; }
  const TempDir& place() const { return place_; }
  // Of the first column and row that a query of the service's database finds.
  std::int64_t number(Role role, std::string_view query) const;
  MariadbServer& database() { return database_; }
  RedisServer& redis() { return redis_; }

 private:
  TempDir place_;
  MariadbServer database_;
  RedisServer redis_;
  std::array<std::uint16_t, 4> ports_{};
  std::string prefix_ = MariadbServer::new_database_name();
  Arguments environment_;
  std::array<std::unique_ptr<ShopProcess>, 4> servers_;
};

}  // namespace buyme::test
