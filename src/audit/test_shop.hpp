// The databases of a small shop in order, made with the services' own schemas, for tests to damage.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "audit/snapshot.hpp"
#include "embedded/order_schema.hpp"
#include "embedded/order_schema_fulfilment.hpp"
#include "embedded/order_schema_lists.hpp"
#include "embedded/payment_schema.hpp"
#include "embedded/product_schema.hpp"
#include "embedded/product_schema_edits.hpp"
#include "embedded/provider_schema.hpp"
#include "embedded/user_schema.hpp"
#include "embedded/user_schema_sessions.hpp"
#include "embedded/user_schema_wishes.hpp"

namespace buyme::audit {

// The steps of a service's migrations.
inline std::vector<std::string_view> schema_of(File file) {
  switch (file) {
    case File::user:
      return {embedded::user_schema, embedded::user_schema_sessions, embedded::user_schema_wishes};
    case File::product:
      return {embedded::product_schema, embedded::product_schema_edits};
    case File::provider:
      return {embedded::provider_schema};
    case File::payment:
      return {embedded::payment_schema};
    case File::order:
      return {embedded::order_schema, embedded::order_schema_fulfilment, embedded::order_schema_lists};
  }
  return {};
}

inline constexpr std::string_view no_sync = "PRAGMA synchronous=OFF";  // no test here outlives a power cut

class ShopTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "buyme-audit-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    shop_ = root_ / "shop";
    std::filesystem::create_directory(shop_);
    for (const File file : all_files) {
      db::Sqlite database(shop_ / file_name(file), db::Access::read_write);
      database.execute(no_sync);
      for (const auto step : schema_of(file)) database.execute(step);
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // Changes a file behind the back of its constraints.
  void doctor(File file, std::string_view sql) {
    const db::Sqlite database(shop_ / file_name(file), db::Access::read_write);
    database.execute(no_sync);
    database.execute("PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON");
    database.execute(sql);
  }

  std::filesystem::path root_;
  std::filesystem::path shop_;
};

}  // namespace buyme::audit
