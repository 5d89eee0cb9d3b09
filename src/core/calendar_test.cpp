#include "core/calendar.hpp"

#include <gtest/gtest.h>

namespace buyme {
namespace {

std::string day(const Calendar& calendar, std::string_view at, int days) {
  return format_time(calendar.start_of_day(*parse_time(at), days));
}

TEST(Calendar, ADayBeginsAtMidnightOfTheZone) {
  const auto seoul = make_calendar("Asia/Seoul");
  EXPECT_EQ(day(*seoul, "2026-03-01T23:59:59.999+09:00", 0), "2026-02-28T15:00:00.000Z");
  EXPECT_EQ(day(*seoul, "2026-03-02T00:00:00+09:00", 0), "2026-03-01T15:00:00.000Z");
  EXPECT_EQ(day(*seoul, "2026-03-02T00:00:00+09:00", 1), "2026-02-28T15:00:00.000Z");
  EXPECT_EQ(day(*make_calendar("UTC"), "2026-03-02T00:00:00+09:00", 0), "2026-03-01T00:00:00.000Z");
}

TEST(Calendar, DaysOfTwentyThreeAndTwentyFiveHoursCount) {
  const auto berlin = make_calendar("Europe/Berlin");
  EXPECT_EQ(day(*berlin, "2026-03-30T12:00:00+02:00", 1),
            "2026-03-28T23:00:00.000Z");  // put forward on the 29th
  EXPECT_EQ(day(*berlin, "2026-03-30T12:00:00+02:00", 0), "2026-03-29T22:00:00.000Z");
  EXPECT_EQ(day(*berlin, "2026-10-26T12:00:00+01:00", 1),
            "2026-10-24T22:00:00.000Z");  // put back on the 25th
  // In Beirut the clock is put forward at midnight: that day begins at one.
  EXPECT_EQ(day(*make_calendar("Asia/Beirut"), "2026-03-29T12:00:00+03:00", 0), "2026-03-28T22:00:00.000Z");
}

TEST(Calendar, AnUnknownZoneIsNamed) {
  EXPECT_THROW(make_calendar("Asia/Atlantis"), std::runtime_error);
  EXPECT_THROW(make_calendar(""), std::runtime_error);
}

}  // namespace
}  // namespace buyme
