#include "http/problem_input.hpp"

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "http/message.hpp"

namespace buyme::http {
namespace {

// As it comes over the wire.
std::optional<Failure> there_and_back(const Failure& failure) {
  Response response;
  write_problem(response, failure, "r-1");
  std::string retry_after;
  for (const auto& [name, value] : response.headers) {
    if (name == "Retry-After") retry_after = value;
  }
  return read_problem(response.body, retry_after);
}

void expect_same(const Failure& read, const Failure& written) {
  EXPECT_EQ(read.error, written.error);
  EXPECT_EQ(read.detail, written.detail);
  EXPECT_EQ(read.members, written.members);
  EXPECT_EQ(read.retry_after, written.retry_after);
  ASSERT_EQ(read.fields.size(), written.fields.size());
  for (std::size_t i = 0; i < read.fields.size(); ++i) {
    EXPECT_EQ(read.fields[i].field, written.fields[i].field);
    EXPECT_EQ(read.fields[i].detail, written.fields[i].detail);
  }
}

TEST(ReadProblem, IsTheInverseForEveryError) {
  for (int number = 0; number < error_count; ++number) {
    const Failure written(static_cast<Error>(number), "What \"happened\"\n and why: 품절.");
    const auto read = there_and_back(written);
    ASSERT_TRUE(read) << number;
    expect_same(*read, written);
  }
}

TEST(ReadProblem, IsTheInverseForEveryMember) {
  Random random(7, "problems");
  const auto text = [&random] {
    std::string made;
    for (auto left = random.next() % 20; left > 0; --left) made += static_cast<char>(random.next() % 0x80);
    return made;
  };
  for (int round = 0; round < 500; ++round) {
    Failure written(static_cast<Error>(random.next() % error_count), text());
    written.retry_after = std::chrono::seconds{random.next() % 3};
    for (auto left = random.next() % 3; left > 0; --left) written.fields.push_back({text(), text()});
    for (auto left = random.next() % 4; left > 0; --left) {
      // Error::method_not_allowed reads its own member "allow" as a text.
      const std::string name = "member" + std::to_string(left);
      if (random.next() % 2 == 0) {
        written.with(name, text());
      } else {
        written.with(name, static_cast<std::int64_t>(random.next()));
      }
    }
    const auto read = there_and_back(written);
    ASSERT_TRUE(read);
    expect_same(*read, written);
  }
}

TEST(ReadProblem, RefusesWhatIsNone) {
  EXPECT_FALSE(read_problem("", ""));
  EXPECT_FALSE(read_problem("<html>502 Bad Gateway</html>", ""));
  EXPECT_FALSE(read_problem("[]", ""));
  EXPECT_FALSE(read_problem(R"({"detail":"no code"})", ""));
  EXPECT_FALSE(read_problem(R"({"code":7})", ""));
  EXPECT_FALSE(read_problem(R"({"code":"OF_A_LATER_VERSION"})", ""));
  EXPECT_TRUE(read_problem(R"({"code":"SOLD_OUT","errors":7,"odd":[1],"flag":true})", "soon"));
}

}  // namespace
}  // namespace buyme::http
