#include "user/authenticator.hpp"

#include <gtest/gtest.h>

#include "user/test_shop.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

TEST(JwtAuthenticator, KnowsTheCallerByTheToken) {
  StandingClock clock;
  const TokenKey key("0123456789abcdef0123456789abcdef");
  const auto denylist = make_local_denylist(clock);
  const JwtAuthenticator authenticator(key, *denylist, clock);
  const Time expires_at = *parse_time("2026-03-01T14:00:00Z");
  for (const Role role : {Role::user, Role::admin}) {
    const std::string token = key.sign({UserId{7}, role, clock.now(), expires_at, "s"});
    const auto verified = authenticator.verify(token);
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->caller.user, UserId{7});
    EXPECT_EQ(verified->caller.role, role);
    EXPECT_TRUE(verified->caller.known);
    EXPECT_FALSE(verified->caller.trusted);
    EXPECT_FALSE(verified->caller.is_shop());
    EXPECT_EQ(verified->expires_at, expires_at);
  }
}

TEST(JwtAuthenticator, RefusesWhatTheKeyRefusesAtTheClocksTime) {
  StandingClock clock;
  const TokenKey key("0123456789abcdef0123456789abcdef");
  const TokenKey other("another secret of thirty-two bytes or more");
  const auto denylist = make_local_denylist(clock);
  const JwtAuthenticator authenticator(key, *denylist, clock);
  const Claims claims{UserId{7}, Role::user, clock.now(), clock.now() + 60s, "s"};
  const std::string token = key.sign(claims);
  EXPECT_FALSE(authenticator.verify(other.sign(claims)));
  EXPECT_FALSE(authenticator.verify(""));
  EXPECT_TRUE(authenticator.verify(token));
  clock.advance(60s);
  EXPECT_FALSE(authenticator.verify(token));
}

class Revoking : public ::testing::Test {
 protected:
  http::Authenticator::Verified verified(UserId user, const std::string& session) const {
    return *authenticator.verify(token(user, session));
  }
  std::string token(UserId user, const std::string& session) const {
    return key.sign({user, Role::user, clock.now(), clock.now() + 600s, session});
  }
  void deny(Denial denial) { denylist->deny({&denial, 1}); }

  StandingClock clock;
  TokenKey key{"0123456789abcdef0123456789abcdef"};
  std::unique_ptr<Denylist> denylist = make_local_denylist(clock);
  JwtAuthenticator authenticator{key, *denylist, clock};
};

TEST_F(Revoking, ASessionThatEndedIsRefusedAndOthersAreNot) {
  auto ended = verified(UserId{7}, "s"), other = verified(UserId{7}, "t");
  EXPECT_EQ(ended.session, "s");
  EXPECT_TRUE(authenticator.still_stands(ended));
  deny({"s", UserId{7}, clock.now() + 600s});
  EXPECT_FALSE(authenticator.still_stands(ended));
  EXPECT_FALSE(authenticator.verify(token(UserId{7}, "s")));
  EXPECT_TRUE(authenticator.still_stands(other));
  EXPECT_TRUE(authenticator.verify(token(UserId{7}, "t")));
}

TEST_F(Revoking, AnAccountThatEndedIsRefusedWhateverTheSession) {
  auto ended = verified(UserId{7}, "s"), other = verified(UserId{8}, "u");
  deny(denial_of_account(UserId{7}, clock.now()));
  EXPECT_FALSE(authenticator.still_stands(ended));
  EXPECT_FALSE(authenticator.verify(token(UserId{7}, "t")));
  EXPECT_TRUE(authenticator.still_stands(other));
}

TEST_F(Revoking, WhatWasAskedOnceIsAskedAgainOnlyAfterAnotherDenial) {
  auto other = verified(UserId{8}, "u");
  deny({"s", UserId{7}, clock.now() + 600s});
  EXPECT_NE(other.epoch, denylist->epoch());
  EXPECT_TRUE(authenticator.still_stands(other));
  EXPECT_EQ(other.epoch, denylist->epoch());
}

TEST_F(Revoking, EntriesLeaveWhenTheTokenWouldHaveExpired) {
  deny({"s", UserId{7}, clock.now() + 600s});
  deny({"s", UserId{7}, clock.now() + 300s});  // the later time counts
  clock.advance(599s);
  deny({"other", UserId{1}, clock.now() + 600s});
  EXPECT_TRUE(denylist->denies(UserId{7}, "s"));
  clock.advance(61s);
  deny({"another", UserId{1}, clock.now() + 600s});
  EXPECT_FALSE(denylist->denies(UserId{7}, "s"));
  EXPECT_TRUE(denylist->denies(UserId{7}, "other"));
}

}  // namespace
}  // namespace buyme::user
