#include "core/money.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/limits.hpp"

namespace buyme {
namespace {

constexpr auto most = std::numeric_limits<std::int64_t>::max();
constexpr auto least = std::numeric_limits<std::int64_t>::min();

TEST(Money, SumsThatFit) {
  EXPECT_EQ(checked_add(2, 3), 5);
  EXPECT_EQ(checked_add(most, 0), most);
  EXPECT_EQ(checked_add(most, least), -1);
  EXPECT_EQ(checked_add(most - 1, 1), most);
}

TEST(Money, SumsThatDoNotFit) {
  EXPECT_EQ(checked_add(most, 1), std::nullopt);
  EXPECT_EQ(checked_add(least, -1), std::nullopt);
}

TEST(Money, ProductsThatFit) {
  EXPECT_EQ(checked_multiply(15'000, 3), 45'000);
  EXPECT_EQ(checked_multiply(most, 1), most);
  EXPECT_EQ(checked_multiply(most, 0), 0);
  EXPECT_EQ(checked_multiply(limits::max_price, limits::max_line_units),
            std::int64_t{1'000'000'000'000'000'000});
}

TEST(Money, ProductsThatDoNotFit) {
  EXPECT_EQ(checked_multiply(most, 2), std::nullopt);
  EXPECT_EQ(checked_multiply(least, -1), std::nullopt);
  EXPECT_EQ(checked_multiply(std::int64_t{1} << 32, std::int64_t{1} << 32), std::nullopt);
}

}  // namespace
}  // namespace buyme
