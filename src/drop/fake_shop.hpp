// A shop for the tests: keeps its promises in memory on a thread of its own, or breaks one on request.
#pragma once

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "core/executor.hpp"

namespace buyme::drop {

class FakeShop {
 public:
  struct Faults {
    int busy = 0;               // placements answered 503 before any is served
    int lost_answers = 0;       // placements done whose connection closes instead of an answer
    int silent = 0;             // placements done and never answered, the connection left open
    int declines = 0;           // payments declined
    bool oversells = false;     // never says SOLD_OUT
    bool forgets_keys = false;  // a repeat makes another order
    bool loses_orders = false;  // a 201 that cannot be read again
    bool forgets_limit = false;
    bool pays_for_nothing = false;  // answers PAID and leaves the order as it is
  };

  explicit FakeShop(Faults faults) : faults_(faults) {
    acceptor_.listen();
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~FakeShop() {
    io_.stop();
    thread_.join();
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port()); }
  int connections() const { return connections_; }

 private:
  using Tcp = asio::ip::tcp;
  using Socket = asio::basic_stream_socket<Tcp, Executor>;
  using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  struct Order {
    std::int64_t id = 0, user = 0;
    std::string status = "PENDING";
  };

  Awaitable<void> accept() {
    for (;;) {
      Socket socket = co_await acceptor_.async_accept(use_awaitable);
      ++connections_;
      asio::co_spawn(io_, serve(std::move(socket)), [](std::exception_ptr) {});
    }
  }

  Awaitable<void> serve(Socket socket) {
    boost::beast::flat_buffer buffer;
    for (;;) {
      Request request;
      co_await boost::beast::http::async_read(socket, buffer, request, use_awaitable);
      Response response;
      response.version(11);
      const bool placing = request.target() == "/api/orders" && request.method_string() == "POST";
      answer(request, response);
      if (placing && response.result_int() == 201 && faults_.lost_answers > 0) {
        --faults_.lost_answers;
        co_return;
      }
      if (placing && response.result_int() == 201 && faults_.silent > 0) {
        --faults_.silent;
        asio::steady_timer forever(io_, std::chrono::hours(1));
        co_await forever.async_wait(asio::use_awaitable_t<Executor>{});
      }
      response.prepare_payload();
      co_await boost::beast::http::async_write(socket, response, use_awaitable);
    }
  }

  void answer(const Request& request, Response& response) {
    const std::string target(request.target());
    const std::string user_text(request[boost::beast::http::field::authorization]);  // "Bearer user-7"
    const bool admin = user_text == "Bearer admin";
    const auto dash = user_text.find('-');
    const std::int64_t user = dash == std::string::npos ? 0 : std::stoll(user_text.substr(dash + 1));
    if (target == "/api/products") {
      if (!admin) return problem(response, 403, "FORBIDDEN");
      const auto body = boost::json::parse(request.body()).as_object();
      total_ = body.at("productStock").as_int64();
      limit_ = body.contains("perUserLimit") ? body.at("perUserLimit").as_int64() : 0;
      return reply(response, 201, fmt::format(R"({{"productId":1,"perUserLimit":{}}})", limit_));
    }
    if (target == "/api/products/1") {
      return reply(response, 200, fmt::format(R"({{"productId":1,"perUserLimit":{}}})", limit_));
    }
    if (target == "/api/products/1/stock") return stock(response);
    if (target == "/api/orders" && request.method_string() == "POST") {
      return place(user, std::string(request["Idempotency-Key"]), response);
    }
    if (target.starts_with("/api/orders?")) return list(admin ? 0 : user, target, response);
    if (target.ends_with("/attempt-payment")) return pay(std::stoll(target.substr(12)), response);
    if (target.starts_with("/api/orders/")) {
      const auto found = orders_.find(std::stoll(target.substr(12)));
      const bool lost = faults_.loses_orders && found != orders_.end() && found->first == 1;
      if (found == orders_.end() || found->second.user != user || lost)
        return problem(response, 404, "NOT_FOUND");
      return reply(response, 200, text(found->second));
    }
    problem(response, 404, "NOT_FOUND");
  }

  void place(std::int64_t user, const std::string& key, Response& response) {
    if (faults_.busy > 0) {
      --faults_.busy;
      response.set("Retry-After", "0");
      return problem(response, 503, "OVERLOADED");
    }
    const auto known = keys_.find(key);
    if (known != keys_.end() && !faults_.forgets_keys) {
      response.set("Idempotent-Replayed", "true");
      return reply(response, 201, text(orders_.at(known->second)));
    }
    std::int64_t holds = 0;
    for (const auto& [id, order] : orders_) holds += order.user == user;
    if (limit_ > 0 && holds >= limit_ && !faults_.forgets_limit)
      return problem(response, 409, "LIMIT_EXCEEDED");
    if (std::ssize(orders_) >= total_ && !faults_.oversells) return problem(response, 409, "SOLD_OUT");
    const auto id = std::ssize(orders_) + 1;
    orders_[id] = {id, user};
    keys_[key] = id;
    reply(response, 201, text(orders_[id]));
  }

  void pay(std::int64_t id, Response& response) {
    Order& order = orders_.at(id);
    if (faults_.declines > 0) {
      --faults_.declines;
      order.status = "PAYMENT_FAILED";
      return problem(response, 402, "PAYMENT_FAILED");
    }
    if (!faults_.pays_for_nothing) order.status = "PAID";
    reply(response, 200, R"({"orderStatus":"PAID"})");
  }

  void stock(Response& response) {
    std::int64_t sold = 0;
    for (const auto& [id, order] : orders_) sold += order.status == "PAID";
    const std::int64_t committed = std::ssize(orders_);
    reply(response, 200,
          fmt::format(R"({{"productId":1,"total":{},"available":{},"held":{},"sold":{},"soldOut":{}}})",
                      total_, total_ - committed, committed - sold, sold, committed >= total_));
  }

  void list(std::int64_t user, const std::string& target, Response& response) {
    const auto cursor = target.find("cursor=");
    std::int64_t below = cursor == std::string::npos ? 1 << 30 : std::stoll(target.substr(cursor + 7));
    std::string items;
    int count = 0;
    for (auto order = orders_.rbegin(); order != orders_.rend() && count < 7; ++order) {  // small pages
      if (order->first >= below || (user != 0 && order->second.user != user)) continue;
      items += (count++ ? "," : "") + text(order->second);
      below = order->first;
    }
    const std::string next = count == 7 ? fmt::format(R"(,"nextCursor":"{}")", below) : "";
    reply(response, 200, fmt::format(R"({{"items":[{}]{}}})", items, next));
  }

  static std::string text(const Order& order) {
    return fmt::format(R"({{"orderId":{},"userId":{},"orderDate":"2100-01-01T00:00:00Z","orderAmount":500,)"
                       R"("orderStatus":"{}","holdExpiresAt":"2100-01-01T00:10:00Z",)"
                       R"("orderItems":[{{"productId":1,"quantity":1,"price":500}}]}})",
                       order.id, order.user, order.status);
  }
  static void reply(Response& response, unsigned status, std::string body) {
    response.result(status);
    response.body() = std::move(body);
  }
  static void problem(Response& response, unsigned status, std::string_view code) {
    reply(response, status, fmt::format(R"({{"code":"{}","detail":"Because."}})", code));
  }

  ExecutionContext io_{1};
  Acceptor acceptor_{io_, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  Faults faults_;
  std::map<std::int64_t, Order> orders_;
  std::map<std::string, std::int64_t> keys_;
  std::int64_t total_ = 0;
  std::int64_t limit_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace buyme::drop
