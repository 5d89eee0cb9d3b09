// HTTP/1.1 as the crowd needs it: keep-alive connections that are opened beforehand and shared by more buyers
// than there are connections, and little work per request, as the crowd eats from the same cores as the shop.
//
// All of it on one executor; not thread-safe.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/result.hpp"

namespace buyme::drop {

// "http://host:port/prefix", taken apart.
struct Target {
  std::string host;
  std::string port;
  std::string authority;  // for the Host header
  std::string prefix;     // "" or "/shop"
};
// Error::invalid for anything but an http URL.
Result<Target> parse_target(std::string_view url);

struct Reply {
  int status = 0;  // 0: no complete answer arrived
  std::string body;
  std::optional<int> retry_after_s;
  bool replayed = false;  // Idempotent-Replayed: true
};

struct Request {
  std::string_view method;
  std::string_view path;             // below the target's prefix
  std::string_view token;            // empty: no Authorization
  std::string_view idempotency_key;  // empty: none
  std::string_view body;
};
std::string format_request(const Target& target, const Request& request);

class Connection {
 public:
  Connection(Executor executor, asio::ip::tcp::endpoint peer, Clock& clock)
      : socket_(executor), peer_(peer), clock_(clock) {}

  bool is_open() const { return socket_.is_open(); }
  void close();
  Awaitable<bool> open();  // false: refused or no descriptor left

  // Sends and reads the answer, opening the connection first when it is closed. A reply with status 0 means
  // that the connection broke; it is closed then, and the request may have taken effect.
  Awaitable<Reply> exchange(std::string_view request);

  // Sends, waits and closes without reading the answer.
  Awaitable<void> send_and_cut(std::string_view request, std::chrono::nanoseconds wait);

  // Closes the connection, so that its exchange() ends, when the exchange began before `start`.
  void close_if_started_before(Monotonic start);

 private:
  Awaitable<bool> read_reply(Reply& reply);

  asio::basic_stream_socket<asio::ip::tcp, Executor> socket_;
  asio::ip::tcp::endpoint peer_;
  Clock& clock_;
  boost::beast::flat_buffer buffer_;
  std::optional<Monotonic> started_;  // while an exchange runs
};

// Connections lent one at a time, in the order of asking. Outlive every coroutine that waits in acquire().
class ConnectionPool {
 public:
  ConnectionPool(Executor executor, asio::ip::tcp::endpoint peer, Clock& clock, std::size_t size);

  // Opens them all. False when not even one could be; those that could not are opened when they are used.
  Awaitable<bool> open_all();
  Awaitable<Connection*> acquire();
  void release(Connection* connection);
  void close_started_before(Monotonic start);
  std::size_t size() const { return connections_.size(); }

 private:
  using Waiter = asio::async_result<asio::use_awaitable_t<Executor>, void(Connection*)>::handler_type;

  Executor executor_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;  // last in, first out: the same few stay warm when little is going on
  std::deque<Waiter> waiters_;
};

// One exchange over the next free connection.
Awaitable<Reply> exchange(ConnectionPool& pool, std::string request);

}  // namespace buyme::drop
