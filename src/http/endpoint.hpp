// A service says everything about its endpoints in one table: method, path, who may call, handler.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace buyme::http {

enum class Access : std::uint8_t {
  anyone,  // a token is read when shown, never demanded
  user,    // any verified account; admins too
  admin,
  operator_,  // who runs the server: an admin, or who shows ServerSettings::operator_token as his bearer
              // token
  // Other services, who show the credential (X-Buyme-Service). All of these routes lie under /internal/, and
  // nothing else does; to whoever does not show it, nothing is there. Nobody's token counts on them: on whose
  // behalf it is stands in the call.
  internal,
};

// Whether a path (or a route's pattern) is one for services alone.
inline bool is_internal(std::string_view path) {
  return path.starts_with("/internal/");
}

std::string_view method_name(Method method);  // "GET"

// `path` may hold {names}: "/api/orders/{orderId}/cancel"; a {name} matches one non-empty segment.
template <class Service>
struct Endpoint {
  Method method;
  std::string_view path;
  Access access;
  Awaitable<void> (*handle)(Service& service, const Request& request, Response& response);
};

// Every mounted endpoint of this process. Filled while the shop is assembled, read-only and thread-safe
// after.
class Router {
 public:
  static constexpr std::size_t max_segments = 8;  // of a path

  using Handle = std::function<Awaitable<void>(const Request&, Response&)>;
  struct Route {
    Method method;
    std::string_view path;
    Access access;
    Handle handle;
    std::vector<std::string_view> segments;  // of path; one that begins with '{' matches any
  };

  template <class Service>
  void mount(Service& service, std::span<const Endpoint<Service>> endpoints) {
    for (const auto& endpoint : endpoints) {
      add({endpoint.method,
           endpoint.path,
           endpoint.access,
           [&service, handle = endpoint.handle](const Request& request, Response& response) {
             return handle(service, request, response);
           },
           {}});
    }
  }
  // Throws std::logic_error when the same method and pattern are there already ({names} do not tell patterns
  // apart), when it has more segments or parameters than a request can hold, or when Access::internal and its
  // path do not agree.
  void add(Route route);

  // The route of request.method and request.path, with request.params filled; not_found or method_not_allowed
  // (whose member "allow" lists the methods that exist).
  Result<const Route*> find(Request& request) const;
  // The methods that exist for `path`, as in the header Allow; empty when none does.
  std::string methods_of(std::string_view path) const;
  std::span<const Route> routes() const { return routes_; }

 private:
  using Group = std::vector<std::uint32_t>;  // indexes into routes_, the more literal pattern first
  struct Segments;

  const Route* match(Method method, const Segments& segments) const;
  // Whether another method has a more literal pattern for the path.
  bool is_shadowed(const Route& route, const Segments& segments) const;

  std::vector<Route> routes_;
  std::array<std::array<Group, max_segments>, 5> groups_;  // by method, then by number of segments
};

// Says who shows this bearer token. Thread-safe; called on I/O threads, so it must not block.
class Authenticator {
 public:
  struct Verified {
    Caller caller;
    Time expires_at;
    std::string session;      // the log-in that the token belongs to
    std::uint64_t epoch = 0;  // of what was revoked when it was verified
  };
  virtual ~Authenticator() = default;
  // nullopt for a token that is malformed, forged, expired or revoked.
  virtual std::optional<Verified> verify(std::string_view bearer_token) const = 0;
  // Whether a token verified before has not been revoked since; its expiry is the caller's business. For
  // every request of a connection, so without a lock unless something was revoked in between.
  virtual bool still_stands(Verified& verified) const { return true; }
};

}  // namespace buyme::http
