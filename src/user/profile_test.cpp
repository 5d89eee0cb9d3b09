// Profiles: what an owner and an admin may change and see; and the end of an account.
#include <gtest/gtest.h>

#include "core/limits.hpp"
#include "support/held_elsewhere.hpp"
#include "user/test_shop.hpp"

namespace buyme::user {
namespace {

using namespace std::chrono_literals;

template <class T>
Error error_of(const Result<T>& result) {
  return result.has_value() ? Error::internal : result.error().error;
}

class Profiles : public ::testing::TestWithParam<test::DatabaseKind> {
 protected:
  UserId sign_up(const std::string& email, const std::string& name = "김철수") {
    SignUp input = TestShop::kim();
    input.email = email;
    input.name = name;
    const auto user = shop_.sign_up(input);
    EXPECT_TRUE(user) << user.error().detail;
    return user->id;
  }
  UserId make_admin(const std::string& email) {
    const auto admin = test::run(shop_.service.create_admin(email, "correct horse"));
    EXPECT_TRUE(admin) << admin.error().detail;
    return admin->id;
  }
  Result<User> change(UserId id, AccountChange what) {
    return test::run(shop_.service.change(id, std::move(what)));
  }
  Result<User> set_role(UserId id, Role role) {
    AccountChange what;
    what.role = role;
    return change(id, what);
  }
  Result<void> end(UserId id) { return test::run(shop_.ending.end(id)); }
  std::vector<std::int64_t> ids(const std::string& text, UserId before = {}, std::size_t limit = 100) {
    const auto page = test::run(shop_.service.list({text, before, limit}));
    std::vector<std::int64_t> ids;
    for (const User& user : page->items) ids.push_back(user.id.value);
    next_ = page->next;
    return ids;
  }
  std::int64_t query(const std::string& sql) { return shop_.place.integer(sql); }

  TestShop shop_{{.password_cost = TestShop::cheap}, 16, GetParam()};
  std::optional<UserId> next_;
};

using Ids = std::vector<std::int64_t>;

INSTANTIATE_TEST_SUITE_P(Databases, Profiles, test::both_databases(), test::kind_name);

using ProfilesOfAFile = Profiles;
INSTANTIATE_TEST_SUITE_P(Databases, ProfilesOfAFile, ::testing::Values(test::DatabaseKind::sqlite),
                         test::kind_name);

TEST_P(Profiles, OnlyWhatIsNamedChanges) {
  const UserId kim = sign_up("kim@example.com");
  AccountChange what;
  what.name = "김영희";
  const auto named = change(kim, what);
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "김영희");
  EXPECT_EQ(named->phone, "010-1234-5678");

  what = {};
  what.phone = "+82 10 9999 8888";
  what.address = "부산";
  what.email = "Kim2@Example.com";
  ASSERT_TRUE(change(kim, what));
  const auto profile = test::run(shop_.service.profile(kim));
  EXPECT_EQ(profile->name, "김영희");
  EXPECT_EQ(profile->phone, "+82 10 9999 8888");
  EXPECT_EQ(profile->address, "부산");
  EXPECT_EQ(profile->email, "kim2@example.com");
  EXPECT_EQ(error_of(shop_.log_in("kim@example.com")), Error::wrong_credentials);
  EXPECT_TRUE(shop_.log_in("KIM2@example.com"));
  EXPECT_TRUE(change(kim, {})) << "nothing is a change, too";
  EXPECT_EQ(error_of(change(UserId{77}, what)), Error::not_found);
}

TEST_P(Profiles, AnAddressBelongsToOneAccount) {
  const UserId kim = sign_up("kim@example.com"), lee = sign_up("lee@example.com");
  AccountChange what;
  what.email = "KIM@example.com";
  what.name = "Lee";
  EXPECT_EQ(error_of(change(lee, what)), Error::email_taken);
  EXPECT_EQ(test::run(shop_.service.profile(lee))->name, "김철수") << "all of a change or nothing";
  EXPECT_TRUE(change(kim, what)) << "his own he may name";
}

TEST_P(Profiles, ARoleTakesEffectWithTheNextLogIn) {
  make_admin("admin@example.com");
  const UserId kim = sign_up("kim@example.com");
  const auto before = shop_.log_in();
  ASSERT_TRUE(before);
  ASSERT_TRUE(set_role(kim, Role::user));
  EXPECT_TRUE(shop_.is_good(*before)) << "no change ends nothing";
  ASSERT_TRUE(set_role(kim, Role::admin));
  EXPECT_FALSE(shop_.is_good(*before));
  EXPECT_FALSE(shop_.refresh(before->refresh));

  const auto as_admin = shop_.log_in();
  EXPECT_EQ(shop_.claims_of(*as_admin).role, Role::admin);
  ASSERT_TRUE(set_role(kim, Role::user));
  EXPECT_FALSE(shop_.is_good(*as_admin)) << "a token that says ADMIN must not outlive the role";
}

TEST_P(Profiles, TheLastAdminStays) {
  const UserId first = make_admin("admin@example.com");
  const UserId rehearsal = make_admin("admin-1@rehearsal.invalid");
  EXPECT_EQ(error_of(set_role(first, Role::user)), Error::illegal_state);
  EXPECT_EQ(error_of(end(first)), Error::illegal_state) << "nobody can log in as a rehearsal's admin";
  EXPECT_TRUE(set_role(rehearsal, Role::user)) << "of those there is always one fewer needed";

  const UserId second = sign_up("kim@example.com");
  ASSERT_TRUE(set_role(second, Role::admin));
  EXPECT_TRUE(end(first));
  EXPECT_EQ(error_of(end(second)), Error::illegal_state);
  EXPECT_EQ(error_of(set_role(second, Role::user)), Error::illegal_state);
  EXPECT_TRUE(shop_.log_in("kim@example.com"));
}

TEST_P(Profiles, AreListedNewestFirstInPages) {
  for (int i = 1; i <= 5; ++i) sign_up(fmt::format("u{}@example.com", i));
  EXPECT_EQ(ids("", {}, 2), (Ids{5, 4}));
  ASSERT_TRUE(next_);
  EXPECT_EQ(ids("", *next_, 2), (Ids{3, 2}));
  EXPECT_EQ(ids("", *next_, 2), (Ids{1}));
  EXPECT_FALSE(next_);
}

TEST_P(Profiles, AreFoundByNameAndAddress) {
  sign_up("kim@example.com", "Kim Chulsoo");
  sign_up("lee_1@example.com", "이영희 100%");
  sign_up("lee21@corp.kr", "Park !");
  EXPECT_EQ(ids("kim"), (Ids{1}));
  EXPECT_EQ(ids("CHUL"), (Ids{1}));
  EXPECT_EQ(ids("영희"), (Ids{2}));
  EXPECT_EQ(ids("lee"), (Ids{3, 2}));
  EXPECT_EQ(ids("e_1"), (Ids{2})) << "no wildcard";
  EXPECT_EQ(ids("%"), (Ids{2}));
  EXPECT_EQ(ids("!"), (Ids{3}));
  EXPECT_EQ(ids("' OR '1'='1"), Ids{});
}

TEST_P(Profiles, AnAccountThatEndsLeavesItsIdAlone) {
  const UserId kim = sign_up("kim@example.com");
  const auto tokens = shop_.log_in();
  ASSERT_TRUE(tokens);
  bool denied_before = false;
  shop_.orders.before_cancel = [&] { denied_before = !shop_.is_good(*tokens); };
  ASSERT_TRUE(end(kim));
  EXPECT_EQ(shop_.orders.canceled, std::vector<UserId>{kim});
  EXPECT_TRUE(denied_before) << "no new order may follow the cancel";
  EXPECT_FALSE(shop_.is_good(*tokens));
  EXPECT_FALSE(shop_.refresh(tokens->refresh));
  EXPECT_EQ(error_of(shop_.log_in()), Error::wrong_credentials);
  EXPECT_EQ(error_of(test::run(shop_.service.profile(kim))), Error::not_found);
  EXPECT_EQ(error_of(end(kim)), Error::not_found);
  EXPECT_EQ(error_of(change(kim, {})), Error::not_found);
  EXPECT_EQ(ids(""), Ids{});

  EXPECT_EQ(
      query("SELECT COUNT(*) FROM users WHERE user_id = 1 AND name = '' AND phone = '' AND address = '' "
            "AND password_hash = '!' AND email NOT LIKE '%kim%'"),
      1);
  const UserId again = sign_up("kim@example.com");
  EXPECT_EQ(again, UserId{2}) << "the address is free, the id is not";
}

TEST_P(Profiles, ARehearsalsTokenEndsWithItsAccount) {
  const auto buyers = test::run(shop_.service.create_rehearsal_buyers(2));
  ASSERT_TRUE(buyers);
  ASSERT_TRUE(end(buyers->at(0).first));
  EXPECT_FALSE(shop_.is_good({buyers->at(0).second, "", {}}));
  EXPECT_TRUE(shop_.is_good({buyers->at(1).second, "", {}}));

  const auto denylist = make_local_denylist(shop_.clock);
  denylist->deny(shop_.store->denials(shop_.clock.now()));
  EXPECT_TRUE(denylist->denies(buyers->at(0).first, "any")) << "after a restart, too";
}

TEST_P(Profiles, OrdersThatCannotBeCanceledNowAreCanceledByTheSweeper) {
  const UserId kim = sign_up("kim@example.com");
  shop_.orders.failures = 2;
  EXPECT_TRUE(end(kim)) << "the account has ended all the same";
  test::run(shop_.ending.sweep());
  EXPECT_TRUE(shop_.orders.canceled.empty());
  test::HeldElsewhere lease;
  test::run(shop_.ending.sweep(lease));
  EXPECT_TRUE(shop_.orders.canceled.empty()) << "another server does it";
  test::run(shop_.ending.sweep());
  EXPECT_EQ(shop_.orders.canceled, std::vector<UserId>{kim});
}

TEST_P(Profiles, WishesThatCannotBeRemovedNowAreRemovedByTheSweeper) {
  const UserId kim = sign_up("kim@example.com");
  shop_.products.failures = 2;
  EXPECT_TRUE(end(kim)) << "the account has ended all the same";
  EXPECT_EQ(shop_.orders.canceled, std::vector<UserId>{kim}) << "and its orders with it";
  shop_.clock.advance(limits::ending_settles);
  test::run(shop_.ending.sweep());
  EXPECT_TRUE(shop_.products.forgotten.empty());
  EXPECT_EQ(query("SELECT COUNT(*) FROM account_endings"), 1) << "it is not settled";
  test::run(shop_.ending.sweep());
  EXPECT_EQ(shop_.products.forgotten, std::vector<UserId>{kim});
  EXPECT_EQ(query("SELECT COUNT(*) FROM account_endings"), 0);
}

// A placement that was admitted before the end may be committed behind the cancel.
TEST_P(Profiles, TheSweeperLooksAgainWhenNoOrderCanBeUnderWay) {
  const UserId kim = sign_up("kim@example.com");
  ASSERT_TRUE(end(kim));
  shop_.clock.advance(limits::ending_settles - 1ms);
  test::run(shop_.ending.sweep());
  shop_.clock.advance(1ms);
  shop_.orders.failures = 1;
  test::run(shop_.ending.sweep());
  shop_.orders.canceled.clear();
  test::run(shop_.ending.sweep());
  EXPECT_EQ(shop_.orders.canceled, std::vector<UserId>{kim});
  test::run(shop_.ending.sweep());
  EXPECT_EQ(shop_.orders.canceled.size(), 1u) << "then it is settled";
  EXPECT_EQ(query("SELECT COUNT(*) FROM account_endings"), 0);
}

// A database of the time when an end left the wishes behind.
TEST_P(ProfilesOfAFile, WhoEndedBeforeWishesWentIsSeenToOnceMore) {
  const UserId kim = sign_up("kim@example.com");
  ASSERT_TRUE(end(kim));
  shop_.clock.advance(limits::ending_settles);
  test::run(shop_.ending.sweep());
  ASSERT_EQ(query("SELECT COUNT(*) FROM account_endings"), 0);
  shop_.place.execute("DELETE FROM schema_migration WHERE version = 3");
  open_user_store(shop_.place.address(), 1);
  shop_.products.forgotten.clear();
  test::run(shop_.ending.sweep());
  EXPECT_EQ(shop_.products.forgotten, std::vector<UserId>{kim});
  EXPECT_EQ(query("SELECT COUNT(*) FROM account_endings"), 0);
}

// The process died behind the first transaction: nothing but its row knows of it.
TEST_P(Profiles, AnEndingOutlivesACrash) {
  const UserId kim = sign_up("kim@example.com");
  const auto tokens = shop_.log_in();
  ASSERT_TRUE(shop_.store->end_account(kim, shop_.clock.now()));
  test::run(shop_.ending.sweep());
  EXPECT_EQ(shop_.orders.canceled, std::vector<UserId>{kim});
  EXPECT_EQ(shop_.products.forgotten, std::vector<UserId>{kim});
  EXPECT_FALSE(shop_.is_good(*tokens));
}

}  // namespace
}  // namespace buyme::user
