// An operator's commands on a shop whose servers share a database: with its settings in a file, from any
// machine, without a data directory, whether servers run or not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "db/mysql.hpp"
#include "support/mariadb_server.hpp"
#include "support/redis_server.hpp"
#include "support/shop_process.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

namespace {

class SharedCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    server.host = mariadb.host();
    server.port = mariadb.port();
    server.user = mariadb.user();
    server.password = mariadb.password();
    db::Mysql connection(server);
    for (const auto* service : {"user", "product", "order", "payment", "provider"}) {
      connection.query(fmt::format("CREATE DATABASE `{}_{}`", prefix, service));
    }
    std::ofstream(config) << fmt::format(
        "[database]\nhost = \"{}\"\nport = {}\nuser = \"{}\"\npassword = \"{}\"\nprefix = \"{}\"\n"
        "[redis]\nservers = [\"127.0.0.1:{}\"]\n"
        "[user]\ntoken_key = \"a key that only these tests sign with\"\n",
        mariadb.host(), mariadb.port(), mariadb.user(), mariadb.password(), prefix, redis.port());
  }

  CommandResult with_config(Arguments arguments, std::string_view input = {}) {
    arguments.insert(arguments.end(), {"--config", config});
    return run_buyme(arguments, input);
  }

  TempDir place;
  MariadbServer& mariadb = MariadbServer::shared();
  RedisServer redis;
  std::string prefix = MariadbServer::new_database_name();
  std::string config = place.file("shop.toml");
  db::MysqlSettings server;
};

TEST_F(SharedCommands, NeedAFileAndNoDirectory) {
  const CommandResult created = with_config(
      {"admin", "create", "--email", "boss@shop.example", "--password-stdin"}, "correct horse battery\n");
  ASSERT_EQ(created.status, 0) << created.errors;
  const std::string csv = place.file("buyers.csv"), token = place.file("admin.token");
  const CommandResult tokens =
      with_config({"admin", "tokens", "--count", "3", "--csv", csv, "--admin-token", token});
  ASSERT_EQ(tokens.status, 0) << tokens.errors;

  ShopProcess shop(place.path() / "data", {"--config", config});
  shop.start();
  HttpClient boss = shop.client();
  const HttpReply in = boss.post(
      "/api/auth/login", R"({"userEmail":"boss@shop.example","userPassword":"correct horse battery"})");
  ASSERT_EQ(in.status, 200) << in.body;
  boss.use_token(in.text("accessToken"));
  const std::int64_t product = make_product(boss, 3);
  std::ifstream lines(csv);
  std::string line;
  for (int i = 0; i < 2; ++i) std::getline(lines, line);  // behind the names of the columns
  HttpClient buyer = shop.client(line.substr(line.find(',') + 1));
  EXPECT_EQ(buyer.post("/api/orders", order_body(product)).status, 201);

  // While a server runs, and after it.
  EXPECT_EQ(with_config({"admin", "ship"}).status, 0);
  EXPECT_EQ(with_config({"audit"}).status, 0);
  EXPECT_EQ(shop.stop(), 0);
  const CommandResult audit = with_config({"audit", "--json"});
  EXPECT_EQ(audit.status, 0) << audit.errors;
  EXPECT_NE(audit.output.find(R"("passed":true)"), std::string::npos) << audit.output;
  EXPECT_FALSE(std::filesystem::exists("./data")) << "which is where a shop of one process would be";

  db::Mysql(server).query(fmt::format("UPDATE `{}_order`.stock_ledger SET committed = 2", prefix));
  EXPECT_EQ(with_config({"audit"}).status, 1) << "a unit that no order holds";
}

TEST_F(SharedCommands, SayWhatTheyCannotDo) {
  const CommandResult backup = with_config({"backup", "--to", place.file("copy")});
  EXPECT_EQ(backup.status, 1);
  EXPECT_NE(backup.errors.find("own tools"), std::string::npos) << backup.errors;
  std::ofstream(config, std::ios::app) << "[log]\nlevel = \"off\"\n";
  const CommandResult refused = with_config({"audit", "--set", "database.user=nobody"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.errors.find("nobody"), std::string::npos) << refused.errors;
  EXPECT_EQ(refused.errors.find(mariadb.password()), std::string::npos) << "secrets stay secret";
}

}  // namespace

}  // namespace buyme::test
