// The connections of an HttpClient on one thread. Private to http/client.cpp and http/client_pool.cpp.
//
// Lifetime: an exchange that is under way holds its home. Whoever has given it up does not wait for it: it
// ends by itself once its socket is closed, or once a name that it looks up has an answer.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http/client.hpp"

namespace buyme::http {

struct Connection {
  explicit Connection(Executor executor) : socket(executor) {}
  asio::basic_stream_socket<asio::ip::tcp, Executor> socket;
  boost::beast::flat_buffer buffer;
  Monotonic idle_since{};
};

// One address, and what this thread knows of it.
struct Upstream {
  std::string address, host, port;
  std::vector<std::unique_ptr<Connection>> idle;  // the one used last at the end
  int failures = 0;                               // in a row
  Monotonic closed_until{};                       // by the breaker, when there were too many
  bool probing = false;                           // a call finds out whether it works again
};

// What the other side sent, as far as calls between services need it.
struct RawAnswer {
  HttpAnswer answer;
  std::string retry_after;
  bool marked = false;  // it comes from an internal endpoint, not from whoever turned the call away before
};

// A request on its way. Shared between who waits for it and who does it, as either may end first.
struct Attempt {
  enum class Fate : std::uint8_t { not_sent, lost, answered };

  void give_up();  // closes its socket

  Fate fate = Fate::not_sent;
  bool given_up = false;
  bool reused = false;               // its connection had served before
  Connection* connection = nullptr;  // while it uses one
  RawAnswer raw;
};

// Of one executor; not thread-safe.
struct ClientHome {
  ClientHome(const ClientSettings& settings, Executor on, Clock& time);

  // The next address in turn that takes calls; nullptr when the breakers of all are open.
  Upstream* pick();
  void succeeded(Upstream& upstream);
  // True when the breaker opens by it.
  bool failed(Upstream& upstream, const ClientSettings& settings);

  std::unique_ptr<Connection> take_idle(Upstream& upstream);
  void keep(Upstream& upstream, std::unique_ptr<Connection> connection);

  Executor executor;
  Clock& clock;
  const int breaker_failures;
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::size_t next = 0;
  std::size_t in_flight = 0;
};

// Sends `request` to `upstream` (of `home`) and reads the answer; what came of it stands in `attempt`. Does
// not throw. The value means nothing.
Awaitable<bool> exchange(std::shared_ptr<ClientHome> home, Upstream& upstream, std::string request,
                         std::shared_ptr<Attempt> attempt);

}  // namespace buyme::http
