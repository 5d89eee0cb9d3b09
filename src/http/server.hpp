// The HTTP/1.1 server: one io_context per I/O thread, each with its own SO_REUSEPORT acceptor; a connection
// lives and dies on one thread.
//
// Thread safety: start, stop and the destructor belong to one thread (main's). Handlers run on I/O threads
// and must not block.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "http/endpoint.hpp"
#include "http/forwarded.hpp"
#include "http/rate_limiter.hpp"

namespace buyme::http {

// When a connection that makes no progress is closed. None of them runs while a handler works.
struct Timeouts {
  std::chrono::milliseconds header = limits::header_timeout;
  std::chrono::milliseconds body = limits::body_timeout;
  std::chrono::milliseconds idle = limits::idle_timeout;
  std::chrono::milliseconds write = limits::write_timeout;
  std::chrono::milliseconds linger = limits::linger_timeout;
  std::chrono::milliseconds sweep = limits::sweep_pause;  // how often they are looked at
};

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any free one, see Server::port()
  bool trusted = false;       // auth = "trusted": who shows no token is the admin
  std::size_t max_connections = limits::max_connections;
  Timeouts timeouts;
  std::size_t max_streams = limits::max_streams;
  std::size_t address_streams = limits::address_streams;  // of one address; 0: no limit. None when `trusted`
  std::chrono::milliseconds slow_request = limits::slow_request;
  std::vector<std::string> allowed_origins;  // of other sites' pages (CORS); "*": any
  // What services show each other; empty: internal routes are not there for anybody. See is_credential in
  // http/client.hpp.
  std::string service_credential;
  std::vector<std::string> trusted_proxies;  // addresses and networks whose ForwardedBy header is believed
  ForwardedBy forwarded_by = ForwardedBy::x_forwarded_for;
  std::string operator_token;  // empty: admins alone are Access::operator_
  Rate account_rate{limits::account_rate, limits::account_burst};  // of what changes something;
  Rate address_rate{limits::address_rate, limits::address_burst};  // none of either when `trusted`
};

// The I/O threads' contexts, made before the services (they answer on them) and destroyed after them.
class IoThreads {
 public:
  explicit IoThreads(std::size_t count);
  ~IoThreads();  // stops and joins, then destroys the contexts with whatever is still suspended on them
  std::size_t size() const;
  ExecutionContext& context(std::size_t index);
  void start();
  void stop();  // contexts stop, threads join; idempotent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Server {
 public:
  // Throws std::invalid_argument for a service credential that cannot be one.
  Server(ServerSettings settings, const Router& router, const Authenticator& authenticator, Clock& clock,
         IoThreads& threads, Log log);
  ~Server();

  void start();                // binds and accepts; throws std::system_error when the address is taken
  std::uint16_t port() const;  // once started

  // Graceful stop: no new connections, keep-alive ends with the next answer, a request that is under way gets
  // its answer. Returns when every connection is closed or `deadline` has passed; true when all were closed
  // in time.
  bool stop(std::chrono::milliseconds deadline);

  std::size_t connections() const;  // open ones; thread-safe
  // Requests that are being read, handled or answered; an idle connection holds none of the memory a request
  // needs. Thread-safe.
  std::size_t requests() const;
  std::size_t streams() const;  // listeners to server-sent events; thread-safe
  // Connections, listeners, and requests by route. Once started; thread-safe.
  void append_metrics(MetricsText& text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace buyme::http
