// Calendar days where a shop is: what "the day after" means for an instant.
#pragma once

#include <memory>
#include <string>

#include "core/clock.hpp"

namespace buyme {

// Thread-safe.
class Calendar {
 public:
  virtual ~Calendar() = default;

  // The first instant of the day that lies `days` days before the day of `at`. Days may have 23 or 25 hours.
  virtual Time start_of_day(Time at, int days) const = 0;
};

// By the time zone database of the system: "Asia/Seoul". Throws std::runtime_error for a zone it does not
// know.
std::unique_ptr<Calendar> make_calendar(const std::string& zone);

}  // namespace buyme
