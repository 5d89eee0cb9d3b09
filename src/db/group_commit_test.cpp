#include "db/group_commit_fixture.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <future>

#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace buyme::db {
namespace {

constexpr Migration steps[] = {
    {1, "test",
     "CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
     "CREATE TABLE part(thing INTEGER REFERENCES thing(id) DEFERRABLE INITIALLY DEFERRED);"}};

const Schema schema{steps, {}};

Result<int> insert(soci::session& session, const std::string& name) {
  session << "INSERT INTO thing(name) VALUES(:name)", soci::use(name);
  return 1;
}

std::int64_t count(const std::string& path) {
  return Sqlite(path, db::Access::read_only).query_integer("SELECT COUNT(*) FROM thing");
}

class GroupCommitTest : public GroupCommitFixture {
 protected:
  std::unique_ptr<GroupCommit> open(std::size_t queue_limit = 100) {
    GroupCommitSettings settings{"test", path};
    settings.queue_limit = queue_limit;
    return std::make_unique<GroupCommit>(settings, schema, make_null_log());
  }

  static auto inserting(std::string name) {
    return [name = std::move(name)](soci::session& session) { return insert(session, name); };
  }

  test::TempDir dir;
  std::string path = dir.file("test.sqlite");
};

TEST_F(GroupCommitTest, JobsThatWaitShareOneTransaction) {
  auto writer = open();
  run_in_one_round(*writer, [&] {
    for (std::size_t i = 1; i < 9; ++i) start(*writer, i, inserting("name " + std::to_string(i)));
  });
  for (std::size_t i = 1; i < 9; ++i) EXPECT_EQ(outcomes[i]->value(), 1);
  EXPECT_EQ(writer->counts().rounds, 2u);
  EXPECT_EQ(writer->counts().jobs, 9u);
  EXPECT_EQ(count(path), 8);
}

TEST_F(GroupCommitTest, CommitsAreSynced) {
  auto writer = open();
  const auto pragmas = [](soci::session& session) -> Result<int> {
    int synchronous = 0, foreign_keys = 0;
    session << "PRAGMA synchronous", soci::into(synchronous);
    session << "PRAGMA foreign_keys", soci::into(foreign_keys);
    return synchronous * 10 + foreign_keys;
  };
  EXPECT_EQ(test::run(writer->run(pragmas)).value(), 21);  // FULL, on
}

TEST_F(GroupCommitTest, AFailingNeighbourIsUndoneAlone) {
  auto writer = open();
  run_in_one_round(*writer, [&] {
    start(*writer, 1, inserting("same"));
    start(*writer, 2, [](soci::session& session) -> Result<int> {
      insert(session, "left behind").value();
      return insert(session, "same");  // violates UNIQUE
    });
    start(*writer, 3, [](soci::session& session) -> Result<int> {
      insert(session, "regretted").value();
      return Failure(Error::illegal_state, "no");
    });
    start(*writer, 4, inserting("other"));
  });

  EXPECT_EQ(outcomes[1]->value(), 1);
  EXPECT_EQ(outcomes[2]->error().error, Error::store_unavailable);
  EXPECT_EQ(outcomes[3]->error().error, Error::illegal_state);
  EXPECT_EQ(outcomes[4]->value(), 1);
  EXPECT_EQ(writer->counts().rounds, 2u);
  EXPECT_EQ(count(path), 2);  // "same" and "other"
}

TEST_F(GroupCommitTest, AForeignExceptionReachesItsCallerAlone) {
  auto writer = open();
  const auto broken = [](soci::session& session) -> Result<int> {
    insert(session, "half").value();
    throw std::logic_error("a bug");
  };
  EXPECT_THROW((void)test::run(writer->run(broken)), std::logic_error);
  EXPECT_EQ(test::run(writer->run(inserting("after"))).value(), 1);
  EXPECT_EQ(count(path), 1);
}

TEST_F(GroupCommitTest, ARefusedCommitFailsItsWholeRoundAndNoOther) {
  auto writer = open();
  run_in_one_round(*writer, [&] {
    start(*writer, 1, inserting("one"));
    start(*writer, 2, [](soci::session& session) -> Result<int> {
      session << "INSERT INTO part VALUES(999)";  // found wanting only at COMMIT
      return 1;
    });
  });
  EXPECT_EQ(outcomes[1]->error().error, Error::store_unavailable);
  EXPECT_EQ(outcomes[2]->error().error, Error::store_unavailable);
  EXPECT_EQ(count(path), 0);
  EXPECT_EQ(test::run(writer->run(inserting("after"))).value(), 1);
  EXPECT_EQ(count(path), 1);
}

TEST_F(GroupCommitTest, ATransactionLostInsideAJobFailsItsRound) {
  auto writer = open();
  run_in_one_round(*writer, [&] {
    start(*writer, 1, inserting("one"));
    start(*writer, 2, [](soci::session& session) -> Result<int> {
      session << "ROLLBACK";  // as a full disk may do behind a statement's back
      return 1;
    });
    start(*writer, 3, inserting("three"));
  });
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(outcomes[i]->error().error, Error::store_unavailable) << i;
  EXPECT_EQ(count(path), 0);
  EXPECT_FALSE(writer->can_write()) << "readiness hears of it";
}

TEST_F(GroupCommitTest, AFullQueueRefusesAtOnce) {
  auto writer = open(2);
  Brake brake;
  start(*writer, 0, [&brake](soci::session&) { return brake.hold(); });
  context.poll();
  brake.wait_until_held();
  for (std::size_t i = 1; i < 4; ++i) start(*writer, i, inserting("name " + std::to_string(i)));
  while (!outcomes[3]) context.poll();
  EXPECT_EQ(outcomes[3]->error().error, Error::overloaded);
  EXPECT_FALSE(outcomes[1].has_value());
  brake.release();
  context.run();
  EXPECT_EQ(count(path), 2);
}

TEST_F(GroupCommitTest, DestructionFinishesTheRoundAndDropsWhatWaits) {
  auto writer = open(1'000'000);
  Brake brake;
  start(*writer, 0, [&brake](soci::session& session) {
    (void)insert(session, "running");
    return brake.hold();
  });
  context.poll();
  brake.wait_until_held();
  start(*writer, 1, inserting("waiting"));
  context.poll();
  GroupCommit& dying = *writer;
  auto destroyed = std::async(std::launch::async, [&writer] { writer.reset(); });
  while (!outcomes[2]) {  // until it refuses new jobs: the destructor has begun
    start(dying, 2, inserting("too late"));
    context.poll();
  }
  brake.release();
  destroyed.wait();
  context.run();
  EXPECT_EQ(count(path), 1);
  EXPECT_TRUE(outcomes[0].has_value());
  EXPECT_FALSE(outcomes[1].has_value());
}

using GroupCommitDeathTest = GroupCommitTest;

TEST_F(GroupCommitDeathTest, AnIoErrorAtCommitEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto commit_on_a_broken_disk = [this] {
    auto writer =
        std::make_unique<GroupCommit>(GroupCommitSettings{"test", path}, schema, make_stderr_log("info"));
    (void)test::run(writer->run(inserting("fits")));
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit nothing_more{4096, 4096};  // the write-ahead log is longer already: write() fails with EFBIG
    ::setrlimit(RLIMIT_FSIZE, &nothing_more);
    (void)test::run(writer->run(inserting("does not fit")));
  };
  EXPECT_DEATH(commit_on_a_broken_disk(), "outcome of a COMMIT is unknown");
}

}  // namespace
}  // namespace buyme::db
