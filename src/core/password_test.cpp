#include "core/password.hpp"

#include <gtest/gtest.h>

namespace buyme {
namespace {

constexpr PasswordCost cheap{.memory_kib = 8, .passes = 1};

TEST(Password, MatchesItselfAndNothingElse) {
  const std::string hash = hash_password("correct horse", cheap);
  EXPECT_TRUE(verify_password("correct horse", hash));
  EXPECT_FALSE(verify_password("correct horsE", hash));
  EXPECT_FALSE(verify_password("correct horse ", hash));
  EXPECT_FALSE(verify_password(" correct horse", hash));
  EXPECT_FALSE(verify_password("", hash));
}

TEST(Password, EveryByteCounts) {
  using namespace std::string_literals;
  const std::string password = "\0tab\tnewline\n비밀번호 🔑"s;
  const std::string hash = hash_password(password, cheap);
  EXPECT_TRUE(verify_password(password, hash));
  EXPECT_FALSE(verify_password("\0other"s, hash));
  EXPECT_FALSE(verify_password(""s, hash));
}

TEST(Password, SaltMakesEqualPasswordsDiffer) {
  EXPECT_NE(hash_password("correct horse", cheap), hash_password("correct horse", cheap));
}

TEST(Password, HashNamesItsCost) {
  EXPECT_TRUE(hash_password("correct horse", {}).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(hash_password("correct horse", cheap).starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
}

TEST(Password, NothingMatchesWhatIsNoHash) {
  for (const std::string& hash : {std::string("!"), std::string(), std::string("$argon2id$v=19$m=8,t=1,p=1$"),
                                  std::string("correct horse"), std::string(4096, '$')}) {
    EXPECT_FALSE(verify_password("correct horse", hash)) << hash;
    EXPECT_FALSE(verify_password("", hash)) << hash;
  }
}

TEST(Password, ImpossibleCostIsAnError) {
  EXPECT_THROW(hash_password("correct horse", {.memory_kib = 1, .passes = 1}), std::runtime_error);
  EXPECT_THROW(hash_password("correct horse", {.memory_kib = 8, .passes = 0}), std::runtime_error);
}

}  // namespace
}  // namespace buyme
