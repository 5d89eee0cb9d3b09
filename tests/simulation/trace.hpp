// What happened in a sale, as a hash always and as readable lines when somebody wants to read them.
//
// Two runs are the same run when their hashes are: every line goes into it with its time and its arguments.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include "simulation/context.hpp"

namespace buyme::simulation {

class Trace {
 public:
  struct Line {
    Scheduler::Nanoseconds at;
    std::string text;
  };

  Trace(const Scheduler& scheduler, bool keep_lines) : scheduler_(scheduler), keeps_lines_(keep_lines) {}

  // `format` is a literal; its arguments are numbers and texts.
  template <class... Arguments>
  void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const fmt::string_view text = format;
    mix(static_cast<std::uint64_t>(scheduler_.now().count()));
    mix(text.size() * 257 + static_cast<unsigned char>(text.data()[0]));
    (mix_argument(arguments), ...);
    if (keeps_lines_) {
      lines_.push_back({scheduler_.now(), fmt::format(format, std::forward<Arguments>(arguments)...)});
    }
  }

  std::uint64_t hash() const { return hash_; }
  const std::vector<Line>& lines() const { return lines_; }

 private:
  void mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15ULL;
    hash_ ^= hash_ >> 29;
  }
  template <std::integral Number>
  void mix_argument(Number number) {
    mix(static_cast<std::uint64_t>(number));
  }
  void mix_argument(std::string_view text) { mix(hash_bytes(text)); }

  const Scheduler& scheduler_;
  bool keeps_lines_;
  std::uint64_t hash_ = 0x243f6a8885a308d3ULL;
  std::vector<Line> lines_;
};

}  // namespace buyme::simulation
