// Finds the route of a request without allocating. Routes are grouped by method and number of segments;
// within a group the more literal pattern comes first, so "/users/me" wins over "/users/{id}", also where
// only the latter has the method that is asked for: "me" is no id.
#include <algorithm>

#include "http/endpoint.hpp"

namespace buyme::http {

namespace {

constexpr std::array<std::string_view, 5> method_names{"GET", "POST", "PUT", "PATCH", "DELETE"};

bool is_parameter(std::string_view segment) {
  return !segment.empty() && segment.front() == '{';
}

bool more_literal(const Router::Route& a, const Router::Route& b) {
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    const bool a_any = is_parameter(a.segments[i]), b_any = is_parameter(b.segments[i]);
    if (a_any != b_any) return b_any;
  }
  return false;
}

bool same_pattern(const Router::Route& a, const Router::Route& b) {
  if (a.method != b.method || a.segments.size() != b.segments.size()) return false;
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    const bool both_any = is_parameter(a.segments[i]) && is_parameter(b.segments[i]);
    if (!both_any && a.segments[i] != b.segments[i]) return false;
  }
  return true;
}

}  // namespace

// The segments of "/a/b" are "a" and "b", those of "/" a single empty one. `count` is 0 when the path does
// not begin with a slash or has more segments than any route.
struct Router::Segments {
  std::array<std::string_view, Router::max_segments> part;
  std::size_t count = 0;

  explicit Segments(std::string_view path) {
    if (path.empty() || path.front() != '/') return;
    std::size_t at = 1;
    while (true) {
      if (count == part.size()) {
        count = 0;
        return;
      }
      const std::size_t slash = path.find('/', at);
      part[count++] = path.substr(at, slash - at);
      if (slash == std::string_view::npos) return;
      at = slash + 1;
    }
  }

  bool match(const Router::Route& route) const {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view wanted = route.segments[i];
      if (is_parameter(wanted) ? part[i].empty() : wanted != part[i]) return false;
    }
    return true;
  }
};

std::string_view method_name(Method method) {
  const auto index = static_cast<std::size_t>(method);
  return index < method_names.size() ? method_names[index] : "other";
}

void Router::add(Route route) {
  const Segments segments(route.path);
  if (segments.count == 0 || route.method == Method::other) {
    throw std::logic_error("not a route: " + std::string(route.path));
  }
  route.segments.assign(segments.part.begin(), segments.part.begin() + segments.count);
  if (std::count_if(route.segments.begin(), route.segments.end(), is_parameter) >
      std::ptrdiff_t{std::tuple_size_v<decltype(Request::params)>}) {
    throw std::logic_error("too many parameters: " + std::string(route.path));
  }
  for (const Route& other : routes_) {
    if (same_pattern(route, other)) {
      throw std::logic_error("mounted twice: " + std::string(route.path));
    }
  }
  auto& group = groups_[static_cast<std::size_t>(route.method)][segments.count - 1];
  const auto place = std::find_if(group.begin(), group.end(),
                                  [&](std::uint32_t other) { return more_literal(route, routes_[other]); });
  group.insert(place, static_cast<std::uint32_t>(routes_.size()));
  routes_.push_back(std::move(route));
}

const Router::Route* Router::match(Method method, const Segments& segments) const {
  for (const std::uint32_t index : groups_[static_cast<std::size_t>(method)][segments.count - 1]) {
    if (segments.match(routes_[index])) return &routes_[index];
  }
  return nullptr;
}

bool Router::is_shadowed(const Route& route, const Segments& segments) const {
  if (std::none_of(route.segments.begin(), route.segments.end(), is_parameter)) return false;
  for (std::size_t method = 0; method < method_names.size(); ++method) {
    const Route* other = match(static_cast<Method>(method), segments);
    if (other != nullptr && more_literal(*other, route)) return true;
  }
  return false;
}

Result<const Router::Route*> Router::find(Request& request) const {
  const Segments segments(request.path);
  if (segments.count > 0 && request.method != Method::other) {
    const Route* route = match(request.method, segments);
    if (route != nullptr && !is_shadowed(*route, segments)) {
      std::size_t filled = 0;
      for (std::size_t i = 0; i < segments.count; ++i) {
        if (is_parameter(route->segments[i])) request.params[filled++] = segments.part[i];
      }
      return route;
    }
  }
  std::string allow = methods_of(request.path);
  if (allow.empty()) return Failure(Error::not_found, "There is nothing at this path.");
  return Failure(Error::method_not_allowed, "This path exists, but not with this method.")
      .with("allow", std::move(allow));
}

std::string Router::methods_of(std::string_view path) const {
  std::string allow;
  const Segments segments(path);
  for (std::size_t method = 0; method < method_names.size() && segments.count > 0; ++method) {
    const Route* route = match(static_cast<Method>(method), segments);
    if (route == nullptr || is_shadowed(*route, segments)) continue;
    if (!allow.empty()) allow += ", ";
    allow += method_names[method];
    if (method == static_cast<std::size_t>(Method::get)) allow += ", HEAD";
  }
  return allow;
}

}  // namespace buyme::http
