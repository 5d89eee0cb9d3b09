#include "core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace buyme {
namespace {

TEST(Random, IsAFunctionOfSeedAndName) {
  Random one(7, "arrivals"), same(7, "arrivals"), other_seed(8, "arrivals"), other_name(7, "payments");
  bool seed_differs = false, name_differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto number = one.next();
    ASSERT_EQ(number, same.next());
    seed_differs |= number != other_seed.next();
    name_differs |= number != other_name.next();
  }
  EXPECT_TRUE(seed_differs);
  EXPECT_TRUE(name_differs);
}

TEST(Random, BelowIsInRangeAndEven) {
  Random random(1, "below");
  std::array<int, 7> counts{};
  constexpr int draws = 70'000;
  for (int i = 0; i < draws; ++i) {
    const auto value = random.below(counts.size());
    ASSERT_LT(value, counts.size());
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, UniformIsFromZeroToBelowOne) {
  Random random(1, "uniform");
  double sum = 0;
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / draws, 0.5, 0.01);
}

TEST(Random, ChanceKeepsItsShare) {
  Random random(1, "chance");
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    hits += random.chance(0.2) ? 1 : 0;
    ASSERT_FALSE(random.chance(0.0));
    ASSERT_TRUE(random.chance(1.0));
  }
  EXPECT_NEAR(hits, 2'000, 200);
}

TEST(HashBytes, IsStableAndKeyed) {
  // Written into databases (checksums of schema steps), so these may never change.
  EXPECT_EQ(hash_bytes(""), hash_bytes(std::string_view("anything", 0)));
  EXPECT_NE(hash_bytes("a"), hash_bytes("b"));
  EXPECT_NE(hash_bytes("a", 1), hash_bytes("a", 2));
  EXPECT_EQ(hash_bytes("schema"), 0x26c77d708a7547b8ULL);
}

TEST(SecureRandom, IsLongEnoughAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string hex = secure_random_hex(16);
    ASSERT_EQ(hex.size(), 32u);
    ASSERT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
    ASSERT_TRUE(seen.insert(hex).second);
    ASSERT_TRUE(seen.insert(secure_random_bytes(32)).second);
  }
  EXPECT_EQ(secure_random_bytes(0), "");
}

}  // namespace
}  // namespace buyme
