// The same commands on a directory that nobody runs, and through the control socket of a shop that does.
#include "app/operations.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "app/assemble.hpp"
#include "app/temporary_dir.hpp"

namespace buyme::app {
namespace {

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    config_.data_dir = root_.path() / "shop";
    config_.server.port = 0;
    config_.log.level = "off";
  }

  json::object perform_here(const json::object& request) {
    return perform(config_, request, DataDir::Missing::create);
  }

  std::string refusal(const json::object& request) {
    try {
      perform_here(request);
    } catch (const ControlError& error) {
      return error.what();
    }
    return "";
  }

  const json::object create_admin_{
      {"command", "create-admin"}, {"email", "boss@shop.kr"}, {"password", "correct horse"}};
  const TemporaryDir root_{"buyme-operations"};
  Config config_;
};

// A shop as `buyme serve` runs it.
struct RunningShop {
  explicit RunningShop(const Config& settings)
      : config(settings),
        directory(config.data_dir),
        shop(Shop::start(config, make_null_log())),
        control(directory.path(), operations_of(*shop, config, directory, *clock), *clock, make_null_log()) {}

  Config config;
  std::unique_ptr<Clock> clock = make_system_clock();
  DataDir directory;
  std::unique_ptr<Shop> shop;
  ControlServer control;
};

TEST_F(OperationsTest, AdminIsMadeOnADirectoryThatNobodyRuns) {
  EXPECT_EQ(perform_here(create_admin_).at("userId"), 1);
  EXPECT_NE(refusal(create_admin_).find("e-mail"), std::string::npos);
}

TEST_F(OperationsTest, AdminIsMadeWhileTheShopRuns) {
  const RunningShop running(config_);
  EXPECT_EQ(perform_here(create_admin_).at("userId"), 1);
  EXPECT_NE(refusal(create_admin_).find("e-mail"), std::string::npos);
}

TEST_F(OperationsTest, WhatIsWrongWithAnAccountIsSaid) {
  const std::string said =
      refusal({{"command", "create-admin"}, {"email", "boss@shop.kr"}, {"password", "short"}});
  EXPECT_NE(said.find("password"), std::string::npos) << said;
}

TEST_F(OperationsTest, RehearsalAccountsAreAllDifferent) {
  const RunningShop running(config_);
  const RehearsalAccounts accounts = make_rehearsal_accounts(config_, 20, true);
  ASSERT_EQ(accounts.buyers.size(), 20u);
  EXPECT_FALSE(accounts.admin_token.empty());
  std::vector<std::string> tokens{accounts.admin_token};
  for (const auto& buyer : accounts.buyers) tokens.push_back(buyer.token);
  std::ranges::sort(tokens);
  EXPECT_EQ(std::ranges::adjacent_find(tokens), tokens.end());
}

TEST_F(OperationsTest, ShopIsAuditedAndBackedUpRunningAndStopped) {
  {
    const RunningShop running(config_);
    EXPECT_EQ(perform_here({{"command", "audit"}}).at("report").at("passed"), true);
    const std::string to = root_.path() / "running";
    EXPECT_EQ(perform_here({{"command", "backup"}, {"to", to}}).at("report").at("passed"), true);
  }
  EXPECT_EQ(perform_here({{"command", "audit"}}).at("report").at("passed"), true);
  const std::string to = root_.path() / "stopped";
  EXPECT_EQ(perform_here({{"command", "backup"}, {"to", to}}).at("report").at("passed"), true);
}

TEST_F(OperationsTest, BackupIsAShop) {
  const std::string to = root_.path() / "copy";
  {
    const RunningShop running(config_);
    perform_here(create_admin_);
    perform_here({{"command", "backup"}, {"to", to}});
  }
  config_.data_dir = to;
  const RunningShop copy(config_);
  EXPECT_NE(refusal(create_admin_).find("e-mail"), std::string::npos);  // the account is in the copy, too
}

}  // namespace
}  // namespace buyme::app
