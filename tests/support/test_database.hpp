// A database of a test's own, of either kind: what runs over both is a test with this as its parameter.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "db/address.hpp"
#include "support/mariadb_server.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

enum class DatabaseKind { sqlite, mysql };

inline void PrintTo(DatabaseKind kind, std::ostream* out) {
  *out << (kind == DatabaseKind::sqlite ? "sqlite" : "mysql");
}

inline auto both_databases() {
  return ::testing::Values(DatabaseKind::sqlite, DatabaseKind::mysql);
}

inline std::string kind_name(const ::testing::TestParamInfo<DatabaseKind>& info) {
  return info.param == DatabaseKind::sqlite ? "sqlite" : "mysql";
}

// Empty at first. A schema of `server` when it is MySQL.
class TestDatabase {
 public:
  explicit TestDatabase(DatabaseKind kind) : TestDatabase(kind, nullptr) {}
  explicit TestDatabase(MariadbServer& server) : TestDatabase(DatabaseKind::mysql, &server) {}

  const db::DatabaseAddress& address() const { return address_; }
  bool is_mysql() const { return address_.mysql() != nullptr; }

  // Behind the back of whoever has it open.
  void execute(const std::string& sql) const;
  std::int64_t integer(const std::string& query) const;

 private:
  TestDatabase(DatabaseKind kind, MariadbServer* server);

  TempDir place_;
  db::DatabaseAddress address_;
};

}  // namespace buyme::test
