#include "db/lease.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/limits.hpp"
#include "db/sql.hpp"
#include "support/run.hpp"
#include "support/test_database.hpp"

namespace buyme::db {
namespace {

using namespace std::chrono_literals;

// A server's own clock, which tests push forward; the database's goes its way.
class PushedClock final : public Clock {
 public:
  Time now() const override { return {}; }
  Monotonic monotonic() const override { return at; }
  Awaitable<void> sleep_until(Monotonic) override { co_return; }
  Monotonic at{1h};
};

constexpr Migration steps[] = {
    {1, "test", "CREATE TABLE IF NOT EXISTS done(token BIGINT NOT NULL) ENGINE=InnoDB"}};

// Two servers that have one job.
class LeaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<JobLease> join(const std::string& job = "shipping") {
    return make_sql_lease(place_.address(), job, pool_, clock_);
  }
  static std::optional<Fence> hold(JobLease& lease) { return test::run(lease.hold()); }
  // As if the holder had been silent for longer than a lease.
  void let_it_expire() { place_.execute("UPDATE job_leases SET expires_at = 1"); }
  void work(const Fence& fence) {
    database_.with_transaction([&fence](soci::session& session) {
      check_fence(session, fence);
      session << "INSERT INTO done(token) VALUES(:token)", soci::use(fence.token);
      return 0;
    });
  }
  std::int64_t chunks() { return place_.integer("SELECT COUNT(*) FROM done"); }

  test::TestDatabase place_{test::DatabaseKind::mysql};
  PushedClock clock_;
  Pool pool_{"leases", 2, 16};
  SqlDatabase database_{place_.address(), 2, Schema{{}, steps}};
  std::unique_ptr<JobLease> one_ = join(), two_ = join();
};

TEST_F(LeaseTest, OneOfTwoRunsTheJob) {
  const auto mine = hold(*one_);
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->job, "shipping");
  EXPECT_GT(mine->token, 0);
  EXPECT_FALSE(hold(*two_));
  EXPECT_EQ(hold(*one_)->token, mine->token);
  work(*mine);
  EXPECT_EQ(chunks(), 1);
  EXPECT_TRUE(hold(*join("expiry"))) << "another job is another lease";
}

TEST_F(LeaseTest, ALeaseThatIsRenewedStaysAndOneThatIsNotGoesOn) {
  const auto mine = hold(*one_);
  const auto expires = place_.integer("SELECT expires_at FROM job_leases");
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(hold(*one_));
  EXPECT_EQ(place_.integer("SELECT expires_at FROM job_leases"), expires) << "it is young: nobody is asked";
  clock_.at += limits::job_lease_renewal;
  EXPECT_EQ(hold(*one_)->token, mine->token);
  EXPECT_GT(place_.integer("SELECT expires_at FROM job_leases"), expires);
  EXPECT_FALSE(hold(*two_));
  let_it_expire();
  const auto theirs = hold(*two_);
  ASSERT_TRUE(theirs);
  EXPECT_GT(theirs->token, mine->token);
}

TEST_F(LeaseTest, AHolderPausedPastItsLeaseWritesNothing) {
  const Fence mine = *hold(*one_);
  let_it_expire();
  work(mine);  // nobody else has begun anything
  const Fence theirs = *hold(*two_);
  EXPECT_THROW(work(mine), FenceLost);
  work(theirs);
  EXPECT_EQ(chunks(), 2);
  EXPECT_EQ(place_.integer("SELECT COUNT(*) FROM done WHERE token = " + std::to_string(mine.token)), 1);
  clock_.at += limits::job_lease;
  EXPECT_FALSE(hold(*one_)) << "it finds out when it asks again";
}

// The holder is paused inside a chunk: whoever wants the job waits for the end of that transaction.
TEST_F(LeaseTest, TheJobChangesHandsBetweenTransactions) {
  const Fence mine = *hold(*one_);
  let_it_expire();
  SqlDatabase::Lease paused(database_);
  soci::session& session = paused.session();
  session << "START TRANSACTION";
  check_fence(session, mine);
  EXPECT_FALSE(hold(*two_)) << "the row is locked";
  session << "COMMIT";
  EXPECT_TRUE(hold(*two_));
  EXPECT_THROW(work(mine), FenceLost);
}

TEST_F(LeaseTest, AServerThatStartsAnewWaitsForItsOldLease) {
  ASSERT_TRUE(hold(*one_));
  one_ = join();
  EXPECT_FALSE(hold(*one_)) << "nothing says that the old one is dead";
  let_it_expire();
  EXPECT_TRUE(hold(*one_));
}

TEST(LostLease, WithoutItsDatabaseALeaseRunsOut) {
  test::MariadbServer server;
  const test::TestDatabase place(server);
  PushedClock clock;
  Pool pool("leases", 1, 16);
  const auto lease = make_sql_lease(place.address(), "shipping", pool, clock);
  const auto mine = test::run(lease->hold());
  ASSERT_TRUE(mine);
  server.kill();
  clock.at += limits::job_lease - 1ms;
  EXPECT_TRUE(test::run(lease->hold())) << "it is good for as long as it was given";
  clock.at += 1ms;
  EXPECT_FALSE(test::run(lease->hold()));
  server.start();
  EXPECT_EQ(test::run(lease->hold())->token, mine->token) << "nobody has had it meanwhile";
}

TEST(SoleServer, HoldsEveryJobFromTheStart) {
  const auto fence = test::run(sole_server().hold());
  ASSERT_TRUE(fence);
  EXPECT_EQ(fence->token, 0);
  const test::TestDatabase place(test::DatabaseKind::sqlite);
  SqlDatabase database(place.address(), 1, Schema{});
  EXPECT_EQ(database.with_transaction([&](soci::session& session) {
    check_fence(session, *fence);
    return 7;
  }),
            7);
}

}  // namespace
}  // namespace buyme::db
