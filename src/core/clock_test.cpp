#include "core/clock.hpp"

#include <gtest/gtest.h>

#include "support/run.hpp"

namespace buyme {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(format_time(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(from_unix_ms(1'772'366'400'123)), "2026-03-01T12:00:00.123Z");
  std::string out = "at ";
  append_time(out, from_unix_ms(951'782'399'999));
  EXPECT_EQ(out, "at 2000-02-28T23:59:59.999Z");
}

TEST(Time, IsReadWithItsOffset) {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"},
      {"2026-03-01t12:00:00z", "2026-03-01T12:00:00.000Z"},
      {"2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.500Z"},
      {"2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123Z"},
      {"2026-03-01T12:00:00+09:00", "2026-03-01T03:00:00.000Z"},
      {"2026-03-01T00:00:00.250+09:30", "2026-02-28T14:30:00.250Z"},
      {"2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00.000Z"},
      {"2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00.000Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_time(*time), expected) << text;
  }
}

TEST(Time, WithoutOffsetOrWithoutSenseIsRefused) {
  for (const char* text : {"",
                           "2026-03-01",
                           "2026-03-01T12:00:00",
                           "2026-03-01T12:00Z",
                           "2026-03-01 12:00:00Z",
                           "2026-3-01T12:00:00Z",
                           "2026-02-29T12:00:00Z",
                           "2026-13-01T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "2026-01-32T12:00:00Z",
                           "2026-03-01T24:00:00Z",
                           "2026-03-01T12:60:00Z",
                           "2026-03-01T12:00:60Z",
                           "2026-03-01T12:00:00.Z",
                           "2026-03-01T12:00:00,5Z",
                           "2026-03-01T12:00:00+0900",
                           "2026-03-01T12:00:00+09",
                           "2026-03-01T12:00:00+24:00",
                           "2026-03-01T12:00:00+09:60",
                           "2026-03-01T12:00:00Zx",
                           "2026-03-01T12:00:00Z ",
                           " 2026-03-01T12:00:00Z",
                           "1969-12-31T23:59:59Z",
                           "-026-03-01T12:00:00Z",
                           "2026-03-01T12:00:00.000000000000000000000000000Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(SystemClock, SleepsUntilTheMoment) {
  const auto clock = make_system_clock();
  const Monotonic before = clock->monotonic();
  test::run(clock->sleep_until(before + 30ms));
  EXPECT_GE(clock->monotonic(), before + 30ms);
  test::run(clock->sleep_until(before));  // gone by: at once
  test::run(clock->sleep_for(1ms));
}

}  // namespace
}  // namespace buyme
