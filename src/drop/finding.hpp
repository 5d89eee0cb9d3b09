// How a check of the checker comes to its result.
#pragma once

#include <fmt/format.h>

#include "drop/checker.hpp"

namespace buyme::drop {

// One check in the making: passed until something offends.
class Finding {
 public:
  explicit Finding(std::string name) : name_(std::move(name)) {}

  template <class... Args>
  void offence(fmt::format_string<Args...> format, Args&&... args) {
    if (++count_ > shown_offenders) return;
    if (!shown_.empty()) shown_ += "; ";
    fmt::format_to(std::back_inserter(shown_), format, std::forward<Args>(args)...);
  }

  // `summary` is shown either way, so that a pass says what it has looked at.
  Check finish(std::string summary) && {
    if (count_ == 0) return {std::move(name_), true, std::move(summary)};
    if (count_ > shown_offenders) fmt::format_to(std::back_inserter(shown_), "; {} in all", count_);
    return {std::move(name_), false, fmt::format("{}: {}", summary, shown_)};
  }

 private:
  static constexpr std::size_t shown_offenders = 3;
  std::string name_;
  std::string shown_;
  std::size_t count_ = 0;
};

}  // namespace buyme::drop
