// One connection to a Redis server: opened, authenticated, and known to be a server that may be written to.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/limits.hpp"
#include "core/result.hpp"
#include "redis/reply.hpp"

namespace buyme::redis {

struct Address {
  std::string host;  // a name or a literal address
  std::uint16_t port = 6'379;
};

// Who may log in where. An empty password: nobody is asked. An empty user: "default".
struct Credentials {
  std::string user;
  std::string password;  // never logged
};

struct Settings {
  // Without `master`: the server, or several addresses of it, of which the first that answers is taken.
  // With it: sentinels. They are asked for the master of that name at each connect.
  std::vector<Address> servers;
  std::string master;
  Credentials credentials;
  Credentials sentinel_credentials;
  int database = 0;
  Milliseconds timeout = limits::redis_timeout;     // of one command, from sending to its reply
  std::size_t in_flight = limits::redis_in_flight;  // commands without a reply; past it: overloaded
};

// Not thread-safe: all of it on one executor. At most one coroutine sends and one receives at a time.
class Connection {
 public:
  explicit Connection(Executor executor) : executor_(executor), socket_(executor) {}

  // TCP only. Errors here and below: store_unavailable; the connection is of no use then.
  Awaitable<Result<void>> connect(Address address);
  Awaitable<Result<void>> send(std::string bytes);
  Awaitable<Result<Reply>> receive();
  // send() of one command and receive() of its reply, while nothing else is under way.
  Awaitable<Result<Reply>> ask(Words words);

  // What waits ends with an error. Idempotent.
  void close();

 private:
  using Socket = asio::ip::tcp::socket::rebind_executor<Executor>::other;

  Executor executor_;
  Socket socket_;
  ReplyReader replies_;
  std::array<char, limits::redis_read_bytes> block_;
  bool closed_ = false;
};

// Finds the server (through the sentinels, if any), connects, authenticates, selects the database, and has
// seen it answer. With sentinels it must say of itself that it is a master: after a failover they may still
// name the old one. Gives up with store_unavailable after limits::redis_connect_timeout; `settings` and
// `clock` outlive the executor.
Awaitable<Result<std::shared_ptr<Connection>>> open_connection(const Settings& settings, Clock& clock);

Failure unavailable(std::string_view detail);

}  // namespace buyme::redis
