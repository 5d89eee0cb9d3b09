#include "user/authenticator.hpp"

#include <gtest/gtest.h>

#include "user/test_shop.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

TEST(JwtAuthenticator, KnowsTheCallerByTheToken) {
  StandingClock clock;
  const TokenKey key("0123456789abcdef0123456789abcdef");
  const JwtAuthenticator authenticator(key, clock);
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
  const JwtAuthenticator authenticator(key, clock);
  const Claims claims{UserId{7}, Role::user, clock.now(), clock.now() + 60s, "s"};
  const std::string token = key.sign(claims);
  EXPECT_FALSE(authenticator.verify(other.sign(claims)));
  EXPECT_FALSE(authenticator.verify(""));
  EXPECT_TRUE(authenticator.verify(token));
  clock.advance(60s);
  EXPECT_FALSE(authenticator.verify(token));
}

}  // namespace
}  // namespace buyme::user
