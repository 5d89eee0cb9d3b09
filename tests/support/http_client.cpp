#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace buyme::test {

namespace http = boost::beast::http;

json::object HttpReply::json() const {
  boost::system::error_code failed;
  const json::value value = json::parse(body, failed);
  if (failed || !value.is_object()) {
    throw std::runtime_error(fmt::format("not a JSON object, but {}: {}", status, body));
  }
  return value.as_object();
}

std::string HttpReply::code() const {
  const auto type = headers.find("content-type");
  if (type == headers.end() || type->second != "application/problem+json") return "";
  return text("code");
}

std::int64_t HttpReply::integer(std::string_view member) const {
  const json::object object = json();
  const auto* value = object.if_contains(member);
  if (value == nullptr || !value->is_int64()) {
    throw std::runtime_error(fmt::format("no number {} in {}: {}", member, status, body));
  }
  return value->as_int64();
}

std::string HttpReply::text(std::string_view member) const {
  const json::object object = json();
  const auto* value = object.if_contains(member);
  if (value == nullptr || !value->is_string()) {
    throw std::runtime_error(fmt::format("no text {} in {}: {}", member, status, body));
  }
  return std::string(value->as_string());
}

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

bool HttpReply::names_field(std::string_view field) const {
  const json::object object = json();
  const auto* errors = object.if_contains("errors");
  if (errors == nullptr) return false;
  return std::ranges::any_of(errors->as_array(), [&](const json::value& error) {
    return std::string_view(error.at("field").as_string()) == field;
  });
}

HttpClient::HttpClient(std::uint16_t port, std::string token, std::chrono::milliseconds deadline)
    : port_(port), token_(std::move(token)), deadline_(deadline) {}

HttpClient::~HttpClient() {
  disconnect();
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : port_(other.port_),
      token_(std::move(other.token_)),
      deadline_(other.deadline_),
      socket_(std::exchange(other.socket_, -1)),
      received_(std::move(other.received_)) {}

void HttpClient::disconnect() {
  if (socket_ >= 0) close(std::exchange(socket_, -1));
  received_.clear();
}

void HttpClient::fail(std::string_view what) {
  const int error = errno;
  disconnect();
  throw NoAnswer(fmt::format("{}: {}", what, error != 0 ? std::strerror(error) : "connection closed"));
}

void HttpClient::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) fail("socket");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadline_);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - seconds);
  const timeval limit{seconds.count(), rest.count()};
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
}

void HttpClient::send(std::string_view bytes) {
  if (socket_ < 0) connect();
  while (!bytes.empty()) {
    const auto size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

HttpReply HttpClient::receive(bool to_head) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.skip(to_head);
  parser.body_limit(64 * 1024 * 1024);
  char block[16 * 1024];
  boost::system::error_code failed;
  for (;;) {
    if (!received_.empty()) {
      const std::size_t used = parser.put(boost::asio::buffer(received_), failed);
      received_.erase(0, used);
      if (failed && failed != http::error::need_more)
        throw std::runtime_error("not HTTP: " + failed.message());
      if (parser.is_done()) break;
    }
    errno = 0;
    const auto size = recv(socket_, block, sizeof block, 0);
    if (size <= 0) fail("receive");
    received_.append(block, static_cast<std::size_t>(size));
  }
  HttpReply reply;
  const auto message = parser.release();
  reply.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    reply.headers[name] = field.value();
  }
  reply.body = message.body();
  if (!message.keep_alive()) disconnect();
  return reply;
}

HttpReply HttpClient::request(std::string_view method, std::string_view path, std::string_view body,
                              const Headers& headers) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", method, path, port_);
  if (!token_.empty()) text += "Authorization: Bearer " + token_ + "\r\n";
  bool typed = body.empty();
  for (const auto& [name, value] : headers) {
    text += name + ": " + value + "\r\n";
    typed = typed || name == "Content-Type";
  }
  if (!typed) text += "Content-Type: application/json\r\n";
  if (!body.empty() || method == "POST") text += fmt::format("Content-Length: {}\r\n", body.size());
  text += "\r\n";
  text += body;
  send(text);
  return receive(method == "HEAD");
}

HttpReply HttpClient::get(std::string_view path) {
  return request("GET", path);
}

HttpReply HttpClient::post(std::string_view path, std::string_view body, const Headers& headers) {
  return request("POST", path, body, headers);
}

std::string order_body(std::int64_t product, std::int64_t quantity, std::int64_t user) {
  const std::string buyer = user == 0 ? "" : fmt::format(R"("userId":{},)", user);
  return fmt::format(R"({{{}"orderItems":[{{"productId":{},"quantity":{}}}]}})", buyer, product, quantity);
}

std::string order_path(std::int64_t order, std::string_view action) {
  return fmt::format("/api/orders/{}{}{}", order, action.empty() ? "" : "/", action);
}

}  // namespace buyme::test
