// g++ 12 has no time zones yet; Howard Hinnant's library is what std::chrono's became.
#include "core/calendar.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <stdexcept>

namespace buyme {

namespace {

class ZoneCalendar final : public Calendar {
 public:
  explicit ZoneCalendar(const date::time_zone* zone) : zone_(zone) {}

  Time start_of_day(Time at, int days) const override {
    const date::local_days today = date::floor<date::days>(zone_->to_local(at));
    // Where the clock is put forward at midnight the day begins an hour later; where it is put back, at the
    // first.
    const auto start = zone_->to_sys(today - date::days{days}, date::choose::earliest);
    return std::chrono::time_point_cast<Milliseconds>(start);
  }

 private:
  const date::time_zone* zone_;
};

}  // namespace

std::unique_ptr<Calendar> make_calendar(const std::string& zone) {
  try {
    return std::make_unique<ZoneCalendar>(date::locate_zone(zone));
  } catch (const std::exception&) {
    throw std::runtime_error(fmt::format("there is no time zone \"{}\"; name one as \"Asia/Seoul\"", zone));
  }
}

}  // namespace buyme
