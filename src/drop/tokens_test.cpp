#include "drop/tokens.hpp"

#include <gtest/gtest.h>

namespace buyme::drop {
namespace {

std::string failure_of(std::string_view text) {
  const auto result = parse_tokens_csv(text, "buyers.csv");
  return result ? "no failure" : result.error().detail;
}

TEST(TokensCsv, ReadsBuyersInOrder) {
  const auto buyers = parse_tokens_csv("userId,token\n7,aaa.bbb.ccc\n3,ddd\n", "buyers.csv");
  ASSERT_TRUE(buyers);
  ASSERT_EQ(buyers->size(), 2u);
  EXPECT_EQ((*buyers)[0].user_id, 7);
  EXPECT_EQ((*buyers)[0].token, "aaa.bbb.ccc");
  EXPECT_EQ((*buyers)[1].user_id, 3);
}

TEST(TokensCsv, TakesWhatSpreadsheetsDoToAFile) {
  const auto buyers =
      parse_tokens_csv("\xEF\xBB\xBFuserId,token\r\n\"7\",\"aaa\"\r\n\r\n8,bbb", "buyers.csv");
  ASSERT_TRUE(buyers) << buyers.error().detail;
  ASSERT_EQ(buyers->size(), 2u);
  EXPECT_EQ((*buyers)[0].user_id, 7);
  EXPECT_EQ((*buyers)[0].token, "aaa");
  EXPECT_EQ((*buyers)[1].token, "bbb");
}

TEST(TokensCsv, NamesFileLineAndReason) {
  EXPECT_EQ(failure_of(""), "buyers.csv:1: the first line must be \"userId,token\"");
  EXPECT_EQ(failure_of("1,abc\n"), "buyers.csv:1: the first line must be \"userId,token\"");
  EXPECT_EQ(failure_of("userId,token\n1,a\n2\n"), "buyers.csv:3: expected \"userId,token\", found no comma");
  EXPECT_EQ(failure_of("userId,token\n0,a\n"), "buyers.csv:2: the user id must be a positive whole number");
  EXPECT_EQ(failure_of("userId,token\n1x,a\n"), "buyers.csv:2: the user id must be a positive whole number");
  EXPECT_EQ(failure_of("userId,token\n\n1,\n"),
            "buyers.csv:3: the token is empty or has characters that no token has");
  EXPECT_EQ(failure_of("userId,token\n1,a b\n"),
            "buyers.csv:2: the token is empty or has characters that no token has");
  EXPECT_EQ(failure_of("userId,token\n1,a\n2,b\n1,c\n"), "buyers.csv:4: user 1 stands in line 2 already");
}

TEST(TokensCsv, NamesAFileThatIsNotThere) {
  const auto result = read_tokens_csv("/nonexistent/buyers.csv");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail, "/nonexistent/buyers.csv: cannot be opened");
}

}  // namespace
}  // namespace buyme::drop
