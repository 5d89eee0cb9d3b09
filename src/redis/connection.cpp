#include "redis/connection.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>
#include <charconv>

namespace buyme::redis {

namespace {

using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(use_awaitable);

// Closes the connection at the deadline unless it has been let go before.
struct Watch {
  std::shared_ptr<Connection> connection;
  bool over = false;
};

Awaitable<void> close_at(std::shared_ptr<Watch> watch, Clock& clock, Monotonic deadline) {
  co_await clock.sleep_until(deadline);
  if (!watch->over) watch->connection->close();
}

Failure refused(std::string_view step, const Reply& reply) {
  return unavailable(fmt::format("Redis refused {}: {}", step, reply.text));
}

// `step` is what an error calls it; the words may hold a password.
Awaitable<Result<Reply>> demand(Connection& connection, Words words, std::string_view step) {
  auto reply = co_await connection.ask(std::move(words));
  if (reply && reply->is_error()) co_return refused(step, *reply);
  co_return reply;
}

Awaitable<Result<void>> authenticate(Connection& connection, const Credentials& credentials) {
  if (credentials.password.empty()) co_return Result<void>();
  Words words{"AUTH"};
  if (!credentials.user.empty()) words.push_back(credentials.user);
  words.push_back(credentials.password);
  const auto reply = co_await demand(connection, std::move(words), "AUTH");
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

// One attempt at one address, watched. `greet` is what follows the connect.
template <class Greet>
Awaitable<Result<std::shared_ptr<Connection>>> reach(Address address, Clock& clock, Monotonic deadline,
                                                     Greet greet) {
  auto connection = std::make_shared<Connection>(co_await asio::this_coro::executor);
  auto watch = std::make_shared<Watch>(Watch{connection});
  asio::co_spawn(co_await asio::this_coro::executor, close_at(watch, clock, deadline), asio::detached);
  auto outcome = co_await connection->connect(std::move(address));
  if (outcome) outcome = co_await greet(*connection);
  watch->over = true;
  watch->connection.reset();
  if (!outcome) co_return outcome.error();
  co_return connection;
}

// What a server must say before it is used.
struct GreetServer {
  const Settings& settings;

  Awaitable<Result<void>> operator()(Connection& connection) const {
    auto welcome = co_await authenticate(connection, settings.credentials);
    if (!welcome) co_return welcome;
    Words select{"SELECT", std::to_string(settings.database)};  // in any case: it must have answered
    const auto selected = co_await demand(connection, std::move(select), "SELECT");
    if (!selected) co_return selected.error();
    if (settings.master.empty()) co_return Result<void>();
    Words role_words{"ROLE"};
    const auto role = co_await demand(connection, std::move(role_words), "ROLE");
    if (!role) co_return role.error();
    if (role->elements.empty() || role->elements[0].text != "master") {
      co_return unavailable("the server that the sentinels name is no master (yet)");
    }
    co_return Result<void>();
  }
};

// Asks a sentinel where the master is.
struct GreetSentinel {
  const Settings& settings;
  Address& master;

  Awaitable<Result<void>> operator()(Connection& connection) const {
    auto welcome = co_await authenticate(connection, settings.sentinel_credentials);
    if (!welcome) co_return welcome;
    Words question{"SENTINEL", "get-master-addr-by-name", settings.master};
    const auto reply = co_await demand(connection, std::move(question), "SENTINEL");
    if (!reply) co_return reply.error();
    if (reply->elements.size() != 2) co_return unavailable("the sentinel knows no such master");
    const std::string& port = reply->elements[1].text;
    master.host = reply->elements[0].text;
    const auto read = std::from_chars(port.data(), port.data() + port.size(), master.port);
    if (read.ec != std::errc{}) co_return unavailable("the sentinel answers with no port");
    co_return Result<void>();
  }
};

}  // namespace

Failure unavailable(std::string_view detail) {
  return Failure(Error::store_unavailable, std::string(detail)).retry_in(std::chrono::seconds{1});
}

Awaitable<Result<void>> Connection::connect(Address address) {
  std::vector<Tcp::endpoint> endpoints;
  error_code no_literal;
  const auto literal = asio::ip::make_address(address.host, no_literal);
  if (!no_literal) {
    endpoints.emplace_back(literal, address.port);
  } else {
    asio::ip::basic_resolver<Tcp, Executor> resolver(executor_);
    const auto [failed, found] =
        co_await resolver.async_resolve(address.host, std::to_string(address.port), as_result);
    if (failed) co_return unavailable("no address of " + address.host + ": " + failed.message());
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  error_code failed = asio::error::host_not_found;
  for (const auto& endpoint : endpoints) {
    if (closed_) break;
    error_code ignored;
    socket_.close(ignored);
    std::tie(failed) = co_await socket_.async_connect(endpoint, as_result);
    if (!failed) break;
  }
  if (closed_) failed = asio::error::timed_out;
  if (failed) {
    co_return unavailable(
        fmt::format("no connection to {}:{}: {}", address.host, address.port, failed.message()));
  }
  error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  co_return Result<void>();
}

Awaitable<Result<void>> Connection::send(std::string bytes) {
  const auto [failed, size] = co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
  if (failed) co_return unavailable("cannot send to Redis: " + failed.message());
  co_return Result<void>();
}

Awaitable<Result<Reply>> Connection::receive() {
  for (;;) {
    auto reply = replies_.next();
    if (reply) co_return std::move(*reply);
    if (replies_.broken()) co_return unavailable("what came is not the Redis protocol");
    const auto [failed, size] = co_await socket_.async_read_some(asio::buffer(block_), as_result);
    if (failed) co_return unavailable("the connection to Redis has ended: " + failed.message());
    replies_.feed({block_.data(), size});
  }
}

Awaitable<Result<Reply>> Connection::ask(Words words) {
  std::string bytes;
  append_command(bytes, words);
  const auto sent = co_await send(std::move(bytes));
  if (!sent) co_return sent.error();
  co_return co_await receive();
}

void Connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

Awaitable<Result<std::shared_ptr<Connection>>> open_connection(const Settings& settings, Clock& clock) {
  const Monotonic deadline = clock.monotonic() + limits::redis_connect_timeout;
  Failure last = unavailable("no Redis server is configured");
  if (settings.servers.empty()) co_return last;
  // An address that swallows packets must leave time for the others, and sentinels for the master.
  const std::size_t shares = settings.servers.size() + (settings.master.empty() ? 0 : 1);
  const std::chrono::nanoseconds share = std::chrono::nanoseconds(limits::redis_connect_timeout) / shares;
  for (const Address& address : settings.servers) {
    const Monotonic latest = std::min(deadline, clock.monotonic() + share);
    Address server = address;
    if (!settings.master.empty()) {
      const GreetSentinel sentinel{settings, server};
      const auto asked = co_await reach(address, clock, latest, sentinel);
      if (!asked) {
        last = asked.error();
        continue;
      }
    }
    const GreetServer greeting{settings};
    const Monotonic last_moment = settings.master.empty() ? latest : deadline;
    auto opened = co_await reach(server, clock, last_moment, greeting);
    if (opened) co_return opened;
    last = opened.error();
  }
  co_return last;
}

}  // namespace buyme::redis
