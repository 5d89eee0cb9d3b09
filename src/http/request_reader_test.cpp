// Raw bytes against the reader, whole and byte by byte, and the refusals once more over a socket.
#include "http/request_reader.hpp"

#include "core/limits.hpp"
#include "http/server_fixture.hpp"

namespace buyme::http {
namespace {

using Progress = RequestReader::Progress;
using namespace std::string_view_literals;

struct Read {
  Progress progress = Progress::head;
  Error error = Error::internal;
  std::size_t used = 0;
  std::string method, path, query, body, key, token;
};

// Feeds `bytes` in pieces of `step`. As a connection does, it keeps the head where it is and hands the rest
// on.
Read read(const std::string& bytes, std::size_t step) {
  std::string collected;
  RequestReader reader(collected);
  Read result;
  std::size_t available = 0;
  while (available < bytes.size() && result.progress < Progress::done) {
    available = std::min(bytes.size(), available + step);
    std::size_t consumed = 0;
    result.progress = reader.feed({bytes.data() + result.used, available - result.used}, consumed);
    result.used += consumed;
  }
  if (result.progress == Progress::failed) result.error = reader.failure().error;
  if (result.progress == Progress::done) {
    Request request;
    reader.fill(request);
    result.method = std::to_string(static_cast<int>(request.method));
    result.path = request.path;
    result.query = request.query;
    result.body = request.body;
    result.key = request.idempotency_key;
    result.token = reader.bearer_token();
  }
  return result;
}

const std::string post = "POST /a HTTP/1.1\r\nHost: x\r\n";

struct Refusal {
  std::string bytes;
  Error error;
};

const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> table{
      // not HTTP
      {"hello\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\nHost: x\n\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\n\r\n", Error::malformed},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.2\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET / http/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET /\r\n\r\n", Error::malformed},
      {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"G(T / HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"\x16\x03\x01\x02\x01\x01\xfc\x03\r\n\r\n", Error::malformed},
      {std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"sv), Error::malformed},
      // targets
      {"GET * HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET a/b HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET /" + std::string(limits::max_target_bytes, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
       Error::too_large},
      // headers
      {"GET / HTTP/1.1\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\n Host: x\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\x01\r\n\r\n", Error::malformed},
      {std::string("GET / HTTP/1.1\r\nHost: x\r\nX: a\0\r\n\r\n"sv), Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\r\nidempotency-key: a\r\n\r\n", Error::malformed},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(limits::max_header_bytes, 'a') + "\r\n\r\n",
       Error::too_large},
      {post + "Content-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n", Error::malformed},
      {post + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", Error::expectation_failed},
      // lengths that two servers could read differently
      {post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", Error::malformed},
      {post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", Error::malformed},
      {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", Error::malformed},
      {post + "Content-Length: 1, 1\r\n\r\na", Error::malformed},
      {post + "Content-Length: +1\r\n\r\na", Error::malformed},
      {post + "Content-Length: -1\r\n\r\na", Error::malformed},
      {post + "Content-Length: 0x1\r\n\r\na", Error::malformed},
      {post + "Content-Length:\r\n\r\n", Error::malformed},
      {post + "Content-Length: 99999999999999999999999\r\n\r\na", Error::malformed},
      {post + "Content-Length: 65537\r\n\r\na", Error::too_large},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Error::malformed},
      {post + "Transfer-Encoding: identity\r\n\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Error::malformed},
      {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Error::malformed},
      {post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", Error::malformed},
      {"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\n\r\nx\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", Error::malformed},
      {post + "Transfer-Encoding: chunked\r\n\r\n10001\r\n", Error::too_large},
  };
  return table;
}

TEST(RequestReader, RefusesWhatIsNotAcceptedHoweverItArrives) {
  for (const Refusal& refusal : refusals()) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, refusal.bytes.size()}) {
      const Read result = read(refusal.bytes, step);
      EXPECT_EQ(result.progress, Progress::failed) << step << " at a time: " << refusal.bytes;
      EXPECT_EQ(error_info(result.error).code, error_info(refusal.error).code)
          << step << " at a time: " << refusal.bytes;
    }
  }
}

TEST(RequestReader, ReadsTheSameHoweverItArrives) {
  const std::string head =
      "\r\n\r\nPOST /api/orders?limit=2&x HTTP/1.1\r\nhost: x\r\nIdempotency-KEY:  k 1 \r\n"
      "Authorization: Bearer  abc.def\r\n";
  const std::string plain = head + "Content-Length: 5\r\n\r\nhello";
  const std::string chunked = head + "Transfer-Encoding: Chunked\r\n\r\n2;a=b\r\nhe\r\n003\r\nllo\r\n0\r\n" +
                              "Idempotency-Key: trailer\r\n\r\n";
  for (const std::string& message : {plain, chunked}) {
    const std::string bytes = message + "GET / HTTP/1.1\r\n";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
      const Read result = read(bytes, step);
      ASSERT_EQ(result.progress, Progress::done) << step;
      EXPECT_EQ(result.used, message.size()) << "the next request must stay where it is";
      EXPECT_EQ(result.method, "1");
      EXPECT_EQ(result.path, "/api/orders");
      EXPECT_EQ(result.query, "limit=2&x");
      EXPECT_EQ(result.body, "hello");
      EXPECT_EQ(result.key, "k 1");
      EXPECT_EQ(result.token, "abc.def");
    }
  }
}

TEST(RequestReader, MovesItsViewsWithTheirBytes) {
  std::string head = post + "Content-Length: 1\r\nIdempotency-Key: key\r\n\r\n";
  std::string body;
  RequestReader reader(body);
  std::size_t consumed = 0;
  ASSERT_EQ(reader.feed(head, consumed), Progress::body);
  ASSERT_EQ(reader.head_bytes(), head.size());
  const std::string elsewhere = head;
  reader.rebase(head.data(), head.size(), elsewhere.data());
  head.assign(head.size(), '!');
  ASSERT_EQ(reader.feed("b", consumed), Progress::done);
  Request request;
  reader.fill(request);
  EXPECT_EQ(request.path, "/a");
  EXPECT_EQ(request.idempotency_key, "key");
  EXPECT_EQ(request.body, "b");
}

using HttpRefusals = ServerFixture;

TEST_F(HttpRefusals, AreProblemsAndEndTheConnection) {
  const auto port = start();
  for (const Refusal& refusal : refusals()) {
    Client client(port);
    client.send(refusal.bytes);
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, error_info(refusal.error).http_status) << refusal.bytes;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_NE(answer.body.find(error_info(refusal.error).code), std::string::npos) << answer.body;
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(playground.handled, 0);
}

TEST_F(HttpRefusals, ASmuggledRequestIsNeverServed) {
  Client client(start());
  client.send(post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
              "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read().status, 400);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(playground.handled, 0);
}

}  // namespace
}  // namespace buyme::http
