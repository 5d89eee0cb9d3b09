#include "http/forwarded.hpp"

#include <gtest/gtest.h>

#include "http/language.hpp"

namespace buyme::http {

namespace {

using boost::asio::ip::make_address;

const std::vector<std::string> ours{"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"};

std::string client(std::string_view forwarded, std::string_view x_forwarded_for) {
  const auto found =
      TrustedProxies(ours).client(forwarded.empty() ? ForwardedBy::x_forwarded_for : ForwardedBy::forwarded,
                                  forwarded.empty() ? x_forwarded_for : forwarded);
  return found ? found->to_string() : "none";
}

TEST(Forwarded, ProxiesAreAddressesAndNetworks) {
  const TrustedProxies proxies(ours);
  for (const char* yes : {"10.255.0.1", "192.0.2.7", "2001:db8:1::1", "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(proxies.trusts(make_address(yes))) << yes;
  }
  for (const char* no : {"11.0.0.1", "192.0.2.8", "2001:db9::1", "127.0.0.1", "::1"}) {
    EXPECT_FALSE(proxies.trusts(make_address(no))) << no;
  }
  for (const char* bad : {"proxy", "10.0.0.0/33", "10.0.0", "", "::1/129"}) {
    EXPECT_THROW(TrustedProxies(std::vector<std::string>{bad}), std::invalid_argument) << bad;
  }
}

TEST(Forwarded, TheClientIsTheLastOneThatIsNoProxyOfOurs) {
  EXPECT_EQ(client("", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(client("", "1.1.1.1, 198.51.100.1"), "198.51.100.1") << "what stands before it may be a lie";
  EXPECT_EQ(client("", "198.51.100.1, 10.0.0.3,10.0.0.4"), "198.51.100.1");
  EXPECT_EQ(client("", "10.0.0.3"), "10.0.0.3") << "only proxies: the farthest of them";
  EXPECT_EQ(client("", "198.51.100.1, rubbish, 10.0.0.4"), "10.0.0.4");
  EXPECT_EQ(client("", "rubbish"), "none");
  EXPECT_EQ(client("", ""), "none");
  EXPECT_EQ(client("", ",,"), "none");
}

TEST(Forwarded, TheStandardHeaderIsReadToo) {
  EXPECT_EQ(client("for=198.51.100.1;proto=https", "1.1.1.1"), "198.51.100.1");
  EXPECT_EQ(client("for=1.1.1.1, proto=http; For=\"198.51.100.1:4711\", for=10.0.0.1", ""), "198.51.100.1");
  EXPECT_EQ(client("for=\"[2001:db9::1]:80\"", ""), "2001:db9::1");
  EXPECT_EQ(client("for=_hidden", ""), "none");
  EXPECT_EQ(client("for=\"[2001:db9::1\"", ""), "none");
}

TEST(Forwarded, ASubscriberHasOneKeyHoweverManyAddressesHeHas) {
  EXPECT_EQ(subscriber_key(make_address("2001:db8::1")), subscriber_key(make_address("2001:db8::2")));
  EXPECT_NE(subscriber_key(make_address("2001:db8::1")), subscriber_key(make_address("2001:db8:0:1::1")));
  EXPECT_NE(subscriber_key(make_address("10.0.0.1")), subscriber_key(make_address("10.0.0.2")));
}

TEST(Language, KoreanIsChosenWhereItIsWantedMost) {
  for (const char* yes : {"ko", "KO", "ko-KR", "ko-KR,ko;q=0.9,en-US;q=0.8", "en;q=0.5, ko", "ko,en",
                          "en;q=0.811,ko;q=0.812", "de;q=0,ko;q=0.1"}) {
    EXPECT_TRUE(prefers_korean(yes)) << yes;
  }
  for (const char* no : {"", "en", "en,ko", "kok", "ko;q=0", "ko;q=0.5,en", "*", ",,;;q=", "ko;q=0.000"}) {
    EXPECT_FALSE(prefers_korean(no)) << no;
  }
}

}  // namespace

}  // namespace buyme::http
