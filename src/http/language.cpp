#include "http/language.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "http/blanks.hpp"

namespace buyme::http {

namespace {

// "q=0.8" as 800; what is no weight counts as 1,000, as if none had been given.
int weight_of(std::string_view parameter) {
  parameter = trimmed(parameter);
  if (parameter.size() < 3 || !boost::beast::iequals(parameter.substr(0, 2), "q=")) return 1'000;
  parameter.remove_prefix(2);
  if (parameter.front() != '0') return 1'000;
  int weight = 0;
  for (std::size_t i = 2, unit = 100; i < parameter.size() && i < 5; ++i, unit /= 10) {
    if (parameter[i] < '0' || parameter[i] > '9') return 1'000;
    weight += (parameter[i] - '0') * static_cast<int>(unit);
  }
  return weight;
}

}  // namespace

bool prefers_korean(std::string_view accept_language) {
  int best = 0;
  bool korean = false;
  while (!accept_language.empty()) {
    const std::size_t comma = std::min(accept_language.find(','), accept_language.size());
    const std::string_view entry = accept_language.substr(0, comma);
    accept_language.remove_prefix(std::min(comma + 1, accept_language.size()));
    const std::size_t semicolon = std::min(entry.find(';'), entry.size());
    const std::string_view tag = trimmed(entry.substr(0, semicolon));
    const int weight = semicolon < entry.size() ? weight_of(entry.substr(semicolon + 1)) : 1'000;
    if (weight <= best) continue;
    best = weight;
    korean = boost::beast::iequals(tag.substr(0, 2), "ko") && (tag.size() == 2 || tag[2] == '-');
  }
  return korean;
}

}  // namespace buyme::http
