// Sessions: what a log-in is good for, and what ends it.
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <set>

#include "core/limits.hpp"
#include "user/test_shop.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

class Sessions : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  Sessions() { EXPECT_TRUE(shop_.sign_up()); }

  Tokens log_in() {
    auto tokens = shop_.log_in();
    EXPECT_TRUE(tokens) << tokens.error().detail;
    return *tokens;
  }
  Tokens refreshed(const Tokens& tokens) {
    auto next = shop_.refresh(tokens.refresh);
    EXPECT_TRUE(next) << next.error().detail;
    return *next;
  }
  bool is_refused(const std::string& token) {
    const auto answer = shop_.refresh(token);
    return !answer && answer.error().error == Error::unauthenticated;
  }
  void log_out(const Tokens& tokens) {
    const Claims claims = shop_.claims_of(tokens);
    const auto done = test::run(shop_.service.log_out(claims.user, claims.session_id, claims.expires_at));
    EXPECT_TRUE(done) << done.error().detail;
  }
  std::int64_t query(const std::string& sql) { return shop_.place.integer(sql); }

  TestShop shop_{{.password_cost = TestShop::cheap}, 16, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Databases, Sessions, test::both_databases(), test::kind_name);

using SessionsOfAFile = Sessions;  // whose bytes can be read
INSTANTIATE_TEST_SUITE_P(Databases, SessionsOfAFile, ::testing::Values(test::DatabaseKind::sqlite),
                         test::kind_name);

TEST_P(Sessions, ARefreshGivesNewTokensOfTheSameSession) {
  const Tokens first = log_in();
  shop_.clock.advance(1'800s);
  const Tokens second = refreshed(first);
  EXPECT_NE(second.refresh, first.refresh);
  EXPECT_NE(second.access, first.access);
  EXPECT_EQ(second.expires_in, 3'600s);
  EXPECT_EQ(shop_.claims_of(second).session_id, shop_.claims_of(first).session_id);
  EXPECT_EQ(shop_.claims_of(second).user, UserId{1});
  EXPECT_TRUE(shop_.is_good(first)) << "it has not expired";
  EXPECT_TRUE(shop_.is_good(refreshed(second)));
}

TEST_P(Sessions, ASpentTokenThatComesAgainEndsTheWholeSession) {
  const Tokens first = log_in(), elsewhere = log_in();
  const Tokens second = refreshed(first);
  const Tokens third = refreshed(second);
  shop_.clock.advance(1s);
  EXPECT_TRUE(is_refused(first.refresh)) << "its successor was spent, so no answer got lost";
  for (const Tokens& tokens : {first, second, third}) {
    EXPECT_FALSE(shop_.is_good(tokens));
    EXPECT_TRUE(is_refused(tokens.refresh));
  }
  EXPECT_TRUE(shop_.is_good(elsewhere)) << "another session of the account goes on";
  EXPECT_TRUE(shop_.is_good(refreshed(elsewhere)));
}

TEST_P(Sessions, AClientThatLostTheAnswerGetsTheSameTokenAgain) {
  const Tokens first = log_in();
  const Tokens lost = refreshed(first);
  shop_.clock.advance(limits::refresh_grace);
  const Tokens again = refreshed(first);
  EXPECT_EQ(again.refresh, lost.refresh);
  EXPECT_TRUE(shop_.is_good(again));
  EXPECT_TRUE(shop_.is_good(refreshed(again)));
}

TEST_P(Sessions, AfterTheGraceASpentTokenIsAStolenOne) {
  const Tokens first = log_in();
  const Tokens second = refreshed(first);
  shop_.clock.advance(limits::refresh_grace + 1ms);
  EXPECT_TRUE(is_refused(first.refresh));
  EXPECT_TRUE(is_refused(second.refresh));
  EXPECT_FALSE(shop_.is_good(second));
}

TEST_P(Sessions, TwoWhoRefreshAtOnceHoldOneToken) {
  const Tokens first = log_in();
  std::vector<std::future<Result<Tokens>>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(std::async(std::launch::async, [&] { return shop_.refresh(first.refresh); }));
  }
  std::set<std::string> tokens;
  for (auto& answer : answers) {
    const auto next = answer.get();
    ASSERT_TRUE(next) << next.error().detail;
    tokens.insert(next->refresh);
  }
  EXPECT_EQ(tokens.size(), 1u);
}

TEST_P(Sessions, RefreshTokensExpireUnlessTheyAreUsed) {
  Tokens tokens = log_in();
  for (int i = 0; i < 3; ++i) {
    shop_.clock.advance(29 * 24h);
    tokens = refreshed(tokens);
  }
  shop_.clock.advance(30 * 24h);
  EXPECT_TRUE(is_refused(tokens.refresh));
}

TEST_P(Sessions, WhatIsNoTokenOfOursIsRefused) {
  const Tokens tokens = log_in();
  for (const std::string& token :
       {std::string(), std::string("x"), tokens.access, tokens.refresh + "A", tokens.refresh.substr(1),
        std::string(1'000, 'x'), std::string("' OR 1=1 --")}) {
    EXPECT_TRUE(is_refused(token)) << token;
  }
  EXPECT_TRUE(shop_.is_good(refreshed(tokens))) << "none of them harmed the session";
}

TEST_P(SessionsOfAFile, TheDatabaseHoldsNoTokenThatCouldBeUsed) {
  const Tokens first = log_in();
  const Tokens second = refreshed(first);
  std::ifstream file(*shop_.place.address().file() + "-wal", std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  ASSERT_NE(bytes.find(token_fingerprint(second.refresh)), std::string::npos) << "it is looked for here";
  for (const Tokens& tokens : {first, second}) {
    EXPECT_EQ(bytes.find(tokens.refresh), std::string::npos);
    EXPECT_EQ(bytes.find(tokens.access), std::string::npos);
  }
  EXPECT_TRUE(is_refused(token_fingerprint(second.refresh))) << "nor is a fingerprint a token";
}

TEST_P(Sessions, LogOutEndsAccessAndRefreshAtOnce) {
  const Tokens first = log_in(), elsewhere = log_in();
  const Tokens second = refreshed(first);
  log_out(first);
  for (const Tokens& tokens : {first, second}) {
    EXPECT_FALSE(shop_.is_good(tokens));
    EXPECT_TRUE(is_refused(tokens.refresh));
  }
  EXPECT_TRUE(shop_.is_good(elsewhere));
  log_out(first);
}

TEST_P(Sessions, TokensThatNoLogInHasMadeCanBeLoggedOut) {
  const auto buyers = test::run(shop_.service.create_rehearsal_buyers(2));
  ASSERT_TRUE(buyers);
  const Tokens mine{buyers->at(0).second, "", {}}, others{buyers->at(1).second, "", {}};
  EXPECT_TRUE(shop_.is_good(mine));
  log_out(mine);
  EXPECT_FALSE(shop_.is_good(mine));
  EXPECT_TRUE(shop_.is_good(others));
}

TEST_P(Sessions, WhatEndedStaysEndedOverARestart) {
  const Tokens out = log_in(), stolen = log_in(), alive = log_in();
  const auto buyers = test::run(shop_.service.create_rehearsal_buyers(1));
  ASSERT_TRUE(buyers);
  log_out(out);
  log_out(Tokens{buyers->at(0).second, "", {}});
  refreshed(stolen);
  shop_.clock.advance(limits::refresh_grace + 1s);
  EXPECT_TRUE(is_refused(stolen.refresh));

  const auto denylist = make_local_denylist(shop_.clock);
  denylist->deny(shop_.store->denials(shop_.clock.now()));
  const JwtAuthenticator authenticator(shop_.key, *denylist, shop_.clock);
  EXPECT_FALSE(authenticator.verify(out.access));
  EXPECT_FALSE(authenticator.verify(stolen.access));
  EXPECT_FALSE(authenticator.verify(buyers->at(0).second));
  EXPECT_TRUE(authenticator.verify(alive.access));

  shop_.clock.advance(1h);
  EXPECT_EQ(shop_.store->denials(shop_.clock.now()).size(), 1u) << "a rehearsal's token lives for a day";
}

TEST_P(Sessions, ANewPasswordEndsTheOtherSessions) {
  const Tokens mine = log_in(), other = log_in();
  const auto change = [&](const std::string& current, const std::string& next) {
    return test::run(
        shop_.service.change_password(UserId{1}, shop_.claims_of(mine).session_id, current, next));
  };
  const auto wrong = change("wrong horse", "battery staple");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().error, Error::wrong_credentials);
  EXPECT_TRUE(shop_.is_good(other));

  ASSERT_TRUE(change("correct horse", "battery staple"));
  EXPECT_TRUE(shop_.is_good(mine));
  EXPECT_TRUE(shop_.is_good(refreshed(mine)));
  EXPECT_FALSE(shop_.is_good(other));
  EXPECT_TRUE(is_refused(other.refresh));
  EXPECT_FALSE(shop_.log_in());
  EXPECT_TRUE(shop_.log_in("kim@example.com", "battery staple"));
}

TEST_P(Sessions, GuessesOfTheCurrentPasswordCountAsLogIns) {
  for (int i = 0; i < limits::login_failures; ++i) {
    const auto wrong =
        test::run(shop_.service.change_password(UserId{1}, "s", "wrong horse", "battery staple"));
    ASSERT_EQ(wrong.error().error, Error::wrong_credentials) << i;
  }
  const auto refused =
      test::run(shop_.service.change_password(UserId{1}, "s", "correct horse", "battery staple"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::rate_limited);
  EXPECT_GT(refused.error().retry_after, 0s);
  EXPECT_EQ(shop_.log_in().error().error, Error::rate_limited);
}

// The password is verified, then changed by somebody else before the session is written.
TEST_P(Sessions, ALogInThatIsOvertakenByANewPasswordFails) {
  const auto account = shop_.store->find_account(UserId{1});
  ASSERT_TRUE(account);
  ASSERT_TRUE(test::run(shop_.service.change_password(UserId{1}, "s", "correct horse", "battery staple")));
  NewSession late;
  late.id = "late";
  late.user = UserId{1};
  late.password_hash = account->password_hash;
  late.token_hash = "hash";
  EXPECT_EQ(shop_.store->open_session(late).error().error, Error::wrong_credentials);
  const PasswordChange second{UserId{1}, account->password_hash, "new", "s", shop_.clock.now()};
  EXPECT_EQ(shop_.store->change_password(second).error().error, Error::wrong_credentials);
}

TEST_P(Sessions, AnAccountHasSoManySessionsAndTheOldestEnds) {
  std::vector<Tokens> all;
  for (std::size_t i = 0; i <= limits::max_sessions; ++i) {
    all.push_back(log_in());
    shop_.clock.advance(1ms);
  }
  EXPECT_FALSE(shop_.is_good(all[0]));
  EXPECT_TRUE(is_refused(all[0].refresh));
  EXPECT_TRUE(shop_.is_good(all[1]));
  EXPECT_TRUE(shop_.is_good(all.back()));
}

TEST_P(Sessions, SpentTokensDoNotPileUp) {
  Tokens tokens = log_in();
  shop_.place.execute("UPDATE refresh_tokens SET number = 5000");
  tokens = refreshed(tokens);
  shop_.place.execute("UPDATE refresh_tokens SET number = 3000 WHERE number = 5000");
  refreshed(tokens);
  EXPECT_EQ(query("SELECT COUNT(*) FROM refresh_tokens WHERE number < 5000"), 0);
  EXPECT_EQ(query("SELECT COUNT(*) FROM refresh_tokens"), 2);
}

TEST_P(Sessions, RowsGoWhenNothingOfASessionIsGoodAnyMore) {
  const Tokens out = log_in(), alive = log_in();
  log_out(out);
  test::run(shop_.ending.sweep());
  EXPECT_EQ(query("SELECT COUNT(*) FROM sessions"), 2) << "its access token is still out there";
  shop_.clock.advance(1h);
  test::run(shop_.ending.sweep());
  EXPECT_EQ(query("SELECT COUNT(*) FROM sessions"), 1);
  EXPECT_EQ(query("SELECT COUNT(*) FROM refresh_tokens"), 1);
  refreshed(alive);
  shop_.clock.advance(30 * 24h);
  test::run(shop_.ending.sweep());
  EXPECT_EQ(query("SELECT COUNT(*) FROM sessions"), 0);
  EXPECT_EQ(query("SELECT COUNT(*) FROM refresh_tokens"), 0);
}

TEST_P(Sessions, WrongPasswordsFromOneNetworkAreLimitedLoosely) {
  const auto attempt = [&](int account, const std::string& remote) {
    return test::run(shop_.service.log_in(fmt::format("u{}@example.com", account), "wrong horse", remote));
  };
  for (int i = 0; i < limits::address_login_failures; ++i) {
    ASSERT_EQ(attempt(i, "203.0.113.7").error().error, Error::wrong_credentials) << i;
  }
  const auto refused = attempt(10'000, "203.0.113.7");
  EXPECT_EQ(refused.error().error, Error::rate_limited);
  EXPECT_GT(refused.error().retry_after, 0s);
  EXPECT_EQ(attempt(10'001, "203.0.113.8").error().error, Error::wrong_credentials) << "others go on";
  EXPECT_EQ(attempt(10'002, "127.0.0.1").error().error, Error::wrong_credentials);
}

TEST_P(Sessions, RightPasswordsFromOneNetworkAreNotCounted) {
  for (int i = 0; i < limits::address_login_failures + 10; ++i) {
    const auto tokens = test::run(shop_.service.log_in("kim@example.com", "correct horse", "203.0.113.7"));
    ASSERT_TRUE(tokens) << i;
  }
}

TEST_P(Sessions, SignUpsFromOneNetworkAreLimitedLoosely) {
  const auto sign_up = [&](int account, const std::string& remote) {
    SignUp kim = TestShop::kim();
    kim.email = fmt::format("u{}@example.com", account);
    return test::run(shop_.service.sign_up(kim, remote));
  };
  for (int i = 0; i < limits::address_sign_ups; ++i) ASSERT_TRUE(sign_up(i, "2001:db8::1")) << i;
  const auto refused = sign_up(10'000, "2001:db8::2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::rate_limited);
  EXPECT_GT(refused.error().retry_after, 0s);
  EXPECT_TRUE(sign_up(10'001, "2001:db8:0:1::1"));
  EXPECT_TRUE(sign_up(10'002, "::1"));
}

}  // namespace
}  // namespace buyme::user
