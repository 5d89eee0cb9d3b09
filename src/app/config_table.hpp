// The table of settings: what each is called, of which kind it is and where its value lies in Config.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.hpp"

namespace buyme::app::table {

struct Integer {
  std::int64_t& (*at)(Config&);
  std::int64_t least;
  std::int64_t most;
};
struct Real {
  double& (*at)(Config&);
  double least;
  double most;
};
inline constexpr std::string_view none = "none";  // the default of what need not be given
struct Text {
  std::string& (*at)(Config&);
  bool needed = true;  // else none is no text
};
struct List {  // in text its entries stand between commas
  std::vector<std::string>& (*at)(Config&);
};
struct Secret {  // never shown
  std::string& (*at)(Config&);
  std::size_t least;  // bytes
};
struct Choice {
  std::span<const std::string_view> names;
  void (*set)(Config&, std::size_t);
  std::size_t (*get)(const Config&);
};

struct Row {
  std::string_view path;
  std::string_view flag;
  std::variant<Integer, Real, Text, Secret, List, Choice> kind;
  std::string_view help;
};

inline constexpr std::int64_t any_positive = std::numeric_limits<std::int64_t>::max();

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::span<const Row> rows();

const Row* find_row(std::string_view path);  // nullptr when there is none

std::string range_of(const Row& row);    // "a whole number from 1 to 64"
std::string default_of(const Row& row);  // as text

}  // namespace buyme::app::table
