// What every answer carries, whatever its handler does.
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "http/server_fixture.hpp"

namespace buyme::http {

namespace {

using Conventions = ServerFixture;

constexpr std::string_view as_user = "Authorization: Bearer user-7\r\n";

TEST_F(Conventions, SecurityHeadersAreOnEveryAnswer) {
  start();
  Client client(port());
  for (const char* path : {"/hello", "/nothing", "/caller/user", "/crash"}) {
    const Answer answer = client.get(path);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer") << path;
    EXPECT_EQ(answer.header("Cache-Control"), "no-store") << path;
    EXPECT_FALSE(answer.header("X-Request-Id").empty()) << path;
  }
}

TEST_F(Conventions, OtherSitesAreAllowedByConfigurationAlone) {
  settings.allowed_origins = {"https://shop.example"};
  start();
  Client client(port());
  const Answer ours = client.get("/hello", "Origin: https://shop.example\r\n");
  EXPECT_EQ(ours.header("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_NE(ours.header("Access-Control-Expose-Headers").find("RateLimit-Remaining"), std::string::npos);
  EXPECT_EQ(ours.header("Vary"), "Origin");
  const Answer theirs = client.get("/hello", "Origin: https://shop.example.evil\r\n");
  EXPECT_EQ(theirs.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(theirs.header("Vary"), "Origin");
}

TEST_F(Conventions, WithoutConfigurationNoSiteIsAllowed) {
  start();
  Client client(port());
  const Answer answer = client.get("/hello", "Origin: https://shop.example\r\n");
  EXPECT_EQ(answer.head.find("Access-Control"), std::string::npos);
  EXPECT_EQ(answer.header("Vary"), "");
}

TEST_F(Conventions, APreflightIsAnsweredForEveryRouteWithoutItsHandler) {
  settings.allowed_origins = {"*"};
  start();
  Client client(port());
  const auto options = [&](std::string_view path, std::string_view headers = "") {
    client.send("OPTIONS " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
    return client.read();
  };
  const Answer preflight =
      options("/caller/admin", "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "GET, HEAD");
  EXPECT_NE(preflight.header("Access-Control-Allow-Headers").find("Idempotency-Key"), std::string::npos);
  EXPECT_EQ(preflight.header("Access-Control-Max-Age"), "600");
  EXPECT_EQ(options("/echo").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(options("/nothing", "Origin: https://a.example\r\n").status, 404);
  EXPECT_EQ(playground.handled.load(), 0);
}

TEST_F(Conventions, ProblemsAreToldInKoreanToWhoReadsIt) {
  start();
  Client client(port());
  const Answer korean = client.get("/nothing", "Accept-Language: ko-KR,ko;q=0.9,en;q=0.8\r\n");
  EXPECT_EQ(korean.header("Content-Language"), "ko");
  EXPECT_NE(korean.body.find("\"title\":\"찾을 수 없습니다\""), std::string::npos) << korean.body;
  EXPECT_NE(korean.body.find("\"code\":\"NOT_FOUND\""), std::string::npos) << korean.body;
  const Answer english = client.get("/nothing");
  EXPECT_NE(english.body.find("\"title\":\"Not found\""), std::string::npos)
      << "the next request begins anew";
  client.send("GET /hello HTTP/1.1\r\n\r\n");  // refused before its language is known
  EXPECT_NE(client.read().body.find("The request cannot be read"), std::string::npos);
}

TEST_F(Conventions, AnAccountThatChangesTooMuchIsRefusedUntilItSlowsDown) {
  settings.account_rate = {1, 2};
  start();
  Client client(port());
  EXPECT_EQ(client.post("/echo", "a", as_user).header("RateLimit-Remaining"), "1");
  const Answer last = client.post("/echo", "b", as_user);
  EXPECT_EQ(last.header("RateLimit-Limit"), "2");
  EXPECT_EQ(last.header("RateLimit-Remaining"), "0");
  const Answer refused = client.post("/echo", "c", as_user);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.header("RateLimit-Remaining"), "0");
  EXPECT_NE(refused.body.find("RATE_LIMITED"), std::string::npos);
  EXPECT_EQ(playground.handled.load(), 2);

  EXPECT_EQ(client.post("/echo", "d", "Authorization: Bearer admin-1\r\n").status, 200) << "another account";
  const Answer reading = client.get("/hello", as_user);
  EXPECT_EQ(reading.status, 200) << "reading is not counted";
  EXPECT_EQ(reading.header("RateLimit-Limit"), "");
  EXPECT_EQ(client.post("/echo", "e").status, 200) << "nobody has no account; loopback no limit";
}

TEST_F(Conventions, ATrustedShopHasNoRates) {
  settings.trusted = true;
  settings.account_rate = settings.address_rate = {1, 1};
  start();
  Client client(port());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.post("/echo", "a", as_user).status, 200);
}

TEST_F(Conventions, AnAddressIsWhatATrustedProxySaysItIs) {
  settings.trusted_proxies = {"127.0.0.1"};
  settings.address_rate = {1, 1};
  start();
  Client client(port());
  const auto from = [&](std::string_view address) {
    return client.post("/echo", "a", "X-Forwarded-For: " + std::string(address) + "\r\n").status;
  };
  EXPECT_EQ(from("198.51.100.1"), 200);
  EXPECT_EQ(from("198.51.100.1"), 429);
  EXPECT_EQ(from("1.1.1.1, 198.51.100.1"), 429) << "the proxy's word counts, not the client's";
  EXPECT_EQ(from("198.51.100.2"), 200);
}

TEST_F(Conventions, AForwardedAddressOfAStrangerIsNotBelieved) {
  settings.address_rate = {1, 1};
  start();
  Client client(port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.post("/echo", "a", "X-Forwarded-For: 198.51.100.1\r\n").status, 200);
  }
}

TEST_F(Conventions, OnlyTheHeaderThatTheProxyWritesIsBelieved) {
  settings.trusted_proxies = {"127.0.0.1"};
  settings.address_rate = {1, 1};
  start();
  Client client(port());
  const auto lying = [&](std::string_view address) {
    return client
        .post("/echo", "a",
              "X-Forwarded-For: 198.51.100.1\r\nForwarded: for=" + std::string(address) + "\r\n")
        .status;
  };
  EXPECT_EQ(lying("1.1.1.1"), 200);
  EXPECT_EQ(lying("2.2.2.2"), 429) << "the client wrote it, and the proxy let it through";
}

TEST_F(Conventions, AProxyMayWriteTheStandardHeader) {
  settings.trusted_proxies = {"127.0.0.1"};
  settings.forwarded_by = ForwardedBy::forwarded;
  settings.address_rate = {1, 1};
  start();
  Client client(port());
  const auto from = [&](std::string_view address) {
    return client.post("/echo", "a", "Forwarded: for=" + std::string(address) + "\r\n").status;
  };
  EXPECT_EQ(from("198.51.100.1"), 200);
  EXPECT_EQ(from("198.51.100.1"), 429);
  EXPECT_EQ(from("198.51.100.2"), 200);
}

TEST_F(Conventions, WhatIsTheOperatorsIsServedToWhoHasTheTokenAndToAdmins) {
  settings.operator_token = "a secret of the operator";
  start();
  Client client(port());
  const auto with = [&](std::string_view token, std::string_view path = "/caller/operator") {
    return client.get(path, "Authorization: Bearer " + std::string(token) + "\r\n").status;
  };
  EXPECT_EQ(client.get("/caller/operator").status, 401) << "this machine is everybody behind its proxy";
  EXPECT_EQ(with("user-7"), 403);
  EXPECT_EQ(with("admin-1"), 200);
  EXPECT_EQ(with(settings.operator_token), 200);
  EXPECT_EQ(with(settings.operator_token + "x"), 401);
  EXPECT_EQ(with("a secret of the operatoR"), 401);
  EXPECT_EQ(with(settings.operator_token, "/caller/admin"), 401) << "it is good for nothing else";
}

TEST_F(Conventions, WithoutATokenAdminsAloneAreOperators) {
  start();
  Client client(port());
  EXPECT_EQ(client.get("/caller/operator", "Authorization: Bearer \r\n").status, 401);
  EXPECT_EQ(client.get("/caller/operator", "Authorization: Bearer admin-1\r\n").status, 200);
}

TEST_F(Conventions, OnlySlowAndFailedRequestsAreLoggedWithWhereTheyCameFrom) {
  std::ostringstream lines;
  log = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
  log->set_formatter(make_log_formatter(LogFormat::json));
  start();
  Client client(port());
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  client.get("/hello");
  client.get("/nothing");
  client.get("/crash", "X-Request-Id: click-1\r\ntraceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\n");
  end();
  const std::string logged = lines.str();
  EXPECT_NE(
      logged.find(
          "\"message\":\"a failed request\",\"method\":\"GET\",\"route\":\"/crash\",\"status\":\"500\""),
      std::string::npos)
      << logged;
  EXPECT_NE(logged.find("\"requestId\":\"click-1\",\"traceId\":\"" + trace + "\""), std::string::npos)
      << logged;
  EXPECT_EQ(logged.find("hello"), std::string::npos) << logged;
  EXPECT_EQ(logged.find("404"), std::string::npos) << logged;
}

TEST_F(Conventions, ATraceThatIsNoneIsLeftOut) {
  start();
  Client client(port());
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto trace = [&](const std::string& parent) {
    return client.get("/trace", "X-Request-Id: a\r\ntraceparent: " + parent + "\r\n").body;
  };
  EXPECT_EQ(trace(good), "a 4bf92f3577b34da6a3ce929d0e0e4736 01");
  EXPECT_EQ(trace("01" + good.substr(2) + "-more"), "a 4bf92f3577b34da6a3ce929d0e0e4736 01")
      << "a later version";
  for (const std::string& bad : {std::string("x"), good.substr(1), good + "-more", "ff" + good.substr(2),
                                 "00-" + std::string(32, '0') + good.substr(35), "0G" + good.substr(2),
                                 "00-4BF92F3577B34DA6A3CE929D0E0E4736" + good.substr(35)}) {
    EXPECT_EQ(trace(bad), "none") << bad;
  }
}

TEST_F(Conventions, RequestsAreCountedByRouteAndClass) {
  start();
  Client client(port());
  for (int i = 0; i < 3; ++i) client.get("/echo/" + std::to_string(i));
  client.get("/caller/user");
  client.get("/nothing/at/all");
  std::string out;
  MetricsText text(out);
  server->append_metrics(text);
  for (const char* line :
       {"buyme_http_requests_total{method=\"GET\",route=\"/echo/{name}\",status=\"2xx\"} 3\n",
        "buyme_http_requests_total{method=\"GET\",route=\"/caller/user\",status=\"4xx\"} 1\n",
        "buyme_http_requests_total{method=\"any\",route=\"unmatched\",status=\"4xx\"} 1\n",
        "buyme_http_request_seconds_count{method=\"GET\",route=\"/echo/{name}\"} 3\n",
        "buyme_http_connections 1\n"}) {
    EXPECT_NE(out.find(line), std::string::npos) << line << out;
  }
}

}  // namespace

}  // namespace buyme::http
