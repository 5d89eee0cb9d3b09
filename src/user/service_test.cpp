#include "user/service.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <set>

#include "core/limits.hpp"
#include "user/test_shop.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

template <class T>
Error error_of(const Result<T>& result) {
  return result.has_value() ? Error::internal : result.error().error;
}

TEST(UserService, SignsUpAndRemembers) {
  TestShop shop;
  const auto user = shop.sign_up();
  ASSERT_TRUE(user) << user.error().detail;
  EXPECT_EQ(user->id, UserId{1});

  const auto profile = test::run(shop.service.profile(user->id));
  ASSERT_TRUE(profile);
  for (const User& seen : {*user, *profile}) {
    EXPECT_EQ(seen.id, UserId{1});
    EXPECT_EQ(seen.name, "김철수");
    EXPECT_EQ(seen.email, "kim@example.com");
    EXPECT_EQ(seen.phone, "010-1234-5678");
    EXPECT_EQ(seen.address, "서울시 중구 1");
    EXPECT_EQ(seen.role, Role::user);
    EXPECT_EQ(seen.created_at, shop.clock.now());
  }
}

TEST(UserService, NobodyReadsAnAccountThatIsNotThere) {
  TestShop shop;
  EXPECT_EQ(error_of(test::run(shop.service.profile(UserId{1}))), Error::not_found);
}

TEST(UserService, OneAccountPerAddressWhateverItsCase) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  SignUp again = TestShop::kim();
  again.email = "kIM@eXAMPLE.COM";
  EXPECT_EQ(error_of(shop.sign_up(again)), Error::email_taken);
  again.email = "kim2@example.com";
  const auto other = shop.sign_up(again);
  ASSERT_TRUE(other);
  EXPECT_GT(other->id, UserId{1});
}

TEST(UserService, OfManyWhoWantOneAddressAtOnceOneGetsIt) {
  TestShop shop;
  std::vector<std::future<Result<User>>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(std::async(std::launch::async, [&shop] { return shop.sign_up(); }));
  }
  int made = 0, taken = 0;
  for (auto& answer : answers) {
    const auto user = answer.get();
    made += user.has_value() ? 1 : 0;
    taken += error_of(user) == Error::email_taken ? 1 : 0;
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(taken, 7);
}

TEST(UserService, LogsInWithATokenThatTheKeyVerifies) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  const auto session = shop.log_in("KIM@example.com", "correct horse");
  ASSERT_TRUE(session) << session.error().detail;
  EXPECT_EQ(session->expires_in, 3'600s);
  const auto claims = shop.key.verify(session->access, shop.clock.now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user, UserId{1});
  EXPECT_EQ(claims->role, Role::user);
  EXPECT_TRUE(shop.key.verify(session->access, shop.clock.now() + 3'598s));
  EXPECT_FALSE(shop.key.verify(session->access, shop.clock.now() + 3'600s));

  const auto next = shop.log_in("kim@example.com", "correct horse");
  ASSERT_TRUE(next);
  EXPECT_NE(shop.key.verify(next->access, shop.clock.now())->session_id, claims->session_id);
}

TEST(UserService, WrongPasswordAndUnknownAddressLookAlike) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  const auto wrong = shop.log_in("kim@example.com", "correct horsE");
  const auto unknown = shop.log_in("lee@example.com", "correct horse");
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(wrong.error().error, Error::wrong_credentials);
  EXPECT_EQ(unknown.error().error, Error::wrong_credentials);
  EXPECT_EQ(wrong.error().detail, unknown.error().detail);
}

TEST(UserService, UnknownAddressCostsAHashToo) {
  // A hash of some tens of milliseconds stands out from everything else that a login does.
  TestShop shop({.password_cost = {.memory_kib = 8 * 1024, .passes = 4}});
  ASSERT_TRUE(shop.sign_up());
  ASSERT_TRUE(test::run(shop.service.create_rehearsal_buyers(1)));
  const auto buyer = shop.store->find_by_id(UserId{2});
  ASSERT_TRUE(buyer);
  const auto took = [&shop](const std::string& email) {
    auto least = std::chrono::nanoseconds::max();
    for (int i = 0; i < 3; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      EXPECT_EQ(error_of(shop.log_in(email, "wrong horse")), Error::wrong_credentials);
      least = std::min<std::chrono::nanoseconds>(least, std::chrono::steady_clock::now() - begin);
    }
    return least;
  };
  const auto known = took("kim@example.com");
  EXPECT_GT(took("lee@example.com"), known / 2);
  EXPECT_GT(took(buyer->email), known / 2);
}

TEST(UserService, TooManyWrongPasswordsCloseTheAccountForAWhile) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  for (int i = 0; i < limits::login_failures; ++i) {
    ASSERT_EQ(error_of(shop.log_in("kim@example.com", "wrong horse")), Error::wrong_credentials) << i;
  }
  const auto refused = shop.log_in("Kim@example.com", "correct horse");
  ASSERT_EQ(error_of(refused), Error::rate_limited);
  EXPECT_EQ(refused.error().retry_after, 30s);
  EXPECT_EQ(error_of(shop.log_in("lee@example.com", "wrong horse")), Error::wrong_credentials)
      << "others go on";

  shop.clock.advance(29s);
  EXPECT_EQ(error_of(shop.log_in("kim@example.com", "correct horse")), Error::rate_limited);
  shop.clock.advance(1s);
  EXPECT_TRUE(shop.log_in("kim@example.com", "correct horse"));
}

TEST(UserService, RightPasswordsAreNotCounted) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  for (int i = 0; i < 3 * limits::login_failures; ++i) {
    ASSERT_TRUE(shop.log_in("kim@example.com", "correct horse")) << i;
  }
}

TEST(UserService, LoginsAreNotLimitedWhereThatIsOff) {
  TestShop shop({.password_cost = TestShop::cheap, .limit_attempts = false});
  for (int i = 0; i < 2 * limits::login_failures; ++i) {
    ASSERT_EQ(error_of(shop.log_in("kim@example.com", "wrong horse")), Error::wrong_credentials) << i;
  }
}

// Keeps both threads of the hashing pool at work until it is destroyed.
class BusyHashing {
 public:
  explicit BusyHashing(TestShop& shop) {
    for (int i = 0; i < 2; ++i) {
      holds_.push_back(std::async(std::launch::async, [this, &shop] {
        auto hold = [this]() -> Result<int> {
          both_.count_down();
          released_.wait();
          return 0;
        };
        return test::run(shop.hashing.run(hold)).has_value();
      }));
    }
    both_.wait();
  }
  ~BusyHashing() { released_.count_down(); }

 private:
  std::latch both_{2}, released_{1};
  std::vector<std::future<bool>> holds_;  // destroyed, and so joined, first
};

TEST(UserService, FullHashingPoolIsSaidAndIsNoWrongPassword) {
  TestShop shop({.password_cost = TestShop::cheap}, 2);
  ASSERT_TRUE(shop.sign_up());
  std::optional<BusyHashing> busy(std::in_place, shop);
  auto first = std::async(std::launch::async, [&] { return shop.log_in("a@example.com", "wrong horse"); });
  auto second = std::async(std::launch::async, [&] { return shop.log_in("b@example.com", "wrong horse"); });
  while (shop.hashing.waiting() < 2) std::this_thread::yield();
  for (int i = 0; i < 2 * limits::login_failures; ++i) {
    const auto refused = shop.log_in("kim@example.com", "wrong horse");
    EXPECT_EQ(error_of(refused), Error::overloaded);
    EXPECT_TRUE(!refused && refused.error().retry_after > 0s);
  }
  EXPECT_EQ(error_of(shop.sign_up()), Error::overloaded);
  busy.reset();
  EXPECT_EQ(error_of(first.get()), Error::wrong_credentials) << "who was let in is served";
  EXPECT_EQ(error_of(second.get()), Error::wrong_credentials);
  EXPECT_TRUE(shop.log_in("kim@example.com", "correct horse"));
}

TEST(UserService, MakesAdmins) {
  TestShop shop;
  const auto admin = test::run(shop.service.create_admin("Boss@Shop.example", "open sesame"));
  ASSERT_TRUE(admin) << admin.error().detail;
  EXPECT_EQ(admin->role, Role::admin);
  EXPECT_EQ(admin->email, "boss@shop.example");
  const auto session = shop.log_in("boss@shop.example", "open sesame");
  ASSERT_TRUE(session);
  EXPECT_EQ(shop.key.verify(session->access, shop.clock.now())->role, Role::admin);
}

TEST(UserService, NoAccountIsPromoted) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  EXPECT_EQ(error_of(test::run(shop.service.create_admin("kim@example.com", "open sesame"))),
            Error::email_taken);
  EXPECT_EQ(test::run(shop.service.profile(UserId{1}))->role, Role::user);
  EXPECT_TRUE(shop.log_in("kim@example.com", "correct horse"));
}

TEST(UserService, AdminsKeepTheRulesOfAccounts) {
  TestShop shop;
  const auto admin = test::run(shop.service.create_admin("boss", "short"));
  ASSERT_EQ(error_of(admin), Error::invalid);
  ASSERT_EQ(admin.error().fields.size(), 2u);
  EXPECT_EQ(admin.error().fields[0].field, "email");
  EXPECT_EQ(admin.error().fields[1].field, "password");
}

TEST(UserService, MakesRehearsalBuyersWithTokens) {
  TestShop shop;
  ASSERT_TRUE(shop.sign_up());
  const auto buyers = test::run(shop.service.create_rehearsal_buyers(1'000));
  ASSERT_TRUE(buyers) << buyers.error().detail;
  ASSERT_EQ(buyers->size(), 1'000u);
  std::set<std::string> emails, tokens;
  for (std::size_t i = 0; i < buyers->size(); ++i) {
    const auto& [id, token] = (*buyers)[i];
    ASSERT_EQ(id.value, static_cast<std::int64_t>(i) + 2);
    const auto claims = shop.key.verify(token, shop.clock.now() + 23h);
    ASSERT_TRUE(claims);
    ASSERT_EQ(claims->user, id);
    ASSERT_EQ(claims->role, Role::user);
    const auto user = shop.store->find_by_id(id);
    ASSERT_TRUE(user);
    emails.insert(user->email);
    tokens.insert(token);
  }
  EXPECT_EQ(emails.size(), 1'000u);
  EXPECT_EQ(tokens.size(), 1'000u);
  EXPECT_FALSE(shop.key.verify(buyers->front().second, shop.clock.now() + 24h));
  EXPECT_EQ(error_of(shop.log_in(*emails.begin(), "!")), Error::wrong_credentials);

  const auto more = test::run(shop.service.create_rehearsal_buyers(1));
  ASSERT_TRUE(more) << "a second rehearsal has addresses of its own";
  EXPECT_EQ(more->front().first, UserId{1'002});
}

TEST(UserService, MakesNoAbsurdNumberOfBuyers) {
  TestShop shop;
  for (const std::int64_t count : {std::int64_t{0}, std::int64_t{-1}, limits::max_rehearsal_buyers + 1}) {
    const auto buyers = test::run(shop.service.create_rehearsal_buyers(count));
    ASSERT_EQ(error_of(buyers), Error::invalid);
    EXPECT_EQ(buyers.error().fields.at(0).field, "count");
  }
}

class UserStoreTest : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  std::unique_ptr<UserStore> open() { return open_user_store(place.address(), 1); }
  test::TestDatabase place{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Databases, UserStoreTest, test::both_databases(), test::kind_name);

TEST_P(UserStoreTest, KeepsAccountsOverARestart) {
  Account account;
  account.user.email = "kim@example.com";
  account.password_hash = "hash";
  {
    const auto store = open();
    ASSERT_TRUE(store->insert(account));
  }
  const auto store = open();
  const auto found = store->find_by_email("kim@example.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.id, UserId{1});
  EXPECT_EQ(found->password_hash, "hash");
  EXPECT_FALSE(store->find_by_email("KIM@example.com"));
  EXPECT_FALSE(store->find_by_id(UserId{2}));
}

TEST_P(UserStoreTest, NeverGivesAnIdTwice) {
  const auto store = open();
  Account account;
  account.user.email = "kim@example.com";
  ASSERT_EQ(*store->insert(account), UserId{1});
  place.execute("DELETE FROM users");
  EXPECT_EQ(*store->insert(account), UserId{2});
}

TEST_P(UserStoreTest, TakesAnyText) {
  const auto store = open();
  Account account;
  account.user.email = "o'brien@example.com";
  account.user.name = "'); DROP TABLE users; -- :email";
  account.user.address = "한글 \"quoted\" \\ 🏠";
  const auto id = store->insert(account);
  ASSERT_TRUE(id);
  const auto found = store->find_by_id(*id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, account.user.name);
  EXPECT_EQ(found->address, account.user.address);
  EXPECT_EQ(found->email, account.user.email);
}

}  // namespace
}  // namespace buyme::user
