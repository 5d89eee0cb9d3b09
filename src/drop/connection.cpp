#include "drop/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "core/limits.hpp"
#include "drop/parallel.hpp"

namespace buyme::drop {

namespace http = boost::beast::http;
using boost::system::error_code;

Result<Target> parse_target(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(url.data(), url.size()));
  if (!parsed || parsed->host().empty()) {
    return Failure{Error::invalid, fmt::format("{} is no URL; expected http://HOST:PORT", url)};
  }
  if (parsed->scheme() != "http") {
    return Failure{Error::invalid,
                   fmt::format("{}: only http is spoken; go to the shop behind its TLS", url)};
  }
  Target target;
  target.host = parsed->host_address();
  target.port = parsed->has_port() && !parsed->port().empty() ? std::string(parsed->port()) : "80";
  target.authority = std::string(parsed->encoded_host_and_port());
  target.prefix = std::string(parsed->encoded_path());
  while (target.prefix.ends_with('/')) target.prefix.pop_back();
  return target;
}

std::string format_request(const Target& target, const Request& request) {
  std::string text;
  text.reserve(256 + request.token.size() + request.body.size());
  fmt::format_to(std::back_inserter(text), "{} {}{} HTTP/1.1\r\nHost: {}\r\n", request.method, target.prefix,
                 request.path, target.authority);
  if (!request.token.empty()) {
    fmt::format_to(std::back_inserter(text), "Authorization: Bearer {}\r\n", request.token);
  }
  if (!request.idempotency_key.empty()) {
    fmt::format_to(std::back_inserter(text), "Idempotency-Key: {}\r\n", request.idempotency_key);
  }
  if (!request.body.empty()) text += "Content-Type: application/json\r\n";
  if (request.method != "GET") {
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", request.body.size());
  }
  text += "\r\n";
  text += request.body;
  return text;
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
  buffer_.clear();
}

Awaitable<bool> Connection::open() {
  error_code error;
  close();
  co_await socket_.async_connect(peer_, asio::redirect_error(use_awaitable, error));
  if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
  if (error) close();
  co_return !error;
}

Awaitable<Reply> Connection::exchange(std::string_view request) {
  Reply reply;
  started_ = clock_.monotonic();
  bool alive = is_open();
  if (!alive) alive = co_await open();
  if (alive) {
    error_code error;
    co_await asio::async_write(socket_, asio::buffer(request), asio::redirect_error(use_awaitable, error));
    alive = !error;
  }
  if (alive) alive = co_await read_reply(reply);
  if (!alive) close();
  started_.reset();
  co_return reply;
}

// False when the connection cannot be used again; the reply may be complete all the same.
Awaitable<bool> Connection::read_reply(Reply& reply) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(limits::drop_max_reply_bytes);
  error_code error;
  while (!parser.is_done()) {
    const auto received = co_await socket_.async_read_some(buffer_.prepare(limits::drop_read_bytes),
                                                           asio::redirect_error(use_awaitable, error));
    if (error == asio::error::eof && parser.got_some()) parser.put_eof(error);
    if (error) co_return false;
    buffer_.commit(received);
    std::size_t used = 1;
    while (used > 0 && buffer_.size() > 0 && !parser.is_done() && !error) {
      used = parser.put(buffer_.data(), error);
      buffer_.consume(used);
    }
    if (error && error != http::error::need_more) co_return false;
    error = {};
  }
  auto& message = parser.get();
  reply.status = static_cast<int>(message.result_int());
  reply.replayed = message["Idempotent-Replayed"] == "true";
  const auto after = message[http::field::retry_after];
  int seconds = 0;
  if (std::from_chars(after.data(), after.data() + after.size(), seconds).ec == std::errc{}) {
    reply.retry_after_s = std::max(seconds, 0);
  }
  reply.body = std::move(message.body());
  co_return parser.keep_alive();
}

Awaitable<void> Connection::send_and_cut(std::string_view request, std::chrono::nanoseconds wait) {
  started_ = clock_.monotonic();
  bool alive = is_open();
  if (!alive) alive = co_await open();
  if (alive) {
    error_code error;
    co_await asio::async_write(socket_, asio::buffer(request), asio::redirect_error(use_awaitable, error));
    co_await clock_.sleep_for(wait);
  }
  close();
  started_.reset();
}

void Connection::close_if_started_before(Monotonic start) {
  if (started_ && *started_ < start) close();
}

ConnectionPool::ConnectionPool(Executor executor, asio::ip::tcp::endpoint peer, Clock& clock,
                               std::size_t size)
    : executor_(executor) {
  for (std::size_t i = 0; i < size; ++i) {
    connections_.push_back(std::make_unique<Connection>(executor, peer, clock));
    free_.push_back(connections_.back().get());
  }
}

Awaitable<bool> ConnectionPool::open_all() {
  int opened = 0;
  int failed = 0;
  auto open_one = [&](std::size_t index) -> Awaitable<void> {
    if (failed >= limits::drop_open_failures) co_return;
    bool works = connections_[index]->is_open();
    if (!works) works = co_await connections_[index]->open();
    ++(works ? opened : failed);
  };
  co_await for_each_index(executor_, connections_.size(), limits::drop_readers, open_one);
  co_return opened > 0;
}

Awaitable<Connection*> ConnectionPool::acquire() {
  if (!free_.empty()) {
    Connection* connection = free_.back();
    free_.pop_back();
    co_return connection;
  }
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Connection*)>(
      [this](auto handler) { waiters_.push_back(std::move(handler)); }, use_awaitable);
}

void ConnectionPool::release(Connection* connection) {
  if (waiters_.empty()) {
    free_.push_back(connection);
    return;
  }
  asio::post(executor_,
             [waiter = std::move(waiters_.front()), connection]() mutable { std::move(waiter)(connection); });
  waiters_.pop_front();
}

void ConnectionPool::close_started_before(Monotonic start) {
  for (const auto& connection : connections_) connection->close_if_started_before(start);
}

Awaitable<Reply> exchange(ConnectionPool& pool, std::string request) {
  Connection* connection = co_await pool.acquire();
  Reply reply = co_await connection->exchange(request);
  pool.release(connection);
  co_return reply;
}

}  // namespace buyme::drop
