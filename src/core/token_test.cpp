#include "core/token.hpp"

#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/random.hpp"
#include "support/temp_dir.hpp"

namespace buyme {
namespace {

using namespace std::chrono_literals;

const std::string secret = "0123456789abcdef0123456789abcdef";
const Time noon = *parse_time("2026-03-01T12:00:00Z");

Claims some_claims() {
  return {UserId{42}, Role::user, noon, noon + 1h, "session-1"};
}

std::string base64url(std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bits, out;
  for (const unsigned char c : bytes) {
    for (int i = 7; i >= 0; --i) bits += (c >> i & 1) != 0 ? '1' : '0';
  }
  while (bits.size() % 6 != 0) bits += '0';
  for (std::size_t i = 0; i < bits.size(); i += 6) out += alphabet[std::stoul(bits.substr(i, 6), nullptr, 2)];
  return out;
}

// Made by another implementation than the one under test, over whatever text.
std::string token_of(std::string_view header, std::string_view payload, std::string_view key = secret) {
  std::string token = base64url(header) + "." + base64url(payload);
  unsigned char mac[32];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(token.data()), token.size(), mac, &size);
  return token + "." + base64url({reinterpret_cast<const char*>(mac), size});
}

constexpr std::string_view good_header = R"({"alg":"HS256","typ":"JWT"})";
// 2026-03-01T12:00:00Z is 1772366400
constexpr std::string_view good_payload =
    R"({"iss":"buyme","sub":"42","role":"USER","iat":1772366400,"exp":1772370000,"jti":"session-1"})";

TEST(Token, IsTheJwtThatTheStandardDescribes) {
  const TokenKey key(secret);
  EXPECT_EQ(key.sign(some_claims()), token_of(good_header, good_payload));
}

TEST(Token, VerifiesWhatItSigned) {
  const TokenKey key(secret);
  Claims claims = some_claims();
  claims.role = Role::admin;
  const auto verified = key.verify(key.sign(claims), noon);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->user, UserId{42});
  EXPECT_EQ(verified->role, Role::admin);
  EXPECT_EQ(verified->issued_at, noon);
  EXPECT_EQ(verified->expires_at, noon + 1h);
  EXPECT_EQ(verified->session_id, "session-1");
}

TEST(Token, TimesAreRoundedDownToSeconds) {
  const TokenKey key(secret);
  Claims claims = some_claims();
  claims.issued_at += 999ms;
  claims.expires_at += 999ms;
  const auto verified = key.verify(key.sign(claims), noon);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->issued_at, noon);
  EXPECT_EQ(verified->expires_at, noon + 1h);
}

TEST(Token, ExpiresToTheMillisecond) {
  const TokenKey key(secret);
  const std::string token = key.sign(some_claims());
  EXPECT_TRUE(key.verify(token, noon + 1h - 1ms));
  EXPECT_FALSE(key.verify(token, noon + 1h));
  EXPECT_FALSE(key.verify(token, noon + 24h));
}

TEST(Token, OfAnotherKeyIsRefused) {
  const TokenKey key(secret);
  const TokenKey other("0123456789abcdef0123456789abcdeF");
  EXPECT_FALSE(key.verify(other.sign(some_claims()), noon));
  EXPECT_TRUE(key.verify(key.sign(some_claims()), noon));  // the thread's context follows the key
  EXPECT_TRUE(other.verify(other.sign(some_claims()), noon));
}

TEST(Token, KeyThatTookTheAddressOfAnotherIsAKeyOfItsOwn) {
  std::optional<TokenKey> key(std::in_place, secret);
  const std::string token = key->sign(some_claims());
  key.emplace("another secret of thirty-two bytes or more");
  EXPECT_FALSE(key->verify(token, noon));
}

TEST(Token, EveryFlippedBitIsNoticed) {
  const TokenKey key(secret);
  const std::string token = key.sign(some_claims());
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = token;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      ASSERT_FALSE(key.verify(flipped, noon)) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Token, EveryTruncationAndExtensionIsNoticed) {
  const TokenKey key(secret);
  const std::string token = key.sign(some_claims());
  for (std::size_t size = 0; size < token.size(); ++size) {
    ASSERT_FALSE(key.verify(token.substr(0, size), noon)) << size;
    ASSERT_FALSE(key.verify(token.substr(token.size() - size), noon)) << size;
  }
  for (const char* more : {"=", "A", ".", " ", "\n", ".A"}) {
    EXPECT_FALSE(key.verify(token + more, noon));
    EXPECT_FALSE(key.verify(more + token, noon));
  }
  EXPECT_FALSE(key.verify(token + std::string(2'000, 'A'), noon));
  EXPECT_FALSE(key.verify("", noon));
}

TEST(Token, OtherHeadersAreRefusedEvenWhenSigned) {
  const TokenKey key(secret);
  ASSERT_TRUE(key.verify(token_of(good_header, good_payload), noon));
  for (const char* header :
       {R"({"alg":"none","typ":"JWT"})", R"({"alg":"None","typ":"JWT"})", R"({"alg":"HS384","typ":"JWT"})",
        R"({"alg":"HS512","typ":"JWT"})", R"({"alg":"RS256","typ":"JWT"})", R"({"alg":"HS256"})",
        R"({"alg":"HS256","typ":"JWE"})", R"({"typ":"JWT"})", "{}", ""}) {
    EXPECT_FALSE(key.verify(token_of(header, good_payload), noon)) << header;
  }
  const std::string unsigned_token =
      base64url(R"({"alg":"none","typ":"JWT"})") + "." + base64url(good_payload) + ".";
  EXPECT_FALSE(key.verify(unsigned_token, noon));
}

TEST(Token, OtherPayloadsAreRefusedEvenWhenSigned) {
  const TokenKey key(secret);
  for (const char* payload : {
           R"({"iss":"other","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":42,"role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"0","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"-1","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"042","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"42x","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"9223372036854775808","role":"USER","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"user","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"ROOT","iat":1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000.5,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":"1772370000","jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":9223372036854775807,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":-1,"exp":1772370000,"jti":"a"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":""})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a b"})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a","nbf":1})",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a"}x)",
           R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a")",
           R"(["buyme"])",
           "null",
       }) {
    EXPECT_FALSE(key.verify(token_of(good_header, payload), noon)) << payload;
  }
  EXPECT_TRUE(key.verify(
      token_of(good_header, R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"a"})"),
      noon));
}

TEST(Token, PayloadMustBeStrictBase64) {
  const TokenKey key(secret);
  const auto signed_text = [](std::string text) {
    unsigned char mac[32];
    unsigned int size = 0;
    text = base64url(good_header) + "." + text;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
    return text + "." + base64url({reinterpret_cast<const char*>(mac), size});
  };
  // One byte short of a multiple of three leaves bits that no byte uses.
  const std::string payload =
      R"({"iss":"buyme","sub":"42","role":"USER","iat":1,"exp":1772370000,"jti":"abc"})";
  const std::string text = base64url(payload);
  ASSERT_TRUE(key.verify(signed_text(text), noon));
  EXPECT_FALSE(key.verify(signed_text(text + "="), noon));
  EXPECT_FALSE(key.verify(signed_text(text.substr(0, 8) + "\n" + text.substr(8)), noon));
  EXPECT_FALSE(key.verify(signed_text(text.substr(0, 8) + "+" + text.substr(9)), noon));
  ASSERT_NE(text.size() % 4, 0u) << "choose a payload whose last character has spare bits";
  std::string spare = text;
  spare.back() = static_cast<char>(spare.back() + 1);
  EXPECT_FALSE(key.verify(signed_text(spare), noon));
}

TEST(Token, ManyThreadsVerifyAtOnce) {
  const TokenKey key(secret);
  const TokenKey other("another secret of thirty-two bytes or more");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 500; ++i) {
        Claims claims = some_claims();
        claims.user = UserId{t * 1000 + i};
        const auto verified = key.verify(key.sign(claims), noon);
        if (!verified || verified->user != claims.user) ++wrong;
        if (key.verify(other.sign(claims), noon)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Token, WhatCannotBeVerifiedIsNotSigned) {
  EXPECT_THROW(TokenKey("short"), std::invalid_argument);
  const TokenKey key(secret);
  Claims claims = some_claims();
  claims.user = UserId{};
  EXPECT_THROW(key.sign(claims), std::invalid_argument);
  claims = some_claims();
  claims.session_id = "\",\"role\":\"ADMIN";
  EXPECT_THROW(key.sign(claims), std::invalid_argument);
}

TEST(Token, DerivedSecretsFollowFromTextAndKey) {
  const TokenKey key(std::string(32, 'a')), other(std::string(32, 'b'));
  EXPECT_EQ(key.derive("text"), key.derive("text"));
  EXPECT_EQ(key.derive("text").size(), 43u);
  EXPECT_NE(key.derive("text"), key.derive("text2"));
  EXPECT_NE(key.derive("text"), other.derive("text"));
  const std::string token = key.sign({UserId{1}, Role::user, {}, Time{} + 1h, "s"});
  const std::size_t dot = token.rfind('.');
  EXPECT_NE(key.derive(token.substr(0, dot)), token.substr(dot + 1)) << "no way to have a token signed";
}

TEST(Token, FingerprintIsTheWellKnownHash) {
  EXPECT_EQ(token_fingerprint("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(TokenKeyFile, IsMadeOnceForItsOwnerAlone) {
  const test::TempDir directory;
  const std::string path = directory.file("token.key");
  const std::string made = load_or_create_token_key(path);
  EXPECT_EQ(made.size(), 32u);
  EXPECT_EQ(load_or_create_token_key(path), made);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1) << "left-overs";
  EXPECT_NE(load_or_create_token_key(directory.file("other.key")), made);
}

TEST(TokenKeyFile, ThatOthersMayReadOrWriteIsRefused) {
  const test::TempDir directory;
  const std::string path = directory.file("token.key");
  load_or_create_token_key(path);
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0644, 0610}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_THROW(load_or_create_token_key(path), std::runtime_error) << mode;
  }
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_NO_THROW(load_or_create_token_key(path));
}

TEST(TokenKeyFile, OfAnotherSizeIsRefused) {
  const test::TempDir directory;
  const std::string path = directory.file("token.key");
  for (const std::size_t size : {0, 1, 31, 33, 4096}) {
    std::ofstream(path) << std::string(size, 'x');
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    EXPECT_THROW(load_or_create_token_key(path), std::runtime_error) << size;
  }
}

TEST(TokenKeyFile, ThatCannotBeMadeNamesItself) {
  const test::TempDir directory;
  const std::string path = directory.file("missing/token.key");
  try {
    load_or_create_token_key(path);
    FAIL() << "made in a directory that does not exist";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace buyme
