// The order stores under contract.
#pragma once

#include "contract/store_fixture.hpp"
#include "order/store_mysql.hpp"
#include "simulation/memory_orders.hpp"
#include "support/mariadb_server.hpp"

namespace buyme::test {

inline StoreKind sqlite_store() {
  const auto file = [](const TempDir& place) { return place.file("order.sqlite"); };
  return {
      "sqlite",
      [file](const TempDir& place) { return order::make_sqlite_order_store(file(place), make_null_log()); },
      [file](const TempDir& place, Pool& pool) { return order::make_sqlite_order_reads(file(place), pool); }};
}

// The database of a test's place: it stays while the test opens stores over it.
inline simulation::OrderDatabase& memory_database(const TempDir& place) {
  static std::string of;
  static std::unique_ptr<simulation::OrderDatabase> database;
  if (std::exchange(of, place.path().string()) != place.path().string()) {
    database = std::make_unique<simulation::OrderDatabase>();
  }
  return *database;
}

inline StoreKind memory_store() {
  return {"memory",
          [](const TempDir& place) { return simulation::make_memory_order_store(memory_database(place)); },
          [](const TempDir& place, Pool&) {
            return simulation::make_memory_order_reads(memory_database(place));
          }};
}

// The database of a test's place, on the server that all tests of this process share.
inline db::MysqlSettings mysql_database(const TempDir& place) {
  static std::string of, name;
  const MariadbServer& server = MariadbServer::shared();
  db::MysqlSettings settings;
  settings.port = server.port();
  settings.user = server.user();
  settings.password = server.password();
  if (std::exchange(of, place.path().string()) != place.path().string()) {
    name = MariadbServer::new_database_name();
    db::Mysql(settings).query("CREATE DATABASE " + name);
  }
  settings.database = name;
  return settings;
}

inline StoreKind mysql_store(bool one_by_one = false) {
  static const std::unique_ptr<Clock> clock = make_system_clock();
  return {one_by_one ? "mysql_one_by_one" : "mysql",
          [one_by_one](const TempDir& place) {
            const order::MysqlOrderSettings settings{mysql_database(place), one_by_one};
            return order::make_mysql_order_store(settings, *clock, Random(1, "store"), make_null_log());
          },
          [](const TempDir& place, Pool& pool) {
            return order::make_mysql_order_reads(mysql_database(place), pool, pool);
          }};
}

}  // namespace buyme::test
