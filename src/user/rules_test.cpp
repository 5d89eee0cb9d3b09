#include "user/rules.hpp"

#include <gtest/gtest.h>

namespace buyme::user {
namespace {

std::string repeated(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(AccountRules, Names) {
  for (const std::string& right :
       {std::string("K"), std::string("김철수"), repeated("한", 100), repeated("🔑", 100)}) {
    EXPECT_EQ(wrong_name(right), "") << right;
  }
  for (const std::string& wrong :
       {std::string(), std::string("   "), repeated("한", 101), repeated("x", 101)}) {
    EXPECT_NE(wrong_name(wrong), "") << wrong;
  }
}

TEST(AccountRules, Emails) {
  for (const std::string& right : {std::string("a@b.co"), std::string("first.last+tag@sub.example.com"),
                                   std::string("o'brien@example.com"), std::string("KIM_99@EXAMPLE.CO.KR"),
                                   std::string("x@xn--3e0b707e.kr"),
                                   repeated("l", 64) + "@" + repeated("d", 63) + "." + repeated("d", 63) +
                                       "." + repeated("d", 58) + ".kr"}) {
    EXPECT_EQ(wrong_email(right), "") << right;
  }
  for (const std::string& wrong : {std::string(),
                                   std::string("kim"),
                                   std::string("@example.com"),
                                   std::string("kim@"),
                                   std::string("kim@host"),
                                   std::string("kim@@example.com"),
                                   std::string("a@b@example.com"),
                                   std::string("kim@.com"),
                                   std::string("kim@example."),
                                   std::string("kim@example..com"),
                                   std::string("kim@-example.com"),
                                   std::string("kim@example-.com"),
                                   std::string(".kim@example.com"),
                                   std::string("kim.@example.com"),
                                   std::string("k..m@example.com"),
                                   std::string("k m@example.com"),
                                   std::string(" kim@example.com"),
                                   std::string("kim@example.com "),
                                   std::string("kim@exa mple.com"),
                                   std::string("김@example.com"),
                                   std::string("\"kim\"@example.com"),
                                   std::string("kim@[127.0.0.1]"),
                                   std::string("kim@exam_ple.com"),
                                   repeated("l", 65) + "@example.com",
                                   "kim@" + repeated("d", 64) + ".com",
                                   repeated("l", 64) + "@" + repeated("d", 63) + "." + repeated("d", 63) +
                                       "." + repeated("d", 59) + ".kr"}) {
    EXPECT_NE(wrong_email(wrong), "") << wrong;
  }
}

TEST(AccountRules, PasswordsOfAnyKindByCharacters) {
  for (const std::string& right :
       {std::string("12345678"), std::string("        "), std::string("비밀번호비밀번호"), repeated("🔑", 8),
        repeated("🔑", 128), repeated("x", 128)}) {
    EXPECT_EQ(wrong_password(right), "") << right;
  }
  for (const std::string& wrong : {std::string(), std::string("1234567"), std::string("비밀번호"),
                                   repeated("🔑", 129), repeated("x", 129)}) {
    EXPECT_NE(wrong_password(wrong), "") << wrong;
  }
}

TEST(AccountRules, Phones) {
  for (const char* right : {"010-1234-5678", "01012345678", "02-123-4567", "010 1234 5678", "031-123-4567",
                            "0505-1234-5678", "+82 10 1234 5678", "+82-10-1234-5678", "+821012345678",
                            "+1 212 555 0100", "+12345678", "+123456789012345"}) {
    EXPECT_EQ(wrong_phone(right), "") << right;
  }
  for (const char* wrong : {"",
                            "+",
                            "-",
                            "12345678",
                            "1588-1234",
                            "010-1234-567a",
                            "010--1234-5678",
                            "-010-1234-5678",
                            "010-1234-5678-",
                            " 01012345678",
                            "01012345678 ",
                            "02-123-456",
                            "0505-1234-56789",
                            "001-1234-5678",
                            "+1234567",
                            "+1234567890123456",
                            "+0101234567",
                            "++821012345678",
                            "+82 (10) 1234",
                            "010.1234.5678",
                            "82+1012345678",
                            "０１０-１２３４-５６７８",
                            "+8 2 1 0 1 2 3 4 5 6 7 8 9 0 1 2"}) {
    EXPECT_NE(wrong_phone(wrong), "") << wrong;
  }
}

TEST(AccountRules, Addresses) {
  EXPECT_EQ(wrong_address("1"), "");
  EXPECT_EQ(wrong_address(repeated("가", 300)), "");
  EXPECT_NE(wrong_address(repeated("가", 301)), "");
  EXPECT_NE(wrong_address(""), "");
  EXPECT_NE(wrong_address(" "), "");
}

TEST(AccountRules, AddressesDifferInMoreThanCase) {
  EXPECT_EQ(normalized_email("KIM.Z+A@Example.COM"), "kim.z+a@example.com");
  EXPECT_EQ(normalized_email("[@`{"), "[@`{");
}

}  // namespace
}  // namespace buyme::user
