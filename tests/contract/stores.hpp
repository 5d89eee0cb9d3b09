// The order stores under contract.
#pragma once

#include "contract/store_fixture.hpp"
#include "simulation/memory_orders.hpp"

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

}  // namespace buyme::test
