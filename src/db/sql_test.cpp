#include "db/sql.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "support/temp_dir.hpp"

namespace buyme::db {
namespace {

constexpr Migration schema[] = {
    {1, "things",
     "CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
     "CREATE TABLE part(id INTEGER PRIMARY KEY, thing_id INTEGER NOT NULL REFERENCES thing(id))"}};

class SqlDatabaseTest : public ::testing::Test {
 protected:
  int insert(const std::string& name) {
    return database_.with_transaction([&name](soci::session& session) {
      session << "INSERT INTO thing(name) VALUES(:name)", soci::use(name);
      return 0;
    });
  }
  int integer(const std::string& query) {
    return database_.with_session([&query](soci::session& session) {
      int value = 0;
      session << query, soci::into(value);
      return value;
    });
  }
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

  test::TempDir directory_;
  SqlDatabase database_{directory_.file("it's a.db"), 2, schema};
};

TEST_F(SqlDatabaseTest, SessionsAreDurableAndStrict) {
  EXPECT_EQ(integer("PRAGMA synchronous"), 2);
  EXPECT_EQ(integer("PRAGMA foreign_keys"), 1);
  EXPECT_TRUE(std::filesystem::exists(directory_.file("it's a.db"))) << "any path will do";
}

TEST_F(SqlDatabaseTest, CommitsWhatReturnsAndUndoesWhatThrows) {
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

TEST_F(SqlDatabaseTest, TellsAUniqueViolationFromOtherConstraints) {
  insert("one");
  EXPECT_TRUE(fails_so("INSERT INTO thing(name) VALUES('one')", is_unique_violation));
  EXPECT_TRUE(fails_so("INSERT INTO thing(id, name) VALUES(1, 'two')", is_unique_violation));
  EXPECT_FALSE(fails_so("INSERT INTO thing(name) VALUES(NULL)", is_unique_violation));
  EXPECT_FALSE(fails_so("INSERT INTO part(thing_id) VALUES(99)", is_unique_violation));
  EXPECT_FALSE(fails_so("nonsense", is_unique_violation));
}

TEST_F(SqlDatabaseTest, ConstraintsAreCertainlyUndone) {
  insert("one");
  EXPECT_FALSE(fails_so("INSERT INTO thing(name) VALUES('one')", may_have_committed));
  EXPECT_FALSE(fails_so("INSERT INTO part(thing_id) VALUES(99)", may_have_committed));
}

TEST_F(SqlDatabaseTest, WritersTakeTurns) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) insert(std::to_string(t) + "-" + std::to_string(i));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(integer("SELECT count(*) FROM thing"), 40);
}

TEST_F(SqlDatabaseTest, MoreThreadsThanSessionsWait) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([this, t] { insert(std::to_string(t)); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(integer("SELECT count(*) FROM thing"), 6);
}

}  // namespace
}  // namespace buyme::db
