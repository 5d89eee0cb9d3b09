#include "drop/arrival.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace buyme::drop {
namespace {

using namespace std::chrono_literals;
using Kind = Arrival::Kind;

TEST(ParseArrival, TakesTheThreeForms) {
  EXPECT_EQ(parse_arrival("burst"), (Arrival{Kind::burst, 0}));
  EXPECT_EQ(parse_arrival("ramp:30"), (Arrival{Kind::ramp, 30}));
  EXPECT_EQ(parse_arrival("ramp:0.5"), (Arrival{Kind::ramp, 0.5}));
  EXPECT_EQ(parse_arrival("poisson:2500"), (Arrival{Kind::poisson, 2500}));
}

TEST(ParseArrival, RefusesEverythingElse) {
  for (const char* text : {"", "ramp", "ramp:", "ramp:0", "ramp:-1", "ramp:1s", "ramp:inf", "ramp:nan",
                           "burst:1", "poisson: 5", "Poisson:5", "steady:5"}) {
    EXPECT_FALSE(parse_arrival(text)) << text;
  }
}

TEST(ParseArrival, ReadsBackWhatItPrints) {
  for (const char* text : {"burst", "ramp:12.5", "poisson:400"})
    EXPECT_EQ(to_string(*parse_arrival(text)), text);
}

TEST(ClickTimes, OfABurstAreAllAtTheOpening) {
  const auto times = click_times({Kind::burst, 0}, 100, 1);
  ASSERT_EQ(times.size(), 100u);
  EXPECT_EQ(times.back(), 0ns);
}

TEST(ClickTimes, OfARampFillItEvenly) {
  const auto times = click_times({Kind::ramp, 10}, 10'000, 1);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_GE(times.front(), 0ns);
  EXPECT_LT(times.back(), 10s);
  const auto half = std::lower_bound(times.begin(), times.end(), 5s) - times.begin();
  EXPECT_NEAR(static_cast<double>(half), 5'000, 300);
}

TEST(ClickTimes, OfAPoissonProcessKeepTheRateAndScatter) {
  const auto times = click_times({Kind::poisson, 1'000}, 20'000, 1);
  EXPECT_NEAR(std::chrono::duration<double>(times.back()).count(), 20, 1);
  int short_gaps = 0;  // of an exponential gap, 1 - 1/e are shorter than the mean
  for (std::size_t i = 1; i < times.size(); ++i) short_gaps += times[i] - times[i - 1] < 1ms;
  EXPECT_NEAR(short_gaps / 20'000.0, 0.632, 0.02);
}

TEST(ClickTimes, RepeatWithTheirSeed) {
  EXPECT_EQ(click_times({Kind::ramp, 1}, 50, 7), click_times({Kind::ramp, 1}, 50, 7));
  EXPECT_NE(click_times({Kind::ramp, 1}, 50, 7), click_times({Kind::ramp, 1}, 50, 8));
}

}  // namespace
}  // namespace buyme::drop
