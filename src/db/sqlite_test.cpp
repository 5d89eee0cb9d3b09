#include "db/sqlite.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace buyme::db {
namespace {

TEST(Sqlite, IsDurableAndStrictFromTheStart) {
  const test::TempDir directory;
  const Sqlite database(directory.file("a.db"), Access::read_write);
  Statement mode = database.prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode.step());
  EXPECT_EQ(mode.text(0), "wal");
  EXPECT_EQ(database.query_integer("PRAGMA synchronous"), 2);
  EXPECT_EQ(database.query_integer("PRAGMA foreign_keys"), 1);
}

TEST(Sqlite, BindsAndReadsEveryKindOfValue) {
  const Sqlite database(":memory:", Access::read_write);
  database.execute("CREATE TABLE t(a INTEGER, b TEXT, c TEXT, d TEXT)");
  Statement insert = database.prepare("INSERT INTO t VALUES(?,?,?,?)");
  insert.bind(1, std::int64_t{1} << 62).bind(2, "한글'; --").bind(3, std::string_view()).bind_null(4).run();
  EXPECT_EQ(database.changes(), 1);
  Statement select = database.prepare("SELECT a,b,c,d FROM t");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.integer(0), std::int64_t{1} << 62);
  EXPECT_EQ(select.text(1), "한글'; --");
  EXPECT_FALSE(select.is_null(2)) << "an empty text is not NULL";
  EXPECT_EQ(select.text(2), "");
  EXPECT_TRUE(select.is_null(3));
  EXPECT_FALSE(select.step());
}

TEST(Sqlite, NamesTheKindOfError) {
  const Sqlite database(":memory:", Access::read_write);
  database.execute("CREATE TABLE t(a INTEGER PRIMARY KEY CHECK (a < 10)); INSERT INTO t VALUES(1)");
  for (const char* sql : {"INSERT INTO t VALUES(1)", "INSERT INTO t VALUES(10)"}) {
    Statement statement = database.prepare(sql);
    try {
      statement.run();
      ADD_FAILURE() << sql << " was let through";
    } catch (const SqliteError& error) {
      EXPECT_TRUE(error.is_constraint()) << sql;
      EXPECT_FALSE(error.is_full()) << sql;
      EXPECT_FALSE(error.is_io()) << sql;
    }
  }
  EXPECT_THROW(database.prepare("SELECT nonsense FROM nowhere"), SqliteError);
  EXPECT_THROW(database.execute("nonsense"), SqliteError);
}

TEST(Sqlite, FullDatabaseSaysSo) {
  const Sqlite database(":memory:", Access::read_write);
  database.execute("CREATE TABLE t(a TEXT); PRAGMA max_page_count=4");
  Statement insert = database.prepare("INSERT INTO t VALUES(?)");
  const std::string page(4'096, 'x');
  try {
    for (int i = 0; i < 10; ++i) insert.bind(1, page).run();
    ADD_FAILURE() << "ten pages fit into four";
  } catch (const SqliteError& error) {
    EXPECT_TRUE(error.is_full());
    EXPECT_FALSE(error.is_constraint());
  }
}

TEST(Sqlite, ReadOnlyWritesNothingAndMakesNothing) {
  const test::TempDir directory;
  const std::string path = directory.file("a.db");
  EXPECT_THROW(Sqlite(path, Access::read_only), SqliteError);
  EXPECT_FALSE(std::filesystem::exists(path));
  Sqlite(path, Access::read_write).execute("CREATE TABLE t(a)");
  const Sqlite reader(path, Access::read_only);
  EXPECT_EQ(reader.query_integer("SELECT count(*) FROM t"), 0);
  EXPECT_THROW(reader.execute("INSERT INTO t VALUES(1)"), SqliteError);
}

TEST(Sqlite, UncommittedTransactionLeavesNothing) {
  Sqlite database(":memory:", Access::read_write);
  database.execute("CREATE TABLE t(a)");
  {
    const Transaction transaction(database);
    database.execute("INSERT INTO t VALUES(1)");
  }
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM t"), 0);
  {
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES(1)");
    transaction.commit();
  }
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM t"), 1);
}

TEST(Migrate, AppliesEachStepOnceAndInOrder) {
  Sqlite database(":memory:", Access::read_write);
  constexpr Migration first[] = {{1, "make", "CREATE TABLE t(a)"}};
  constexpr Migration both[] = {{1, "make", "CREATE TABLE t(a)"}, {2, "fill", "INSERT INTO t VALUES(1)"}};
  migrate(database, first);
  migrate(database, both);
  migrate(database, both);
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM schema_migration"), 2);
}

TEST(Migrate, RefusesAStepThatHasChanged) {
  Sqlite database(":memory:", Access::read_write);
  constexpr Migration before[] = {{1, "make", "CREATE TABLE t(a)"}};
  constexpr Migration after[] = {{1, "make", "CREATE TABLE t(b)"}};
  migrate(database, before);
  EXPECT_THROW(migrate(database, after), std::runtime_error);
}

TEST(Migrate, BrokenStepLeavesNothingBehind) {
  Sqlite database(":memory:", Access::read_write);
  constexpr Migration broken[] = {{1, "make", "CREATE TABLE t(a); nonsense"}};
  EXPECT_THROW(migrate(database, broken), SqliteError);
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM sqlite_master WHERE name='t'"), 0);
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM schema_migration"), 0);
}

}  // namespace
}  // namespace buyme::db
