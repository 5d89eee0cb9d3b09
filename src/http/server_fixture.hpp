// A server with small handlers on a free port, and a client that speaks raw bytes. For tests alone.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <semaphore>
#include <string>

#include "http/json_input.hpp"
#include "http/server.hpp"

namespace buyme::http {

using namespace std::chrono_literals;

// What the test handlers share with the test.
struct Playground {
  explicit Playground(Clock& time) : clock(time) {}
  Clock& clock;
  std::atomic<int> waiting{0};        // handlers that are suspended
  std::atomic<bool> released{false};  // lets them go on
  std::atomic<int> handled{0};
  std::atomic<int> destroyed{0};  // suspended handlers that ended in whatever way
  std::binary_semaphore frozen{0}, thaw{0};
  std::atomic<int> ticker{0};  // what listeners are told
};

class TestAuthenticator final : public Authenticator {
 public:
  explicit TestAuthenticator(Clock& clock) : clock_(clock) {}
  std::optional<Verified> verify(std::string_view token) const override {
    ++verifications;
    const Time later = clock_.now() + 1h;
    if (token == "user-7") return Verified{{UserId{7}, Role::user, true, false}, later};
    if (token == "admin-1") return Verified{{UserId{1}, Role::admin, true, false}, later};
    if (token == "short") return Verified{{UserId{8}, Role::user, true, false}, clock_.now() + 150ms};
    return std::nullopt;
  }
  bool still_stands(Verified& verified) const override { return revoked != verified.caller.user.value; }
  mutable std::atomic<int> verifications{0};
  std::atomic<std::int64_t> revoked{0};  // the user whose tokens are refused from now on

 private:
  Clock& clock_;
};

struct Answer {
  int status = 0;  // 0: the connection was closed instead
  std::string head;
  std::string body;

  std::string header(std::string_view name) const {
    const std::string key = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(key);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + key.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

// Blocking; gives up after five seconds.
class Client {
 public:
  struct Later {};
  explicit Client(std::uint16_t port) : Client(port, Later{}) { connect(); }
  // Has its descriptor, but is not connected yet.
  Client(std::uint16_t port, Later) : socket_(io_), port_(port) {
    socket_.open(asio::ip::tcp::v4());
    const timeval patience{5, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  void connect() { socket_.connect({asio::ip::make_address("127.0.0.1"), port_}); }

  void send(std::string_view bytes) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  Answer get(std::string_view path, std::string_view headers = "") {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
    return read();
  }
  Answer post(std::string_view path, std::string_view body, std::string_view headers = "") {
    send("POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" +
         std::string(body));
    return read();
  }
  // Status 0 when the connection ends before an answer does.
  Answer read(bool head_only = false) {
    Answer answer;
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return answer;
    }
    answer.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    const std::string length = answer.header("Content-Length");
    const std::size_t size = length.empty() || head_only ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
      if (!receive()) return answer;
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    answer.status = std::stoi(answer.head.substr(9, 3));
    return answer;
  }
  // True when the server closed, without sending anything more.
  bool closed() {
    const auto end = read_end();
    return end == asio::error::eof || end == asio::error::connection_reset;
  }
  // The same, and nothing was lost by a reset.
  bool closed_in_order() { return read_end() == asio::error::eof; }
  void close() { socket_.close(); }
  asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::system::error_code read_end() {
    boost::system::error_code failed;
    char byte;
    if (buffer_.empty()) socket_.read_some(asio::buffer(&byte, 1), failed);
    return failed;
  }
  bool receive() {
    char part[16 * 1024];
    boost::system::error_code failed;
    const std::size_t count = socket_.read_some(asio::buffer(part), failed);
    buffer_.append(part, count);
    return !failed;
  }
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  std::uint16_t port_;
  std::string buffer_;
};

class ServerFixture : public ::testing::Test {
 protected:
  void TearDown() override { end(); }

  // With defaults, or after the settings were changed.
  std::uint16_t start() {
    mount();
    settings.port = 0;
    threads.emplace(io_threads);
    server.emplace(settings, router, authenticator, *clock, *threads, log);
    server->start();
    threads->start();
    return server->port();
  }
  std::uint16_t port() const { return server->port(); }
  void end() {
    if (!server) return;
    playground.released = true;
    server->stop(2s);
    threads->stop();
    server.reset();
    threads.reset();
  }
  // Polls until `condition` holds; false after five seconds.
  template <class Condition>
  static bool soon(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  Playground playground{*clock};
  TestAuthenticator authenticator{*clock};
  Router router;
  ServerSettings settings;
  Log log = make_null_log();
  std::size_t io_threads = 1;
  std::optional<IoThreads> threads;
  std::optional<Server> server;

 private:
  static Awaitable<void> hello(Playground& play, const Request&, Response& response) {
    ++play.handled;
    response.body += "{\"hello\":true}";
    co_return;
  }
  static Awaitable<void> echo(Playground& play, const Request& request, Response& response) {
    ++play.handled;
    response.content_type = "text/plain";
    response.body = request.body;
    response.header("Cache-Control", "max-age=1");
    response.header("X-Path", std::string(request.path) + "|" + std::string(request.query) + "|" +
                                  std::string(request.idempotency_key) + "|" +
                                  std::string(request.params[0]));
    co_return;
  }
  static Awaitable<void> caller(Playground&, const Request& request, Response& response) {
    const Caller& who = request.caller;
    response.body = std::to_string(who.user.value) + (who.is_admin() ? " admin" : " user") +
                    (who.known ? " known" : " unknown") + (who.trusted ? " trusted" : "");
    co_return;
  }
  // Answers with a failure of that number, as far as it is one.
  static Awaitable<void> fail(Playground& play, const Request& request, Response& response) {
    ++play.handled;
    const auto number = path_id(request.params[0]).value_or(0) - 1;
    const Failure failure(static_cast<Error>(number), "The \"reason\".");
    write_problem(response, failure, request.request_id);
    co_return;
  }
  static Awaitable<void> crash(Playground&, const Request&, Response&) {
    throw std::runtime_error("a bug");
    co_return;
  }
  struct CountEnd {
    std::atomic<int>& count;
    ~CountEnd() { ++count; }
  };
  // Suspends until the test releases it.
  static Awaitable<void> wait(Playground& play, const Request& request, Response& response) {
    const CountEnd at_end{play.destroyed};
    const std::string before(request.path);
    ++play.waiting;
    while (!play.released) co_await play.clock.sleep_for(2ms);
    --play.waiting;
    response.body = before == request.path ? "waited" : "the request changed meanwhile";
    ++play.handled;
  }
  // Holds up the whole I/O thread.
  static Awaitable<void> freeze(Playground& play, const Request&, Response&) {
    play.frozen.release();
    play.thaw.acquire();
    ++play.handled;
    co_return;
  }
  static Awaitable<void> number(Playground& play, const Request&, Response& response) {
    response.body = std::to_string(++play.handled);
    co_return;
  }
  static Awaitable<void> huge(Playground&, const Request&, Response& response) {
    response.body.assign(16 << 20, 'x');
    co_return;
  }
  static Awaitable<void> empty(Playground&, const Request&, Response& response) {
    response.status = 204;
    response.header("X-Evil", "a\r\nX-Injected: b");
    co_return;
  }
  static Awaitable<void> trace(Playground&, const Request& request, Response& response) {
    const Trace trace = request.trace();
    if (trace.id().empty()) {
      response.body = "none";
    } else {
      response.body = fmt::format("{} {} {}", trace.request_id(), trace.id(), trace.flags());
    }
    co_return;
  }
  struct Ticker final : EventStream {
    Ticker(Playground& with, std::size_t size) : play(with), padding(size) {}
    void append_news(std::string& out) override {
      const int now = play.ticker;
      if (now == std::exchange(told, now)) return;
      if (padding > 0) out.append(":").append(padding, 'x').append("\n");
      out.append("data: ").append(std::to_string(now)).append("\n\n");
    }
    Playground& play;
    std::size_t padding;
    int told = -1;
  };
  static Awaitable<void> tick(Playground& play, const Request&, Response& response) {
    response.stream = std::make_unique<Ticker>(play, 0);
    co_return;
  }
  static Awaitable<void> tick_large(Playground& play, const Request&, Response& response) {
    response.stream = std::make_unique<Ticker>(play, 1 << 20);
    co_return;
  }
  void mount() {
    static constexpr Endpoint<Playground> endpoints[] = {
        {Method::get, "/hello", Access::anyone, hello},
        {Method::post, "/echo", Access::anyone, echo},
        {Method::get, "/echo/{name}", Access::anyone, echo},
        {Method::get, "/caller", Access::anyone, caller},
        {Method::get, "/caller/user", Access::user, caller},
        {Method::get, "/caller/admin", Access::admin, caller},
        {Method::get, "/caller/operator", Access::operator_, caller},
        {Method::get, "/trace", Access::anyone, trace},
        {Method::get, "/ticker", Access::anyone, tick},
        {Method::get, "/ticker/large", Access::anyone, tick_large},
        {Method::post, "/internal/echo", Access::internal, echo},
        {Method::post, "/internal/fail/{code}", Access::internal, fail},
        {Method::get, "/crash", Access::anyone, crash},
        {Method::post, "/wait", Access::anyone, wait},
        {Method::get, "/freeze", Access::anyone, freeze},
        {Method::get, "/n", Access::anyone, number},
        {Method::get, "/huge", Access::anyone, huge},
        {Method::delete_, "/empty", Access::anyone, empty},
    };
    router.mount<Playground>(playground, endpoints);
  }
};

}  // namespace buyme::http
