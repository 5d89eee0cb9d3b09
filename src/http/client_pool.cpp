#include "http/client_pool.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <charconv>
#include <stdexcept>

#include "core/concurrent.hpp"

namespace buyme::http {

namespace beast_http = boost::beast::http;

namespace {

using Code = boost::system::error_code;
using Endpoints = std::vector<asio::ip::tcp::endpoint>;

// "host:port", "[::1]:8083"
std::unique_ptr<Upstream> parse_address(const std::string& address) {
  auto upstream = std::make_unique<Upstream>();
  upstream->address = address;
  const std::size_t colon = address.rfind(':');
  if (colon != std::string::npos) {
    upstream->host = address.substr(0, colon);
    upstream->port = address.substr(colon + 1);
  }
  std::string& host = upstream->host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = upstream->port.data() + upstream->port.size();
  const auto read = std::from_chars(upstream->port.data(), end, port);
  const bool visible = std::ranges::all_of(host, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (host.empty() || !visible || read.ec != std::errc{} || read.ptr != end || port == 0) {
    throw std::invalid_argument("\"" + address + "\" is no address of a server: expected HOST:PORT");
  }
  return upstream;
}

// The other side has closed it meanwhile, or said something that nobody asked for.
bool is_stale(Connection& connection) {
  char byte;
  const auto count = ::recv(connection.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

// Empty when the name has no address.
Awaitable<Endpoints> endpoints_of(Executor executor, const Upstream& upstream) {
  Code failed;
  const auto literal = asio::ip::make_address(upstream.host, failed);
  std::uint16_t port = 0;
  std::from_chars(upstream.port.data(), upstream.port.data() + upstream.port.size(), port);
  Endpoints endpoints;
  if (!failed) {
    endpoints.emplace_back(literal, port);
    co_return endpoints;
  }
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(executor);
  const auto found = co_await resolver.async_resolve(upstream.host, upstream.port,
                                                     asio::redirect_error(use_awaitable, failed));
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Awaitable<std::unique_ptr<Connection>> open(std::shared_ptr<ClientHome> home, const Upstream& upstream,
                                            std::shared_ptr<Attempt> attempt) {
  auto connection = std::make_unique<Connection>(home->executor);
  const Endpoints endpoints = co_await endpoints_of(home->executor, upstream);
  if (attempt->given_up || endpoints.empty()) co_return nullptr;
  Code failed;
  attempt->connection = connection.get();
  co_await asio::async_connect(connection->socket, endpoints, asio::redirect_error(use_awaitable, failed));
  attempt->connection = nullptr;
  if (!failed) connection->socket.set_option(asio::ip::tcp::no_delay(true), failed);
  if (failed || attempt->given_up) co_return nullptr;
  co_return connection;
}

// nullptr also when nobody answers: a machine that is gone does not even refuse.
Awaitable<std::unique_ptr<Connection>> open_in_time(std::shared_ptr<ClientHome> home,
                                                    const Upstream& upstream,
                                                    std::shared_ptr<Attempt> attempt) {
  const Monotonic latest = home->clock.monotonic() + limits::service_connect;
  auto opening = open(home, upstream, attempt);
  auto opened = co_await within(std::move(opening), latest, home->clock);
  if (opened) co_return std::move(*opened);
  attempt->give_up();
  co_return nullptr;
}

// True when the connection may serve again.
Awaitable<bool> read_answer(Connection& connection, Attempt& attempt) {
  beast_http::response_parser<beast_http::string_body> parser;
  parser.header_limit(limits::max_header_bytes);
  parser.body_limit(limits::service_answer_bytes);
  Code failed;
  co_await beast_http::async_read(connection.socket, connection.buffer, parser,
                                  asio::redirect_error(use_awaitable, failed));
  if (failed) co_return false;
  auto& message = parser.get();
  const auto type = message[beast_http::field::content_type];
  const auto after = message[beast_http::field::retry_after];
  attempt.raw.answer.status = static_cast<int>(message.result_int());
  attempt.raw.answer.content_type.assign(type.data(), type.size());
  attempt.raw.answer.body = std::move(message.body());
  attempt.raw.retry_after.assign(after.data(), after.size());
  attempt.raw.marked = !message["X-Buyme-Internal"].empty();
  attempt.fate = Attempt::Fate::answered;
  co_return parser.keep_alive();
}

Awaitable<void> run(std::shared_ptr<ClientHome> home, Upstream& upstream, const std::string& request,
                    std::shared_ptr<Attempt> shared) {
  Attempt& attempt = *shared;
  auto connection = home->take_idle(upstream);
  attempt.reused = connection != nullptr;
  if (!connection) connection = co_await open_in_time(home, upstream, shared);
  if (!connection) co_return;

  Code failed;
  attempt.connection = connection.get();
  attempt.fate = Attempt::Fate::lost;  // who gives up while it is being written cannot know better
  const std::size_t written = co_await asio::async_write(connection->socket, asio::buffer(request),
                                                         asio::redirect_error(use_awaitable, failed));
  bool may_serve_again = false;
  if (written < request.size()) {
    attempt.fate = Attempt::Fate::not_sent;  // nobody acts on a part of a request
  } else {
    may_serve_again = co_await read_answer(*connection, attempt);
  }
  attempt.connection = nullptr;
  if (may_serve_again && !attempt.given_up) home->keep(upstream, std::move(connection));
}

}  // namespace

void Attempt::give_up() {
  given_up = true;
  Code ignored;
  if (connection != nullptr) connection->socket.close(ignored);
}

ClientHome::ClientHome(const ClientSettings& settings, Executor on, Clock& time)
    : executor(on), clock(time), breaker_failures(settings.breaker_failures) {
  for (const std::string& address : settings.addresses) upstreams.push_back(parse_address(address));
}

Upstream* ClientHome::pick() {
  const Monotonic now = clock.monotonic();
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    const std::size_t index = (next + i) % upstreams.size();
    Upstream& upstream = *upstreams[index];
    if (upstream.failures >= breaker_failures) {
      if (upstream.probing || now < upstream.closed_until) continue;
      upstream.probing = true;
    }
    next = (index + 1) % upstreams.size();
    return &upstream;
  }
  return nullptr;
}

void ClientHome::succeeded(Upstream& upstream) {
  upstream.failures = 0;
  upstream.probing = false;
}

bool ClientHome::failed(Upstream& upstream, const ClientSettings& settings) {
  ++upstream.failures;
  upstream.probing = false;
  upstream.idle.clear();
  if (upstream.failures < breaker_failures) return false;
  upstream.closed_until = clock.monotonic() + settings.breaker_pause;
  return upstream.failures == breaker_failures;
}

std::unique_ptr<Connection> ClientHome::take_idle(Upstream& upstream) {
  const Monotonic oldest = clock.monotonic() - limits::service_connection_idle;
  while (!upstream.idle.empty()) {
    auto connection = std::move(upstream.idle.back());
    upstream.idle.pop_back();
    if (connection->idle_since >= oldest && !is_stale(*connection)) return connection;
  }
  return nullptr;
}

void ClientHome::keep(Upstream& upstream, std::unique_ptr<Connection> connection) {
  connection->idle_since = clock.monotonic();
  auto& idle = upstream.idle;
  const Monotonic oldest = connection->idle_since - limits::service_connection_idle;
  while (!idle.empty() && (idle.size() >= limits::service_connections || idle.front()->idle_since < oldest)) {
    idle.erase(idle.begin());
  }
  idle.push_back(std::move(connection));
}

Awaitable<bool> exchange(std::shared_ptr<ClientHome> home, Upstream& upstream, std::string request,
                         std::shared_ptr<Attempt> attempt) {
  try {
    co_await run(home, upstream, request, attempt);
  } catch (const std::exception&) {
    // Its fate says how far it came.
  }
  attempt->connection = nullptr;
  co_return true;
}

}  // namespace buyme::http
