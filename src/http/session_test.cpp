// Time, limits and endings of connections: slow senders, too many of them, shutdown, clients that vanish.
#include <sys/resource.h>
#include <unistd.h>

#include "http/server_fixture.hpp"

namespace buyme::http {
namespace {

class HttpSession : public ServerFixture {
 protected:
  std::uint16_t start_impatient() {
    settings.timeouts.sweep = 10ms;
    settings.timeouts.header = settings.timeouts.body = settings.timeouts.write = 100ms;
    settings.timeouts.linger = 100ms;
    return start();
  }
  bool all_closed() {
    return soon([this] { return server->connections() == 0; });
  }
};

TEST_F(HttpSession, ASlowHeaderTimesOut) {
  Client client(start_impatient());
  client.send("GET /hello HTTP/1.1\r\nHo");
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(all_closed());
}

TEST_F(HttpSession, ASlowBodyTimesOut) {
  Client client(start_impatient());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpSession, TricklingDoesNotRenewTheDeadline) {
  Client client(start_impatient());
  const auto begin = clock->monotonic();
  client.send("GET /hello HTTP/1.1\r\n");
  // A byte every few milliseconds for two seconds, unless the server ends it.
  boost::system::error_code failed;
  client.socket().non_blocking(true);
  for (int i = 0; i < 400 && (i == 0 || failed == asio::error::would_block); ++i) {
    client.send("X");
    const auto pause = clock->monotonic() + 5ms;
    while (clock->monotonic() < pause) std::this_thread::yield();
    char byte;
    client.socket().receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, failed);
  }
  EXPECT_LT(clock->monotonic() - begin, 1s);
  client.socket().non_blocking(false);
  EXPECT_EQ(client.read().status, 408);
}

TEST_F(HttpSession, AnIdleConnectionIsClosedWithoutAWord) {
  settings.timeouts.idle = 100ms;
  Client client(start_impatient()), silent(server->port());
  EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(silent.closed());
}

TEST_F(HttpSession, ARequestThatWaitsIsNotIdle) {
  settings.timeouts.idle = 50ms;
  Client client(start_impatient());
  client.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(soon([&] { return playground.waiting == 1; }));
  const auto later = clock->monotonic() + 300ms;
  ASSERT_TRUE(soon([&] { return clock->monotonic() > later; }));
  EXPECT_EQ(server->connections(), 1u);
  playground.released = true;
  EXPECT_EQ(client.read().body, "waited");
}

TEST_F(HttpSession, APeerThatDoesNotReadIsGivenUp) {
  Client client(start_impatient());
  client.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(soon([&] { return server->requests() == 1; }));
  EXPECT_TRUE(all_closed());
}

TEST_F(HttpSession, ALargeAnswerArrivesWhole) {
  Client client(start());
  const Answer answer = client.get("/huge");
  EXPECT_EQ(answer.body.size(), std::size_t{16} << 20);
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(HttpSession, OverTheLimitOneIsToldToComeBack) {
  settings.max_connections = 2;
  const auto port = start_impatient();
  Client first(port), second(port);
  EXPECT_EQ(first.get("/hello").status, 200);
  EXPECT_EQ(second.get("/hello").status, 200);
  Client third(port);
  const Answer refused = third.get("/hello");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_TRUE(third.closed());
  first.close();
  ASSERT_TRUE(soon([&] { return server->connections() == 1; }));
  Client fourth(port);
  EXPECT_EQ(fourth.get("/hello").status, 200);
}

TEST_F(HttpSession, IdleConnectionsHoldNoRequestMemory) {
  const auto port = start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    EXPECT_EQ(clients.back()->post("/echo", std::string(20'000, 'b')).status, 200);
  }
  EXPECT_EQ(server->connections(), 40u);
  EXPECT_TRUE(soon([&] { return server->requests() == 0; }));
}

TEST_F(HttpSession, AClientThatLeavesWhileItsRequestWaitsChangesNothing) {
  const auto port = start();
  {
    Client client(port);
    client.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(soon([&] { return playground.waiting == 1; }));
  }
  playground.released = true;
  EXPECT_TRUE(soon([&] { return playground.handled == 1; }));
  EXPECT_TRUE(all_closed());
  Client next(port);
  EXPECT_EQ(next.get("/hello").status, 200);
}

TEST_F(HttpSession, StoppingAnswersWhatIsUnderWay) {
  const auto port = start();
  Client waiting(port), idle(port);
  EXPECT_EQ(idle.get("/hello").status, 200);
  waiting.send(
      "POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(soon([&] { return playground.waiting == 1; }));
  EXPECT_FALSE(server->stop(50ms));  // the one that waits holds it up
  EXPECT_TRUE(idle.closed());
  EXPECT_THROW(Client late(port), boost::system::system_error);
  playground.released = true;
  const Answer answer = waiting.read();
  EXPECT_EQ(answer.body, "waited");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(waiting.closed());
  waiting.close();
  EXPECT_TRUE(server->stop(5s));
}

TEST_F(HttpSession, SuspendedHandlersAreDestroyedWithTheirContexts) {
  const auto port = start();
  Client first(port), second(port), partial(port);
  for (Client* client : {&first, &second}) {
    client->send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  }
  partial.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  ASSERT_TRUE(soon([&] { return playground.waiting == 2 && server->requests() == 3; }));
  threads->stop();
  server.reset();
  EXPECT_EQ(playground.destroyed, 0);
  threads.reset();
  EXPECT_EQ(playground.destroyed, 2);
  EXPECT_EQ(playground.handled, 0);
  EXPECT_TRUE(first.closed());
}

TEST_F(HttpSession, RunningOutOfDescriptorsIsSurvived) {
  const auto port = start();
  Client before(port);
  EXPECT_EQ(before.get("/hello").status, 200);
  rlimit usual{};
  getrlimit(RLIMIT_NOFILE, &usual);
  Client waiting(port, Client::Later{});
  const int lowest_free = dup(0);
  close(lowest_free);
  const rlimit none{static_cast<rlim_t>(lowest_free), usual.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  waiting.connect();
  EXPECT_EQ(before.get("/hello").status, 200);
  setrlimit(RLIMIT_NOFILE, &usual);
  EXPECT_EQ(waiting.get("/hello").status, 200);
}

}  // namespace
}  // namespace buyme::http
