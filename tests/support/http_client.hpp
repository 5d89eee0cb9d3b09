// A small blocking HTTP client: one keep-alive connection to a shop on this machine, used by one thread.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace buyme::test {

namespace json = boost::json;

// The connection ended, or the deadline passed, before a whole answer was there: nobody knows what was done.
class NoAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  json::object json() const;  // throws when the body is not a JSON object
  std::string code() const;   // of a problem answer; empty otherwise
  std::int64_t integer(std::string_view member) const;
  std::string text(std::string_view member) const;
  std::string header(const std::string& name) const;  // empty when absent
  bool names_field(std::string_view field) const;     // a validation problem that names it
};

using Headers = std::vector<std::pair<std::string, std::string>>;

class HttpClient {
 public:
  static constexpr std::chrono::seconds default_deadline{20};

  explicit HttpClient(std::uint16_t port, std::string token = {},
                      std::chrono::milliseconds deadline = default_deadline);
  ~HttpClient();
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&&) = delete;

  // Each connects when there is no connection, and throws NoAnswer. A request is sent at most once.
  HttpReply get(std::string_view path);
  HttpReply post(std::string_view path, std::string_view body = {}, const Headers& headers = {});
  HttpReply request(std::string_view method, std::string_view path, std::string_view body = {},
                    const Headers& headers = {});

  // For what no well-behaved client sends, and for several requests in one write.
  void send(std::string_view bytes);
  HttpReply receive(bool to_head = false);

  void use_token(std::string token) { token_ = std::move(token); }
  void disconnect();

 private:
  void connect();
  [[noreturn]] void fail(std::string_view what);

  std::uint16_t port_;
  std::string token_;
  std::chrono::milliseconds deadline_;
  int socket_ = -1;
  std::string received_;  // behind the last answer
};

// POST /api/orders of `quantity` units of `product`; trusted shops need the buyer in the body.
std::string order_body(std::int64_t product, std::int64_t quantity = 1, std::int64_t user = 0);
// "/api/orders/7/cancel", or the order itself.
std::string order_path(std::int64_t order, std::string_view action = {});

}  // namespace buyme::test
