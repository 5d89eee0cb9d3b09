#include "redis/reply.hpp"

#include <gtest/gtest.h>

namespace buyme::redis {
namespace {

TEST(RedisReply, ACommandCarriesAnyBytes) {
  std::string out;
  append_command(out, Words{"SET", "a\r\nb", std::string("\0x", 2)});
  EXPECT_EQ(out, std::string("*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$2\r\n\0x\r\n", 31));
}

TEST(RedisReply, RepliesComeOutWholeHoweverTheyAreCut) {
  const std::string stream = "+OK\r\n:-7\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:2\r\n-NOSCRIPT no such\r\n";
  ReplyReader reader;
  std::vector<Reply> replies;
  for (const char byte : stream) {
    ASSERT_TRUE(reader.feed({&byte, 1}));
    while (auto reply = reader.next()) replies.push_back(std::move(*reply));
  }
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1].number, -7);
  EXPECT_EQ(replies[2].kind, Reply::Kind::nil);
  EXPECT_EQ(replies[3].elements.at(0).text, "a");
  EXPECT_EQ(replies[3].elements.at(1).elements.at(0).number, 2);
  EXPECT_TRUE(replies[4].is_error("NOSCRIPT"));
  EXPECT_FALSE(replies[4].is_error("NO"));
}

TEST(RedisReply, WhatIsNotTheProtocolBreaksTheReader) {
  ReplyReader reader;
  reader.feed("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.broken());
}

}  // namespace
}  // namespace buyme::redis
