// The client and the migrations, on a real MariaDB.
#include "db/mysql.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "db/health.hpp"
#include "db/mysql_migrations.hpp"
#include "support/mariadb_server.hpp"
#include "support/test_clock.hpp"

namespace buyme::test {

namespace {

using db::MysqlError;

db::MysqlSettings settings_of(const MariadbServer& server) {
  return {.port = server.port(), .user = server.user(), .password = server.password()};
}

db::MysqlSettings new_database() {
  db::MysqlSettings settings = settings_of(MariadbServer::shared());
  const std::string name = MariadbServer::new_database_name();
  db::Mysql(settings).query("CREATE DATABASE " + name);
  settings.database = name;
  return settings;
}

template <class Work>
MysqlError error_of(Work work) {
  try {
    work();
  } catch (const MysqlError& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {0, 0, ""};
}

TEST(Mysql, TextsComeBackByteByByte) {
  db::Mysql database(new_database());
  for (const std::string text : {"", "'", "\\", "a'; DROP TABLE orders; --",
                                 "\xed\x95\x9c\xea\xb5\xad \xf0\x9f\x8e\x81", "\n\"%_\r"}) {
    auto row = database.query("SELECT " + database.quote(text));
    ASSERT_TRUE(row.next());
    EXPECT_EQ(row.text(0), text);
  }
  const std::string nul("a\0b", 3);
  auto row = database.query("SELECT " + database.quote(nul) + ", NULL, -9223372036854775808");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.text(0), nul);
  EXPECT_TRUE(row.is_null(1));
  EXPECT_EQ(row.integer(2), std::numeric_limits<std::int64_t>::min());
}

TEST(Mysql, APacketStopsAtItsFirstError) {
  for (const bool one_by_one : {false, true}) {
    db::Mysql database(new_database());
    database.query("CREATE TABLE t(a INT PRIMARY KEY, CHECK (a < 10))");
    db::MysqlPacket packet;
    packet.add("INSERT INTO t VALUES (1), (2)");
    packet.add("SELECT a FROM t");
    packet.add("INSERT INTO t VALUES (11)");
    packet.add("INSERT INTO t VALUES (3)");
    const MysqlError error = error_of([&] { database.run(packet, one_by_one); });
    EXPECT_EQ(error.statement(), 2u);
    EXPECT_TRUE(error.is_constraint());
    EXPECT_FALSE(error.is_lost() || error.is_duplicate() || error.is_contended());
    auto count = database.query("SELECT COUNT(*) FROM t");
    ASSERT_TRUE(count.next());
    EXPECT_EQ(count.integer(0), 2);
    EXPECT_TRUE(error_of([&] { database.query("INSERT INTO t VALUES (1)"); }).is_duplicate());
  }
}

TEST(Mysql, ASessionLetsGoInSeconds) {
  db::Mysql database(new_database());
  auto row = database.query(
      "SELECT @@tx_isolation, @@innodb_lock_wait_timeout, @@wait_timeout, @@character_set_connection");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.text(0), "READ-COMMITTED");
  EXPECT_EQ(row.integer(1), 1);
  EXPECT_LE(row.integer(2), 10);
  EXPECT_EQ(row.text(3), "utf8mb4");
}

TEST(Mysql, AConnectionThatIsKilledIsLost) {
  const auto settings = new_database();
  db::Mysql victim(settings), killer(settings);
  killer.query("KILL " + std::to_string(victim.session_id()));
  EXPECT_TRUE(error_of([&] { victim.query("SELECT 1"); }).is_lost());
  EXPECT_FALSE(victim.answers());
}

TEST(Mysql, TellsHowFarTwoClocksAreApart) {
  TestClock clock;
  const db::DatabaseAddress address(new_database());
  const auto minutes_ahead = [&] {
    const db::Health health = db::look_at(address, clock);
    EXPECT_TRUE(health.answers);
    return std::chrono::round<std::chrono::minutes>(health.clock_ahead).count();
  };
  EXPECT_EQ(minutes_ahead(), 0);
  clock.advance(std::chrono::hours{1});
  EXPECT_EQ(minutes_ahead(), 60);
  clock.advance(-std::chrono::hours{2});
  EXPECT_EQ(minutes_ahead(), -60);
}

TEST(Mysql, WhoWantsTlsDoesNotTalkInTheClear) {
  auto settings = new_database();
  settings.tls = true;
  EXPECT_TRUE(error_of([&] { db::Mysql database(settings); }).is_lost());
}

TEST(MysqlMigrations, ServersThatStartAtOnceApplyEachStepOnce) {
  const auto settings = new_database();
  static constexpr db::Migration steps[] = {{1, "one", "CREATE TABLE a(x INT); INSERT INTO a VALUES (1);"},
                                            {2, "two", "INSERT INTO a VALUES (2); -- and no more;\n"}};
  std::vector<std::thread> servers;
  for (int i = 0; i < 4; ++i) servers.emplace_back([&] { db::migrate(settings, steps); });
  for (auto& server : servers) server.join();
  db::Mysql database(settings);
  auto row = database.query("SELECT COUNT(*) FROM a");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 2);
}

TEST(MysqlMigrations, AStepThatWasChangedIsRefused) {
  const auto settings = new_database();
  static constexpr db::Migration before[] = {{1, "one", "CREATE TABLE a(x INT);"}};
  static constexpr db::Migration after[] = {{1, "one", "CREATE TABLE a(x BIGINT);"}};
  db::migrate(settings, before);
  db::migrate(settings, before);
  EXPECT_THROW(db::migrate(settings, after), std::runtime_error);
}

TEST(MysqlMigrations, AStepThatACrashLeftHalfDoneIsGoneOnWith) {
  const auto settings = new_database();
  static constexpr db::Migration steps[] = {
      {1, "one", "CREATE TABLE a(x INT); CREATE TABLE b(x INT); CREATE TABLE c(x INT)"}};
  db::migrate(settings, steps);
  db::Mysql database(settings);
  database.query("DROP TABLE c");  // as if it had ended when b stood but was not counted yet
  database.query("UPDATE schema_migration SET statements_done = 1, complete = 0");
  db::migrate(settings, steps);
  auto row = database.query("SELECT COUNT(*) FROM c");
  EXPECT_TRUE(row.next());
}

TEST(MysqlDurability, AServerThatMayForgetWhatItAnsweredIsRefused) {
  const auto judge = [](std::vector<std::string> options) {
    const MariadbServer server(std::move(options));
    db::Mysql database(settings_of(server));
    db::require_durable(database);
  };
  EXPECT_NO_THROW(judge({}));
  EXPECT_THROW(judge({"--innodb-flush-log-at-trx-commit=2"}), std::runtime_error);
  EXPECT_THROW(judge({"--log-bin=log", "--sync-binlog=0"}), std::runtime_error);
  EXPECT_NO_THROW(judge({"--log-bin=log", "--sync-binlog=1"}));
  EXPECT_THROW(judge({"--max-allowed-packet=1M"}), std::runtime_error);
}

}  // namespace

}  // namespace buyme::test
