// Group commit where other servers write to the same rows, and connections get lost.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "db/group_commit_fixture.hpp"
#include "support/lossy_proxy.hpp"
#include "support/run.hpp"
#include "support/test_database.hpp"

namespace buyme::db {
namespace {

using namespace std::chrono_literals;
using test::LossyProxy;

constexpr Migration steps[] = {
    {1, "test",
     "CREATE TABLE IF NOT EXISTS thing(id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
     "name VARCHAR(100) UNIQUE, count BIGINT NOT NULL DEFAULT 0) ENGINE=InnoDB;"
     "CREATE TABLE IF NOT EXISTS commit_writers(writer BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
     "seq BIGINT NOT NULL) ENGINE=InnoDB;"}};
const Schema schema{{}, steps};

auto inserting(std::string name) {
  return [name = std::move(name)](soci::session& session) -> Result<int> {
    session << "INSERT INTO thing(name) VALUES(:name)", soci::use(name);
    return 1;
  };
}

auto regretting(std::string name) {
  return [name = std::move(name)](soci::session& session) -> Result<int> {
    inserting(name)(session).value();
    return Failure(Error::illegal_state, "no");
  };
}

class GroupCommitOnAServer : public GroupCommitFixture {
 protected:
  std::unique_ptr<GroupCommit> open(DatabaseAddress address) {
    return std::make_unique<GroupCommit>(GroupCommitSettings{"test", std::move(address)}, schema,
                                         make_null_log());
  }
  std::unique_ptr<GroupCommit> open() { return open(place_.address()); }
  std::unique_ptr<GroupCommit> open_through(const LossyProxy& proxy) {
    MysqlSettings address = *place_.address().mysql();
    address.port = proxy.port();
    return open(address);
  }
  std::int64_t things() { return place_.integer("SELECT COUNT(*) FROM thing"); }

  test::TestDatabase place_{test::DatabaseKind::mysql};
};

TEST_F(GroupCommitOnAServer, ALoneJobThatFailsIsUndone) {
  auto writer = open();
  EXPECT_EQ(test::run(writer->run(inserting("same"))).value(), 1);
  EXPECT_EQ(test::run(writer->run(inserting("same"))).error().error, Error::store_unavailable);
  EXPECT_EQ(test::run(writer->run(regretting("other"))).error().error, Error::illegal_state);
  EXPECT_EQ(things(), 1);
}

TEST_F(GroupCommitOnAServer, AFailingNeighbourIsUndoneAlone) {
  auto writer = open();
  run_in_one_round(*writer, [&] {
    start(*writer, 1, inserting("same"));
    start(*writer, 2, [](soci::session& session) -> Result<int> {
      inserting("left behind")(session).value();
      return inserting("same")(session);  // violates UNIQUE
    });
    start(*writer, 3, regretting("regretted"));
    start(*writer, 4, inserting("other"));
  });
  EXPECT_EQ(outcomes[1]->value(), 1);
  EXPECT_EQ(outcomes[2]->error().error, Error::store_unavailable);
  EXPECT_EQ(outcomes[3]->error().error, Error::illegal_state);
  EXPECT_EQ(outcomes[4]->value(), 1);
  EXPECT_EQ(writer->counts().rounds, 2u);
  EXPECT_EQ(things(), 2);  // "same" and "other"
}

// Each raises two counters in an order of its own, so that their transactions deadlock again and again.
TEST_F(GroupCommitOnAServer, RoundsThatCollideAreAllCommitted) {
  auto one = open(), two = open();
  place_.execute("INSERT INTO thing(name) VALUES('a'), ('b')");
  constexpr int jobs = 40;
  const auto raise_both = [](GroupCommit& writer, std::string first, std::string second) {
    int done = 0;
    for (int i = 0; i < jobs; ++i) {
      const auto raise = [&](soci::session& session) -> Result<int> {
        session << "UPDATE thing SET count = count + 1 WHERE name = :name", soci::use(first);
        session << "UPDATE thing SET count = count + 1 WHERE name = :name", soci::use(second);
        return 1;
      };
      for (int tries = 0; tries < 5; ++tries) {
        if (!test::run(writer.run(raise))) continue;
        ++done;
        break;
      }
    }
    return done;
  };
  auto other = std::async(std::launch::async, [&] { return raise_both(*two, "b", "a"); });
  const int done = raise_both(*one, "a", "b") + other.get();
  EXPECT_EQ(done, 2 * jobs);
  EXPECT_EQ(place_.integer("SELECT SUM(count) FROM thing"), 2 * done);
}

// The server took the commit; its answer was lost. The row of the writer says so.
TEST_F(GroupCommitOnAServer, ACommitWhoseAnswerIsLostCounts) {
  LossyProxy proxy(test::MariadbServer::shared().port());
  auto writer = open_through(proxy);
  ASSERT_TRUE(test::run(writer->run(inserting("before"))));
  proxy.lose("COMMIT", LossyProxy::Lost::answer);
  auto letting_in = std::async(std::launch::async, [&] {
    while (!proxy.has_lost()) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(150ms);
    proxy.let_in();
  });
  EXPECT_EQ(test::run(writer->run(inserting("once"))).value(), 1);
  letting_in.get();
  EXPECT_EQ(things(), 2);
  EXPECT_EQ(writer->counts().jobs, 2u);
  const auto after = test::run(writer->run(inserting("after")));
  EXPECT_TRUE(after) << after.error().detail;
}

TEST_F(GroupCommitOnAServer, ACommitThatNeverArrivedIsMadeAnew) {
  LossyProxy proxy(test::MariadbServer::shared().port());
  auto writer = open_through(proxy);
  ASSERT_TRUE(test::run(writer->run(inserting("before"))));
  proxy.lose("COMMIT", LossyProxy::Lost::question);
  std::atomic<int> runs{0};
  const auto work = [&](soci::session& session) {
    ++runs;
    return inserting("once")(session);
  };
  auto letting_in = std::async(std::launch::async, [&] {
    while (!proxy.has_lost()) std::this_thread::sleep_for(1ms);
    proxy.let_in();
  });
  EXPECT_EQ(test::run(writer->run(work)).value(), 1);
  letting_in.get();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(things(), 2);
}

TEST_F(GroupCommitOnAServer, WithoutAServerToAskTheOutcomeIsUnknown) {
  LossyProxy proxy(test::MariadbServer::shared().port());
  auto writer = open_through(proxy);
  ASSERT_TRUE(test::run(writer->run(inserting("before"))));
  proxy.lose("COMMIT", LossyProxy::Lost::answer);
  EXPECT_EQ(test::run(writer->run(inserting("perhaps"))).error().error, Error::outcome_unknown);
  EXPECT_EQ(test::run(writer->run(inserting("nothing"))).error().error, Error::store_unavailable);
  proxy.let_in();
  const auto after = test::run(writer->run(inserting("after")));
  EXPECT_TRUE(after) << after.error().detail;
  EXPECT_EQ(things(), 3) << "the one that nobody knew of had been committed";
}

}  // namespace
}  // namespace buyme::db
