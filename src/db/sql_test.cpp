#include "db/sql.hpp"

#include <gtest/gtest.h>
#include <soci/mysql/soci-mysql.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/limits.hpp"
#include "support/test_database.hpp"

namespace buyme::db {
namespace {

constexpr Migration sqlite_steps[] = {
    {1, "things",
     "CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
     "CREATE TABLE part(id INTEGER PRIMARY KEY, thing_id INTEGER NOT NULL REFERENCES thing(id))"}};
constexpr Migration mysql_steps[] = {
    {1, "things",
     "CREATE TABLE IF NOT EXISTS thing(id BIGINT AUTO_INCREMENT PRIMARY KEY, "
     "name VARCHAR(100) NOT NULL UNIQUE) ENGINE=InnoDB; -- and their parts;\n"
     "CREATE TABLE IF NOT EXISTS part(id BIGINT AUTO_INCREMENT PRIMARY KEY, thing_id BIGINT NOT NULL, "
     "FOREIGN KEY (thing_id) REFERENCES thing(id)) ENGINE=InnoDB"}};
const Schema schema{sqlite_steps, mysql_steps};

int insert_into(SqlDatabase& database, const std::string& name) {
  return database.with_transaction([&name](soci::session& session) {
    session << "INSERT INTO thing(name) VALUES(:name)", soci::use(name);
    return 0;
  });
}

int integer_of(SqlDatabase& database, const std::string& query) {
  return database.with_session([&query](soci::session& session) {
    int value = 0;
    session << query, soci::into(value);
    return value;
  });
}

class SqlDatabaseTest : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  int insert(const std::string& name) { return insert_into(database_, name); }
  int integer(const std::string& query) { return integer_of(database_, query); }
  // The error of a statement that must fail.
  template <class Check>
  bool fails_so(const std::string& sql, Check check) {
    try {
      database_.with_transaction([&sql](soci::session& session) {
        session << sql;
        return 0;
      });
    } catch (const soci::soci_error& error) {
      return check(error);
    }
    ADD_FAILURE() << sql << " was let through";
    return false;
  }

  test::TestDatabase place_{GetParam()};
  SqlDatabase database_{place_.address(), 2, schema};
};

INSTANTIATE_TEST_SUITE_P(Databases, SqlDatabaseTest, test::both_databases(), test::kind_name);

TEST(SqlSessions, AreDurableAndStrictInAFile) {
  const test::TempDir directory;
  SqlDatabase database(directory.file("it's a.db"), 1, schema);
  EXPECT_EQ(integer_of(database, "PRAGMA synchronous"), 2);
  EXPECT_EQ(integer_of(database, "PRAGMA foreign_keys"), 1);
  EXPECT_TRUE(std::filesystem::exists(directory.file("it's a.db"))) << "any path will do";
}

TEST(SqlSessions, AreStrictOnAServer) {
  const test::TestDatabase place(test::DatabaseKind::mysql);
  SqlDatabase database(place.address(), 1, schema);
  EXPECT_EQ(integer_of(database, "SELECT @@tx_isolation = 'READ-COMMITTED'"), 1);
  EXPECT_EQ(integer_of(database, "SELECT @@innodb_lock_wait_timeout"), limits::sql_lock_wait.count());
  EXPECT_EQ(integer_of(database, "SELECT @@character_set_client = 'utf8mb4'"), 1);
  EXPECT_THROW(insert_into(database, std::string(101, 'x')), soci::soci_error) << "nothing is cut off";
  const std::string text = "'); DROP TABLE thing; -- \\ \" 한글 🏠 :name";
  insert_into(database, text);
  const auto found = database.with_session([](soci::session& session) {
    std::string name;
    session << "SELECT name FROM thing", soci::into(name);
    return name;
  });
  EXPECT_EQ(found, text);
}

TEST_P(SqlDatabaseTest, CommitsWhatReturnsAndUndoesWhatThrows) {
  insert("kept");
  EXPECT_THROW(database_.with_transaction([](soci::session& session) -> int {
    session << "INSERT INTO thing(name) VALUES('lost')";
    throw std::domain_error("changed my mind");
  }),
               std::domain_error);
  EXPECT_EQ(integer("SELECT count(*) FROM thing"), 1);
  insert("the session goes on");
  EXPECT_EQ(integer("SELECT count(*) FROM thing"), 2);
}

TEST_P(SqlDatabaseTest, TellsAUniqueViolationFromOtherConstraints) {
  insert("one");
  EXPECT_TRUE(fails_so("INSERT INTO thing(name) VALUES('one')", is_unique_violation));
  EXPECT_TRUE(fails_so("INSERT INTO thing(id, name) VALUES(1, 'two')", is_unique_violation));
  EXPECT_FALSE(fails_so("INSERT INTO thing(name) VALUES(NULL)", is_unique_violation));
  EXPECT_FALSE(fails_so("INSERT INTO part(thing_id) VALUES(99)", is_unique_violation));
  EXPECT_FALSE(fails_so("nonsense", is_unique_violation));
}

TEST_P(SqlDatabaseTest, ConstraintsAreCertainlyUndone) {
  insert("one");
  EXPECT_FALSE(fails_so("INSERT INTO thing(name) VALUES('one')", may_have_committed));
  EXPECT_FALSE(fails_so("INSERT INTO part(thing_id) VALUES(99)", may_have_committed));
}

TEST_P(SqlDatabaseTest, WritersTakeTurns) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) insert(std::to_string(t) + "-" + std::to_string(i));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(integer("SELECT count(*) FROM thing"), 40);
}

TEST_P(SqlDatabaseTest, MoreThreadsThanSessionsWait) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([this, t] { insert(std::to_string(t)); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(integer("SELECT count(*) FROM thing"), 6);
}

// --- what only a server can do to us

class MysqlTest : public ::testing::Test {
 protected:
  int things() { return integer_of(database_, "SELECT COUNT(*) FROM thing"); }

  test::MariadbServer server_;
  test::TestDatabase place_{server_};
  SqlDatabase database_{place_.address(), 3, schema};
};

TEST_F(MysqlTest, GoesOnAfterTheServerWasKilledAndStartedAgain) {
  insert_into(database_, "before");
  EXPECT_EQ(things(), 1);
  for (int restart = 0; restart < 2; ++restart) {
    server_.kill();
    EXPECT_THROW(things(), soci::soci_error);
    EXPECT_THROW(insert_into(database_, "nowhere"), soci::soci_error);
    server_.start();
    for (int i = 0; i < 4; ++i) insert_into(database_, std::to_string(restart) + std::to_string(i));
    EXPECT_EQ(things(), 1 + 4 * (restart + 1));
  }
}

// Every session of the pool is stale after it, and none may cost anybody an answer.
TEST_F(MysqlTest, ARestartBetweenTwoCallsIsNotNoticed) {
  std::vector<std::unique_ptr<SqlDatabase::Lease>> leases;
  for (int i = 0; i < 3; ++i) {
    leases.push_back(std::make_unique<SqlDatabase::Lease>(database_));
    leases.back()->session();
  }
  leases.clear();
  server_.kill();
  server_.start();
  EXPECT_EQ(things(), 0);
  insert_into(database_, "one");
  insert_into(database_, "two");
  EXPECT_EQ(things(), 2);
}

TEST_F(MysqlTest, AConnectionLostBeforeTheCommitIsDoneAnew) {
  int runs = 0;
  database_.with_transaction([&](soci::session& session) {
    session << "INSERT INTO thing(name) VALUES('once')";
    if (++runs == 1) {
      long long self = 0;
      session << "SELECT CONNECTION_ID()", soci::into(self);
      place_.execute("KILL " + std::to_string(self));
    }
    session << "INSERT INTO thing(name) VALUES('twice')";
    return 0;
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(things(), 2);
}

TEST_F(MysqlTest, ACommitWithoutAnAnswerIsUnknown) {
  const auto cut_off = [&](soci::session& session) {
    session << "INSERT INTO thing(name) VALUES('perhaps')";
    server_.kill();
    return 0;
  };
  EXPECT_THROW(database_.with_transaction(cut_off), CommitUnknown);
  server_.start();
  EXPECT_EQ(things(), 0);
}

// Two transactions that take two rows crosswise.
TEST_F(MysqlTest, ADeadlockIsRunAgain) {
  place_.execute("INSERT INTO thing(id, name) VALUES(1, 'a'), (2, 'b')");
  std::atomic<int> holding{0}, runs{0};
  const auto crosswise = [&](int first, int second) {
    bool met = false;
    database_.with_transaction([&](soci::session& session) {
      ++runs;
      session << "UPDATE thing SET name = CONCAT(name, '!') WHERE id = :id", soci::use(first);
      if (!std::exchange(met, true)) {
        for (++holding; holding < 2;) std::this_thread::yield();
      }
      session << "UPDATE thing SET name = CONCAT(name, '!') WHERE id = :id", soci::use(second);
      return 0;
    });
  };
  std::thread other([&] { crosswise(2, 1); });
  crosswise(1, 2);
  other.join();
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(integer_of(database_, "SELECT COUNT(*) FROM thing WHERE name IN ('a!!', 'b!!')"), 2);
}

TEST_F(MysqlTest, ALockThatIsNotGrantedIsNoMatterForEver) {
  insert_into(database_, "row");
  SqlDatabase::Lease holder(database_);
  holder.session() << "START TRANSACTION";
  holder.session() << "UPDATE thing SET name = 'held'";
  try {
    database_.with_transaction([](soci::session& session) {
      session << "UPDATE thing SET name = 'wanted'";
      return 0;
    });
    ADD_FAILURE() << "the lock was granted twice";
  } catch (const soci::soci_error& error) {
    EXPECT_TRUE(is_transient(error));
    EXPECT_FALSE(is_lost(error));
  }
  holder.roll_back();
}

TEST_F(MysqlTest, ServersThatStartAtOnceMakeTheSchemaOnce) {
  const test::TestDatabase fresh(server_);
  std::atomic<int> started{0};
  std::vector<std::thread> servers;
  for (int i = 0; i < 4; ++i) {
    servers.emplace_back([&] {
      SqlDatabase database(fresh.address(), 1, schema);
      ++started;
    });
  }
  for (auto& thread : servers) thread.join();
  EXPECT_EQ(started, 4);
  EXPECT_EQ(fresh.integer("SELECT COUNT(*) FROM schema_migration WHERE complete = 1"), 1);
}

TEST_F(MysqlTest, AStepThatHasChangedIsRefused) {
  constexpr Migration changed[] = {{1, "things", "CREATE TABLE IF NOT EXISTS thing(id BIGINT)"}};
  EXPECT_THROW(SqlDatabase(place_.address(), 1, Schema{{}, changed}), std::runtime_error);
}

TEST_F(MysqlTest, AStepThatWasInterruptedIsGoneOnWith) {
  constexpr Migration steps[] = {mysql_steps[0],
                                 {2, "more",
                                  "CREATE TABLE IF NOT EXISTS half(id BIGINT) ENGINE=InnoDB;"
                                  "CREATE TABLE IF NOT EXISTS whole(id BIGINT) ENGINE=InnoDB"}};
  SqlDatabase(place_.address(), 1, Schema{{}, steps});
  place_.execute("DROP TABLE whole");
  place_.execute("UPDATE schema_migration SET statements_done = 1, complete = 0 WHERE version = 2");
  SqlDatabase(place_.address(), 1, Schema{{}, steps});
  EXPECT_EQ(place_.integer("SELECT COUNT(*) FROM schema_migration WHERE complete = 1"), 2);
  EXPECT_EQ(place_.integer("SELECT COUNT(*) FROM whole"), 0);
}

TEST(MysqlServers, OneThatMayLoseCommitsIsRefused) {
  test::MariadbServer careless({"--innodb-flush-log-at-trx-commit=2"});
  const test::TestDatabase place(careless);
  EXPECT_THROW(SqlDatabase(place.address(), 1, schema), std::runtime_error);
}

// What MySQL says and MariaDB does not: a session that was idle for too long, or killed, is told so before
// the server hangs up.
TEST(SqlErrors, ASessionThatMysqlHasEndedIsALostOne) {
  for (const int code : {4'031, 3'169}) {
    const soci::mysql_soci_error ended("The client was disconnected by the server", code);
    EXPECT_TRUE(is_lost(ended)) << code;
    EXPECT_TRUE(is_transient(ended)) << code;
    EXPECT_TRUE(may_have_committed(ended)) << code;
  }
}

}  // namespace
}  // namespace buyme::db
