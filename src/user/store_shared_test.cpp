// Accounts that two servers change at once: two stores over one database.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <latch>

#include "core/limits.hpp"
#include "support/run.hpp"
#include "support/test_database.hpp"
#include "user/store.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 12;

class TwoUserServers : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  static Account account(const std::string& email, Role role = Role::user) {
    Account made;
    made.user.email = email;
    made.user.role = role;
    made.user.created_at = now;
    made.password_hash = "hash";
    return made;
  }
  static std::string email(int round) { return "kim" + std::to_string(round) + "@example.com"; }
  static NewSession session(UserId user, const std::string& id) {
    return {id, user, "hash", id + "-1", now, now + 1h, now + 24h};
  }
  static Refresh refresh(const std::string& spent, const std::string& next) {
    return {spent, next, now + 1s, now + 1h, now + 24h};
  }

  // Both at the same moment.
  template <class First, class Second>
  static auto together(First first, Second second) {
    std::latch start(2);
    auto other = std::async(std::launch::async, [&] {
      start.arrive_and_wait();
      return second();
    });
    start.arrive_and_wait();
    auto mine = first();
    return std::pair(std::move(mine), other.get());
  }

  static constexpr Time now{Milliseconds{1'800'000'000'000}};
  test::TestDatabase place{GetParam()};
  std::unique_ptr<UserStore> one = open_user_store(place.address(), 2);
  std::unique_ptr<UserStore> two = open_user_store(place.address(), 2);
};

INSTANTIATE_TEST_SUITE_P(Databases, TwoUserServers, test::both_databases(), test::kind_name);

TEST_P(TwoUserServers, OneAddressMakesOneAccount) {
  for (int round = 0; round < rounds; ++round) {
    const Account wanted = account(email(round));
    const auto [a, b] = together([&] { return one->insert(wanted); }, [&] { return two->insert(wanted); });
    ASSERT_NE(a.has_value(), b.has_value());
    EXPECT_EQ((a ? b : a).error().error, Error::email_taken);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM users"), rounds);
}

// A client that asks both is given the same successor by both, and is no thief.
TEST_P(TwoUserServers, ATokenThatBothRefreshIsSpentOnce) {
  const UserId user = *one->insert(account(email(0)));
  ASSERT_TRUE(one->open_session(session(user, "s")));
  for (int round = 1; round <= rounds; ++round) {
    const Refresh wanted = refresh("s-" + std::to_string(round), "s-" + std::to_string(round + 1));
    std::optional<Stolen> stolen_one, stolen_two;
    const auto [a, b] = together([&] { return one->refresh(wanted, stolen_one); },
                                 [&] { return two->refresh(wanted, stolen_two); });
    ASSERT_TRUE(a) << a.error().detail;
    ASSERT_TRUE(b) << b.error().detail;
    EXPECT_FALSE(stolen_one || stolen_two);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM refresh_tokens"), rounds + 1);
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM refresh_tokens WHERE spent_at IS NULL"), 1);
}

// Of two that come with a spent token and its unspent successor, no order of things leaves two that are good.
TEST_P(TwoUserServers, ASessionThatEndsIsNotProlonged) {
  for (int round = 0; round < rounds; ++round) {
    const UserId user = *one->insert(account(email(round)));
    const std::string id = "s" + std::to_string(round);
    ASSERT_TRUE(one->open_session(session(user, id)));
    std::optional<Stolen> stolen;
    const auto [ended, refreshed] =
        together([&] { return one->end_session(id, user, now + 1h, now); },
                 [&] { return two->refresh(refresh(id + "-1", id + "-2"), stolen); });
    ASSERT_TRUE(ended);
    EXPECT_FALSE(stolen);
    // Whichever came first, the denial lasts as long as any access token that was given out.
    EXPECT_EQ(place.integer("SELECT access_expires_at FROM sessions WHERE session_id = '" + id + "'"),
              to_unix_ms(ended->until));
    EXPECT_FALSE(one->refresh(refresh(id + "-2", id + "-3"), stolen));
  }
}

TEST_P(TwoUserServers, ANewPasswordLeavesNoSessionOfTheOldOne) {
  for (int round = 0; round < rounds; ++round) {
    const UserId user = *one->insert(account(email(round)));
    const auto [opened, changed] =
        together([&] { return one->open_session(session(user, "s" + std::to_string(round))); },
                 [&] {
                   return two->change_password({user, "hash", "other", "", now});
                 });
    ASSERT_TRUE(changed);
    EXPECT_EQ(opened.has_value(), changed->size() == 1);
  }
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"), 0);
}

TEST_P(TwoUserServers, OfTwoAdminsWhoResignAtOnceOneStays) {
  for (int round = 0; round < rounds; ++round) {
    const UserId first = *one->insert(account("a" + email(round), Role::admin));
    const UserId second = *one->insert(account("b" + email(round), Role::admin));
    AccountChange resign;
    resign.role = Role::user;
    const auto [a, b] = together([&] { return one->change(first, resign, now); },
                                 [&] { return two->end_account(second, now); });
    ASSERT_NE(a.has_value(), b.has_value());
    EXPECT_EQ(a ? b.error().error : a.error().error, Error::illegal_state);
    ASSERT_EQ(place.integer("SELECT COUNT(*) FROM users WHERE role = 'ADMIN' AND ended_at IS NULL"), 1);
    place.execute("UPDATE users SET role = 'USER'");
  }
}

TEST_P(TwoUserServers, ChangesOfOneAccountAreAllKept) {
  const UserId user = *one->insert(account(email(0)));
  for (int round = 0; round < rounds; ++round) {
    AccountChange name, phone;
    name.name = "name " + std::to_string(round);
    phone.phone = "phone " + std::to_string(round);
    const auto [a, b] =
        together([&] { return one->change(user, name, now); }, [&] { return two->change(user, phone, now); });
    ASSERT_TRUE(a && b);
    const auto now_there = one->find_by_id(user);
    EXPECT_EQ(now_there->name, *name.name);
    EXPECT_EQ(now_there->phone, *phone.phone);
  }
}

TEST_P(TwoUserServers, RehearsalBuyersHaveNoGapThoughOthersSignUp) {
  for (int round = 0; round < 4; ++round) {
    const auto sign_up = [&] {
      bool all = true;
      for (int i = 0; i < 10; ++i) all = all && two->insert(account(email(100 * round + i))).has_value();
      return all;
    };
    const std::string tag = "t" + std::to_string(round);
    const auto [first, signed_up] = together(
        [&] {
          return one->add_rehearsal_buyers({tag, 30, now});
        },
        sign_up);
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_TRUE(signed_up);
    for (std::int64_t n : {0, 1, 28, 29}) {
      EXPECT_EQ(one->find_by_id(UserId{first->value + n})->name, "Buyer " + std::to_string(n + 1));
    }
  }
}

TEST(UserJobs, AServerWhoseJobWasTakenOverChangesNothing) {
  const test::TestDatabase place(test::DatabaseKind::mysql);
  const auto store = open_user_store(place.address(), 2);
  Account kim;
  kim.user.email = "kim@example.com";
  const UserId id = *store->insert(kim);
  const Time now{Milliseconds{1'800'000'000'000}};
  ASSERT_TRUE(store->open_session({"s", id, "", "token", now, now + 1h, now + 1h}));
  ASSERT_TRUE(store->end_account(id, now));

  Pool pool("leases", 1, 16);
  const auto clock = make_system_clock();
  const auto mine = db::make_sql_lease(place.address(), "accounts", pool, *clock);
  const auto theirs = db::make_sql_lease(place.address(), "accounts", pool, *clock);
  const db::Fence old_fence = *test::run(mine->hold());
  place.execute("UPDATE job_leases SET expires_at = 1");
  const db::Fence fence = *test::run(theirs->hold());
  EXPECT_EQ(store->settle_ending(id, old_fence).error().error, Error::store_unavailable);
  EXPECT_EQ(store->forget_sessions(now + 2h, 10, old_fence).error().error, Error::store_unavailable);
  EXPECT_EQ(store->endings({}, 10)->size(), 1u);
  EXPECT_EQ(place.integer("SELECT COUNT(*) FROM sessions"), 1);
  EXPECT_TRUE(store->settle_ending(id, fence));
  EXPECT_EQ(*store->forget_sessions(now + 2h, 10, fence), 1u);
  EXPECT_EQ(store->endings({}, 10)->size(), 0u);
}

TEST(UserServer, GoesOnWhenItsDatabaseWasKilledAndStartedAgain) {
  test::MariadbServer server;
  const test::TestDatabase place(server);
  const auto store = open_user_store(place.address(), 2);
  Account kim;
  kim.user.email = "kim@example.com";
  const auto id = store->insert(kim);
  ASSERT_TRUE(id);
  server.kill();
  kim.user.email = "lee@example.com";
  EXPECT_EQ(store->insert(kim).error().error, Error::store_unavailable);
  server.start();
  EXPECT_TRUE(store->find_by_id(*id));
  const auto next = store->insert(kim);
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_GT(*next, *id);
}

}  // namespace
}  // namespace buyme::user
