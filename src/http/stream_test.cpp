// Connections that have become listeners to server-sent events.
#include "http/server_fixture.hpp"
#include "http/stream_places.hpp"

namespace buyme::http {

namespace {

using Stream = ServerFixture;

std::string read_until(Client& client, std::string_view text) {
  std::string all;
  static char part[64 * 1024];
  boost::system::error_code failed;
  std::size_t seen = 0;  // where `text` may still begin
  while (all.find(text, seen) == std::string::npos && !failed) {
    seen = all.size() - std::min(all.size(), text.size());
    all.append(part, client.socket().read_some(asio::buffer(part), failed));
  }
  return failed ? all + "<closed>" : all;
}

void listen(Client& client, std::string_view path = "/ticker") {
  client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

TEST_F(Stream, TellsAtOnceAndThenWhatChanges) {
  start();
  playground.ticker = 1;
  Client client(port());
  listen(client);
  const std::string first = read_until(client, "data: 1\n\n");
  EXPECT_NE(first.find("HTTP/1.1 200 OK\r\n"), std::string::npos) << first;
  EXPECT_NE(first.find("Content-Type: text/event-stream\r\n"), std::string::npos) << first;
  EXPECT_EQ(first.find("Content-Length"), std::string::npos) << first;
  playground.ticker = 2;
  EXPECT_EQ(read_until(client, "data: 2\n\n"), "data: 2\n\n");
  EXPECT_EQ(server->streams(), 1u);
  EXPECT_EQ(server->requests(), 0u) << "a listener holds none of the memory a request needs";
}

TEST_F(Stream, TellsTheLastValueAndNotMoreThanTenASecond) {
  start();
  Client client(port());
  listen(client);
  const Monotonic begun = clock->monotonic();
  for (int i = 1; i <= 300; ++i) {
    playground.ticker = i;
    std::this_thread::yield();
    if (i % 100 == 0) soon([&] { return clock->monotonic() - begun > i * 1ms; });
  }
  const std::string told = read_until(client, "data: 300\n\n");
  const auto seconds = std::chrono::duration<double>(clock->monotonic() - begun).count();
  std::size_t events = 0;
  for (std::size_t at = 0; (at = told.find("data:", at)) != std::string::npos; ++at) ++events;
  EXPECT_LE(static_cast<double>(events), 2 + seconds * 10);
}

TEST_F(Stream, ForgetsWhoGoesAway) {
  start();
  {
    Client client(port());
    listen(client);
    read_until(client, "data: 0\n\n");
    EXPECT_EQ(server->streams(), 1u);
  }
  EXPECT_TRUE(soon([&] { return server->streams() == 0 && server->connections() == 0; }));
}

TEST_F(Stream, RefusesMoreListenersThanItsLimitAndGoesOnServing) {
  settings.max_streams = 1;
  start();
  Client first(port()), second(port());
  listen(first);
  read_until(first, "data: 0\n\n");
  const Answer refused = second.get("/ticker");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("OVERLOADED"), std::string::npos);
  EXPECT_EQ(refused.header("Retry-After"), "5");
  EXPECT_EQ(second.get("/hello").status, 200) << "the connection is an ordinary one still";
  first.close();
  ASSERT_TRUE(soon([&] { return server->streams() == 0; }));
  listen(second);
  EXPECT_NE(read_until(second, "data: 0\n\n").find("200 OK"), std::string::npos);
}

TEST_F(Stream, AnAddressHasSoManyListenersAndOthersTheirOwn) {
  settings.trusted_proxies = {"127.0.0.1"};
  settings.address_streams = 2;
  start();
  const auto come = [this](Client& client, const std::string& address) {
    client.send("GET /ticker HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + address + "\r\n\r\n");
  };
  Client first(port()), second(port()), third(port()), stranger(port()), here(port());
  for (Client* client : {&first, &second}) {
    come(*client, "198.51.100.1");
    read_until(*client, "data: 0\n\n");
  }
  come(third, "198.51.100.1");
  const Answer refused = third.read();
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.body.find("RATE_LIMITED"), std::string::npos);
  EXPECT_EQ(refused.header("Retry-After"), "5");
  EXPECT_EQ(server->streams(), 2u) << "a refused one is no listener";
  come(stranger, "198.51.100.2");
  EXPECT_NE(read_until(stranger, "data: 0\n\n").find("200 OK"), std::string::npos);
  listen(here);
  EXPECT_NE(read_until(here, "data: 0\n\n").find("200 OK"), std::string::npos);

  first.close();
  ASSERT_TRUE(soon([&] { return server->streams() == 3; }));
  come(third, "198.51.100.1");
  EXPECT_NE(read_until(third, "data: 0\n\n").find("200 OK"), std::string::npos) << "a place is free again";
}

TEST_F(Stream, ThisMachineIsNoAddress) {
  settings.address_streams = 1;
  start();
  Client first(port()), second(port());
  for (Client* client : {&first, &second}) {
    listen(*client);
    EXPECT_NE(read_until(*client, "data: 0\n\n").find("200 OK"), std::string::npos);
  }
}

TEST(StreamPlaces, RemembersOnlyWhoListens) {
  StreamPlaces places(2);
  {
    auto one = places.take(7);
    auto two = places.take(7);
    EXPECT_TRUE(one && two);
    EXPECT_FALSE(places.take(7));
    EXPECT_TRUE(places.take(8)) << "and is given back at once";
    EXPECT_EQ(places.keys(), 1u);
    one = StreamPlaces::Place();
    EXPECT_TRUE(places.take(7));
  }
  EXPECT_EQ(places.keys(), 0u);
}

TEST_F(Stream, EndsWithTheServer) {
  start();
  Client client(port());
  listen(client);
  read_until(client, "data: 0\n\n");
  EXPECT_TRUE(server->stop(2s));
  EXPECT_TRUE(client.closed());
}

TEST_F(Stream, AListenerWhoDoesNotReadIsOwedOneEventAtMost) {
  start();
  Client client(port());
  const int small = 32 * 1024;
  setsockopt(client.socket().native_handle(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  listen(client, "/ticker/large");
  const Monotonic begun = clock->monotonic();
  for (int i = 1; i <= 12; ++i) {
    playground.ticker = i;
    soon([&] { return clock->monotonic() - begun > i * 110ms; });
  }
  Client other(port());
  EXPECT_EQ(other.get("/hello").status, 200) << "others are not held up";
  const std::string told = read_until(client, "data: 12\n\n");
  std::size_t events = 0;
  for (std::size_t at = 0; (at = told.find("data:", at)) != std::string::npos; ++at) ++events;
  EXPECT_LT(events, 10U) << "only what the sockets' buffers took and one event more";
}

TEST_F(Stream, ManyAreToldOnEveryThread) {
  io_threads = 2;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    listen(*clients.back());
  }
  for (auto& client : clients) read_until(*client, "data: 0\n\n");
  playground.ticker = 5;
  for (auto& client : clients) EXPECT_EQ(read_until(*client, "data: 5\n\n"), "data: 5\n\n");
}

TEST_F(Stream, AnswersHeadWithoutBecomingOne) {
  start();
  Client client(port());
  client.send("HEAD /ticker HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read(true).status, 200);
  EXPECT_EQ(client.get("/hello").status, 200);
}

}  // namespace

}  // namespace buyme::http
