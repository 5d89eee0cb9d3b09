// The server over real sockets: what a client sees.
#include "http/server_fixture.hpp"
#include "http/session.hpp"

namespace buyme::http {
namespace {

using HttpServer = ServerFixture;

static_assert(sizeof(Session) < 4 * 1024, "ten thousand idle connections must stay small");

TEST_F(HttpServer, KeepsTheConnectionAndSetsItsHeaders) {
  Client client(start());
  const Answer first = client.get("/hello");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "{\"hello\":true}");
  EXPECT_EQ(first.header("Content-Type"), "application/json");
  EXPECT_EQ(first.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(first.header("Cache-Control"), "no-store");
  EXPECT_EQ(first.header("Server"), "");
  EXPECT_EQ(first.header("Date").size(), std::string("Sun, 06 Nov 1994 08:49:37 GMT").size());
  const Answer second = client.get("/hello");
  EXPECT_EQ(second.status, 200);
  EXPECT_NE(first.header("X-Request-Id"), second.header("X-Request-Id"));
  EXPECT_EQ(server->connections(), 1u);
}

TEST_F(HttpServer, PassesTheRequestOn) {
  Client client(start());
  const Answer post = client.post("/echo?a=1&b=%20", "{\"x\":1}", "Idempotency-Key: k-1\r\n");
  EXPECT_EQ(post.body, "{\"x\":1}");
  EXPECT_EQ(post.header("X-Path"), "/echo|a=1&b=%20|k-1|");
  EXPECT_EQ(post.header("Cache-Control"), "max-age=1");
  EXPECT_EQ(client.get("/echo/42").header("X-Path"), "/echo/42|||42");
  EXPECT_EQ(client.get("http://shop.test/echo/7?q").header("X-Path"), "/echo/7|q||7");
}

TEST_F(HttpServer, EchoesAWellFormedRequestIdOnly) {
  Client client(start());
  EXPECT_EQ(client.get("/hello", "X-Request-Id: my.ID_1-2\r\n").header("X-Request-Id"), "my.ID_1-2");
  EXPECT_EQ(client.get("/hello", "X-Request-Id: a b\r\n").header("X-Request-Id").find(' '),
            std::string::npos);
  const Answer missing = client.get("/nothing", "X-Request-Id: r-1\r\n");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.header("Content-Type"), "application/problem+json");
  EXPECT_NE(missing.body.find("\"requestId\":\"r-1\""), std::string::npos) << missing.body;
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  Client client(start());
  std::string burst;
  for (int i = 0; i < 200; ++i) burst += "GET /n HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + burst);
  ASSERT_TRUE(soon([&] { return playground.waiting == 1; }));
  EXPECT_EQ(playground.handled, 0);  // nothing overtakes the one that waits
  playground.released = true;
  EXPECT_EQ(client.read().body, "waited");
  for (int i = 2; i <= 201; ++i) ASSERT_EQ(client.read().body, std::to_string(i));
}

TEST_F(HttpServer, APipeliningClientDoesNotStarveOthers) {
  const auto port = start();
  Client greedy(port), modest(port);
  modest.get("/hello");
  ASSERT_EQ(greedy.get("/hello").status, 200);
  playground.handled = 0;
  std::string burst = "GET /freeze HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 50; ++i) burst += "GET /n HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_LE(burst.size(), InputBuffer::small_bytes);  // all of it arrives in one read
  greedy.send(burst);
  playground.frozen.acquire();
  modest.send("GET /n HTTP/1.1\r\nHost: x\r\n\r\n");
  playground.thaw.release();
  EXPECT_LE(std::stoi(modest.read().body), int(2 * limits::pipeline_burst) + 1);
}

TEST_F(HttpServer, HeadHasNoBodyAndOldClientsAreServed) {
  Client client(start());
  client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const Answer head = client.read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "14");
  EXPECT_EQ(client.get("/hello").body, "{\"hello\":true}");

  client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.read().header("Connection"), "keep-alive");
  client.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read().header("Connection"), "close");
  EXPECT_TRUE(client.closed());

  Client closing(server->port());
  EXPECT_EQ(closing.get("/hello", "Connection: close\r\n").header("Connection"), "close");
  EXPECT_TRUE(closing.closed());
}

TEST_F(HttpServer, AnAnswerWithoutContentHasNoLengthAndNoInjectedHeader) {
  Client client(start());
  client.send("DELETE /empty HTTP/1.1\r\nHost: x\r\n\r\n");
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Content-Length"), "");
  EXPECT_EQ(answer.header("X-Injected"), "");
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(HttpServer, ReadsBodiesInPiecesAndChunks) {
  Client client(start());
  const std::string body(limits::max_body_bytes, 'b');
  EXPECT_EQ(client.post("/echo", body).body, body);

  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n";
  client.send(head + "Idempotency-Key: key\r\n\r\n5\r\nhel");
  client.send("lo\r\n6;ext=1\r\n world\r\n0\r\nAuthorization: Bearer x\r\n\r\n");
  const Answer chunked = client.read();
  EXPECT_EQ(chunked.body, "hello world");
  EXPECT_EQ(chunked.header("X-Path"), "/echo||key|");

  // One byte at a time, across every state of the parser and into the large buffer.
  const std::string padding = "X-Padding: " + std::string(2'000, 'p') + "\r\n";
  const std::string slow = head + padding + "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (const char& byte : slow) client.send({&byte, 1});
  EXPECT_EQ(client.read().body, "abcde");
}

TEST_F(HttpServer, AsksForTheBodyOfAClientThatExpectsIt) {
  Client client(start());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read().status, 100);
  client.send("abc");
  EXPECT_EQ(client.read().body, "abc");
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read().status, 417);
}

TEST_F(HttpServer, RefusesWhatIsTooLarge) {
  const auto port = start();
  Client body(port);
  const Answer too_long = body.post("/echo", std::string(3 * limits::max_body_bytes, 'b'));
  EXPECT_EQ(too_long.status, 413);
  EXPECT_EQ(too_long.header("Connection"), "close");
  EXPECT_TRUE(body.closed_in_order());  // a reset could have cost the client its answer
  Client chunked(port);
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n");
  EXPECT_EQ(chunked.read().status, 413);
  Client header(port);
  EXPECT_EQ(header.get("/hello", "X: " + std::string(limits::max_header_bytes, 'h') + "\r\n").status, 413);
  Client trickle(port);
  trickle.send("GET /hello HTTP/1.1\r\nHost: x\r\n");
  for (std::size_t sent = 0; sent < limits::max_header_bytes; sent += 1'000) {
    trickle.send("X-" + std::to_string(sent) + ": " + std::string(1'000, 'h') + "\r\n");
  }
  EXPECT_EQ(trickle.read().status, 413);
  Client target(port);
  EXPECT_EQ(target.get("/" + std::string(limits::max_target_bytes, 't')).status, 413);
  Client fits(port);
  EXPECT_EQ(fits.get("/hello", "X: " + std::string(limits::max_header_bytes - 100, 'h') + "\r\n").status,
            200);
}

TEST_F(HttpServer, NamesTheMethodsThatExist) {
  Client client(start());
  client.send("PATCH /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  Answer answer = client.read();
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD");
  client.send("TRACE /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  answer = client.read();
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "POST");
}

TEST_F(HttpServer, AHandlerThatThrowsIsA500AndNoMore) {
  Client client(start());
  const Answer answer = client.get("/crash");
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("\"code\":\"INTERNAL\""), std::string::npos);
  EXPECT_EQ(answer.body.find("a bug"), std::string::npos);
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(HttpServer, DemandsTokens) {
  Client client(start());
  EXPECT_EQ(client.get("/caller").body, "0 user unknown");
  const Answer refused = client.get("/caller/user");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer");
  const std::string user = "Authorization: Bearer user-7\r\n", admin = "authorization: bearer admin-1\r\n";
  EXPECT_EQ(client.get("/caller/user", user).body, "7 user known");
  EXPECT_EQ(client.get("/caller/user", admin).body, "1 admin known");
  EXPECT_EQ(client.get("/caller/admin", user).status, 403);
  EXPECT_EQ(client.get("/caller/admin", admin).status, 200);
  EXPECT_EQ(client.get("/caller", user).body, "7 user known");
  EXPECT_EQ(client.get("/caller", "Authorization: Bearer forged\r\n").body, "0 user unknown");
  EXPECT_EQ(client.get("/caller/user", "Authorization: Bearer forged\r\n").status, 401);
  EXPECT_EQ(client.get("/caller/user", "Authorization: Basic user-7\r\n").status, 401);
}

TEST_F(HttpServer, VerifiesATokenOncePerConnectionAndHeedsItsExpiry) {
  Client client(start());
  const std::string token = "Authorization: Bearer short\r\n";
  EXPECT_EQ(client.get("/caller/user", token).status, 200);
  EXPECT_EQ(client.get("/caller/user", token).status, 200);
  EXPECT_EQ(authenticator.verifications, 1);
  EXPECT_TRUE(soon([&] { return client.get("/caller/user", token).status == 401; }));
}

TEST_F(HttpServer, HeedsATokenThatIsRevokedOnAnOpenConnection) {
  Client client(start());
  const std::string token = "Authorization: Bearer user-7\r\n";
  EXPECT_EQ(client.get("/caller/user", token).status, 200);
  authenticator.revoked = 7;
  EXPECT_EQ(client.get("/caller/user", token).status, 401);
  EXPECT_EQ(authenticator.verifications, 1);
  EXPECT_EQ(client.get("/caller/user", "Authorization: Bearer admin-1\r\n").status, 200);
}

TEST_F(HttpServer, TrustedModeMakesEverybodyTheAdmin) {
  settings.trusted = true;
  Client client(start());
  EXPECT_EQ(client.get("/caller/admin").body, "0 admin known trusted");
  EXPECT_EQ(client.get("/caller/user", "Authorization: Bearer user-7\r\n").body, "7 user known");
  EXPECT_EQ(client.get("/caller/admin", "Authorization: Bearer user-7\r\n").status, 403);
}

TEST_F(HttpServer, RefusesAnAddressThatIsTaken) {
  const auto port = start();
  IoThreads others(1);
  ServerSettings same;
  same.port = port;
  Server second(same, router, authenticator, *clock, others, make_null_log());
  EXPECT_THROW(second.start(), std::system_error);
}

TEST_F(HttpServer, SeveralThreadsShareThePort) {
  io_threads = 3;
  const auto port = start();
  for (int i = 0; i < 30; ++i) {
    Client client(port);
    ASSERT_EQ(client.get("/hello").status, 200);
  }
}

}  // namespace
}  // namespace buyme::http
