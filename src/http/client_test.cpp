#include "http/client.hpp"

#include <boost/asio/detached.hpp>

#include "http/bad_server_fixture.hpp"
#include "http/server_fixture.hpp"

namespace buyme::http {
namespace {

const std::string good_credential = "0123456789abcdef0123";

class HttpClientTest : public ServerFixture {
 protected:
  ~HttpClientTest() override { client.reset(); }

  void open(std::vector<std::string> addresses, std::string secret = {}) {
    with.name = "test";
    with.addresses = std::move(addresses);
    with.credential = std::move(secret);
    client.emplace(with, std::vector<Executor>{context.get_executor()}, *clock, log);
  }
  std::string here() const { return "127.0.0.1:" + std::to_string(port()); }

  static HttpCall get(std::string target) {
    HttpCall call;
    call.target = std::move(target);
    call.effect = Effect::read;
    return call;
  }
  static HttpCall post(std::string target, Effect effect = Effect::once) {
    HttpCall call;
    call.method = Method::post;
    call.target = std::move(target);
    call.body = "{\"a\":1}";
    call.effect = effect;
    return call;
  }

  Awaitable<void> keep(HttpCall call, std::optional<Result<HttpAnswer>>& answer) {
    answer.emplace(co_await client->call(std::move(call)));
  }
  // All at once.
  std::vector<Result<HttpAnswer>> ask_all(const std::vector<HttpCall>& calls) {
    std::vector<std::optional<Result<HttpAnswer>>> answers(calls.size());
    std::size_t left = calls.size();
    for (std::size_t i = 0; i < calls.size(); ++i) {
      asio::co_spawn(context, keep(calls[i], answers[i]), [&](std::exception_ptr thrown) {
        if (thrown) error = thrown;
        --left;
      });
    }
    context.restart();
    while (left > 0 && context.run_one_for(20s) > 0) {
    }
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
    std::vector<Result<HttpAnswer>> results;
    for (auto& answer : answers) results.push_back(std::move(answer.value()));
    return results;
  }
  Result<HttpAnswer> ask(const HttpCall& call) { return ask_all({call}).front(); }
  Error error_of(const HttpCall& call) {
    const auto answer = ask(call);
    EXPECT_FALSE(answer) << answer->status << " " << answer->body;
    return answer ? Error::invalid : answer.error().error;
  }

  ExecutionContext context{1};
  std::exception_ptr error;
  ClientSettings with;
  std::optional<HttpClient> client;
};

TEST_F(HttpClientTest, SendsWhatItIsGivenAndReadsTheAnswer) {
  start();
  open({here()});
  auto call = post("/echo");
  call.trace = {"r-17", "0af7651916cd43dd8448eb211c80319c", "01"};
  const auto answer = ask(call);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, call.body);
  EXPECT_EQ(answer->content_type, "text/plain");
  auto traced = get("/trace");
  traced.trace = call.trace;
  EXPECT_EQ(ask(traced)->body, "r-17 0af7651916cd43dd8448eb211c80319c 01");
  traced.trace = Trace("r-17", "", "");
  EXPECT_EQ(ask(traced)->body, "none");
}

TEST_F(HttpClientTest, UsesAConnectionAgain) {
  start();
  open({here()});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ask(get("/hello")));
  EXPECT_EQ(server->connections(), 1U);
  const auto answers = ask_all(std::vector<HttpCall>(8, get("/hello")));
  EXPECT_TRUE(std::ranges::all_of(answers, [](const auto& answer) { return answer.has_value(); }));
  EXPECT_LE(server->connections(), 8U);
}

TEST_F(HttpClientTest, FindsAConnectionClosedAndOpensAnother) {
  settings.timeouts.idle = 50ms;
  settings.timeouts.sweep = 10ms;
  start();
  open({here()});
  ASSERT_TRUE(ask(post("/echo")));
  ASSERT_TRUE(soon([&] { return server->connections() == 0; }));
  ASSERT_TRUE(ask(post("/echo")));  // Effect::once: it must know that nothing was sent
  EXPECT_EQ(playground.handled, 2);
}

TEST_F(HttpClientTest, RefusesMoreThanItsBound) {
  start();
  with.in_flight = 2;
  open({here()});
  auto patient = post("/wait");
  patient.deadline = 200ms;
  const auto answers = ask_all({patient, patient, post("/echo")});
  EXPECT_EQ(answers[2].error().error, Error::overloaded);
  EXPECT_EQ(answers[2].error().retry_after, 1s);
  EXPECT_EQ(answers[0].error().error, Error::outcome_unknown);
  EXPECT_TRUE(ask(post("/echo")));  // their places are free again
}

TEST_F(HttpClientTest, ADeadlineLeavesTheOutcomeOpenOnlyOfWhatChangesSomething) {
  start();
  open({here()});
  auto write = post("/wait", Effect::idempotent);
  write.deadline = 100ms;
  const auto begun = clock->monotonic();
  EXPECT_EQ(error_of(write), Error::outcome_unknown);
  EXPECT_LT(clock->monotonic() - begun, 3s);
  auto read = post("/wait", Effect::read);
  read.deadline = 100ms;
  EXPECT_EQ(error_of(read), Error::store_unavailable);
  EXPECT_EQ(playground.waiting, 2);  // a deadline ends the call: nothing is repeated behind it
}

TEST_F(HttpClientTest, NothingWasDoneWhereNobodyListens) {
  std::uint16_t dead = start();
  end();
  open({"127.0.0.1:" + std::to_string(dead)});
  EXPECT_EQ(error_of(post("/echo")), Error::store_unavailable);
  EXPECT_EQ(error_of(post("/echo", Effect::idempotent)), Error::store_unavailable);
}

TEST_F(HttpClientTest, PassesOverADeadAddress) {
  start();
  open({"127.0.0.1:1", here(), "no.such.host.invalid:80"});
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(ask(post("/echo"))) << i;
  EXPECT_EQ(playground.handled, 12);
}

TEST_F(HttpClientTest, AsksAddressesInTurn) {
  start();
  BadServer other({Manner::answer_and_close});
  open({here(), other.address()});
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(ask(post("/echo")));
  EXPECT_EQ(playground.handled, 3);
  EXPECT_EQ(other.requests, 3);
}

TEST_F(HttpClientTest, WhatWasSentAndCutIsRepeatedOnlyWhereThatDoesNoHarm) {
  {
    BadServer peer({Manner::read_and_close, Manner::answer_and_close});
    open({peer.address()});
    EXPECT_EQ(error_of(post("/x")), Error::outcome_unknown);
    EXPECT_EQ(peer.requests, 1);
  }
  BadServer peer({Manner::read_and_close, Manner::answer_and_close});
  open({peer.address()});
  EXPECT_EQ(ask(post("/x", Effect::idempotent))->body, "ok");
  EXPECT_EQ(peer.requests, 2);
}

TEST_F(HttpClientTest, GivesUpAfterAFewTries) {
  BadServer peer({Manner::read_and_close});
  open({peer.address()});
  EXPECT_EQ(error_of(post("/x", Effect::idempotent)), Error::outcome_unknown);
  EXPECT_EQ(peer.requests, 3);
  EXPECT_EQ(error_of(get("/x")), Error::store_unavailable);
}

TEST_F(HttpClientTest, ALaterRefusalDoesNotTellOfAnEarlierTry) {
  settings.service_credential = good_credential;
  start();
  BadServer first({Manner::read_and_close});
  open({first.address(), here()}, good_credential);
  const auto overloaded = std::to_string(static_cast<int>(Error::overloaded) + 1);
  EXPECT_EQ(error_of(post("/internal/fail/" + overloaded, Effect::idempotent)), Error::outcome_unknown);
  EXPECT_EQ(playground.handled, 1);
  EXPECT_EQ(error_of(post("/internal/fail/" + overloaded, Effect::idempotent)), Error::outcome_unknown);
}

TEST_F(HttpClientTest, AProxysOwnErrorIsNoAnswer) {
  BadServer proxy({Manner::answer_502});
  open({proxy.address()});
  EXPECT_EQ(error_of(post("/x")), Error::outcome_unknown);
  EXPECT_EQ(error_of(get("/x")), Error::store_unavailable);
}

TEST_F(HttpClientTest, TheBreakerOpensAndOneCallTriesAgain) {
  BadServer peer(
      {Manner::read_and_close, Manner::read_and_close, Manner::read_and_close, Manner::answer_and_close});
  with.breaker_failures = 2;
  with.breaker_pause = 150ms;
  open({peer.address()});
  EXPECT_EQ(error_of(post("/x")), Error::outcome_unknown);
  EXPECT_EQ(error_of(post("/x")), Error::outcome_unknown);
  EXPECT_EQ(error_of(post("/x")), Error::store_unavailable);  // open: it is not sent
  EXPECT_EQ(peer.connections, 2);
  std::this_thread::sleep_for(200ms);
  auto answers = ask_all({post("/x"), post("/x"), post("/x")});
  EXPECT_EQ(answers[0].error().error, Error::outcome_unknown);    // the probe fails, ...
  EXPECT_EQ(answers[1].error().error, Error::store_unavailable);  // ... and nobody joins it
  EXPECT_EQ(peer.connections, 3);
  std::this_thread::sleep_for(200ms);
  EXPECT_TRUE(ask(post("/x")));
  EXPECT_TRUE(ask_all({post("/x"), post("/x")})[1]);  // closed again
}

TEST_F(HttpClientTest, AServerThatStopsIsPassedOver) {
  settings.service_credential = good_credential;
  start();
  BadServer other({Manner::answer_and_close});
  open({here(), other.address()}, good_credential);
  const auto stopping = std::to_string(static_cast<int>(Error::shutting_down) + 1);
  EXPECT_EQ(ask(post("/internal/fail/" + stopping))->body, "ok");
  EXPECT_EQ(playground.handled, 1);
}

TEST_F(HttpClientTest, EveryErrorCrosses) {
  settings.service_credential = good_credential;
  start();
  open({here()}, good_credential);
  for (int number = 0; number < error_count; ++number) {
    const auto answer = ask(post("/internal/fail/" + std::to_string(number + 1)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().error, static_cast<Error>(number));
    EXPECT_EQ(answer.error().detail, "The \"reason\".");
  }
}

TEST_F(HttpClientTest, ADoorThatStaysShutIsNoAnswerOfTheService) {
  settings.service_credential = good_credential;
  start();
  open({here()}, "another-credential-here");
  EXPECT_EQ(error_of(post("/internal/echo")), Error::store_unavailable);
  open({here()}, good_credential);
  EXPECT_EQ(error_of(post("/internal/no-such-thing")), Error::store_unavailable);
  EXPECT_TRUE(ask(post("/internal/echo")));
  EXPECT_EQ(playground.handled, 1);
}

TEST_F(HttpClientTest, RefusesWhatCannotStandInAHeader) {
  start();
  EXPECT_THROW(open({"localhost"}), std::invalid_argument);
  EXPECT_THROW(open({"localhost:0"}), std::invalid_argument);
  EXPECT_THROW(open({"localhost:80x"}), std::invalid_argument);
  EXPECT_THROW(open({}), std::invalid_argument);
  EXPECT_THROW(open({here()}, "a credential with blanks"), std::invalid_argument);
  EXPECT_THROW(open({here()}, "short"), std::invalid_argument);
  open({"localhost:" + std::to_string(port())});
  EXPECT_TRUE(ask(get("/hello")));  // a name
  auto call = get("/hello");
  call.trace = Trace("a\r\nX-Evil: b", "", "");
  EXPECT_THROW(ask(call), std::logic_error);
}

TEST_F(HttpClientTest, CallsThatNeverEndGoWithTheirContext) {
  start();
  open({here()});
  auto own = std::make_unique<ExecutionContext>(1);
  client.emplace(with, std::vector<Executor>{own->get_executor()}, *clock, log);
  std::optional<Result<HttpAnswer>> answer;
  asio::co_spawn(*own, keep(post("/wait"), answer), asio::detached);
  while (playground.waiting == 0) own->run_one_for(10ms);
  client.reset();
  own.reset();
  EXPECT_FALSE(answer);
}

class InternalRoutes : public ServerFixture {
 protected:
  Answer ask(std::string_view secret) {
    Client client(port());
    const std::string header = secret.empty() ? "" : "X-Buyme-Service: " + std::string(secret) + "\r\n";
    return client.post("/internal/echo", "{}", header);
  }
};

TEST_F(InternalRoutes, AreThereForWhoShowsTheCredential) {
  settings.service_credential = good_credential;
  settings.account_rate = settings.address_rate = {1, 1};
  start();
  for (int i = 0; i < 3; ++i) {  // and are not counted against anybody's rate
    const Answer answer = ask(good_credential);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-Buyme-Internal"), "1");
  }
}

TEST_F(InternalRoutes, AreNotThereForAnybodyElse) {
  settings.service_credential = good_credential;
  start();
  const auto nothing = Client(port()).post("/nothing", "{}").body.find("There is nothing at this path.");
  ASSERT_NE(nothing, std::string::npos);
  std::string close = good_credential;
  close.back() = '!';
  for (const std::string& secret : {std::string(), close, good_credential + "x", std::string("x")}) {
    const Answer answer = ask(secret);
    EXPECT_EQ(answer.status, 404) << secret;
    EXPECT_NE(answer.body.find("There is nothing at this path."), std::string::npos);
    EXPECT_EQ(answer.header("X-Buyme-Internal"), "");
  }
  Client client(port());
  EXPECT_EQ(client.post("/internal/echo", "{}", "Authorization: Bearer admin\r\n").status, 404);
  client.send("OPTIONS /internal/echo HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read().status, 404);
  EXPECT_EQ(client.get("/internal/echo").status, 404);  // not 405, which would tell of it
  EXPECT_EQ(playground.handled, 0);
}

TEST_F(InternalRoutes, AreNotThereWithoutACredential) {
  settings.trusted = true;
  start();
  EXPECT_EQ(ask("").status, 404);
  EXPECT_EQ(ask(good_credential).status, 404);
  EXPECT_EQ(Client(port()).post("/internal/echo", "{}", "X-Buyme-Service: \r\n").status, 404);
  EXPECT_EQ(playground.handled, 0);
}

TEST_F(InternalRoutes, ACredentialIsNotTrivial) {
  settings.service_credential = "short";
  EXPECT_THROW(start(), std::invalid_argument);
  server.reset();
}

TEST_F(InternalRoutes, PathAndAccessAgree) {
  Router::Route route;
  route.method = Method::get;
  route.access = Access::anyone;
  route.path = "/internal/x";
  EXPECT_THROW(router.add(route), std::logic_error);
  route.access = Access::internal;
  route.path = "/api/x";
  EXPECT_THROW(router.add(route), std::logic_error);
}

}  // namespace
}  // namespace buyme::http
