#include "order/remote.hpp"

#include "http/bad_server_fixture.hpp"
#include "http/server_fixture.hpp"
#include "order/internal_endpoints.hpp"

namespace buyme::order {
namespace {

using http::BadServer;
using http::Manner;
using namespace std::chrono_literals;

const std::string credential = "0123456789abcdef0123";
const std::string trace_id = "0af7651916cd43dd8448eb211c80319c";

// Answers each call with what follows from its arguments, or with the failure that the test has set. On the
// server's thread, while the test waits.
class EchoOrders final : public OrderApi {
 public:
  std::optional<Failure> fails;
  int calls = 0, traced = 0;
  TermsUpdate terms;

  Awaitable<Result<void>> put_terms(TermsUpdate update, Trace trace) override {
    terms = std::move(update);
    return answer(trace, Result<void>{});
  }
  Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit, Trace trace) override {
    const StockChange change{product.value, Time{1ms}, before.value_or(-1), std::int64_t(limit), {}, "why"};
    return answer(trace, Result<std::vector<StockChange>>(std::vector{change, change}));
  }
  Awaitable<Result<void>> cancel_unpaid(UserId user, Trace trace) override {
    terms.actor = user;
    return answer(trace, Result<void>{});
  }
  Awaitable<Result<StockLevel>> stock(ProductId product, Trace trace) override {
    return answer(trace, Result<StockLevel>(StockLevel{product, 10, 2, 3, 9}));
  }
  Awaitable<Result<std::vector<StockLevel>>> stock(std::vector<ProductId> products, Trace trace) override {
    std::vector<StockLevel> levels;
    for (const ProductId product : products) levels.push_back({product, 10, 2, 3, 9});
    return answer(trace, Result<std::vector<StockLevel>>(std::move(levels)));
  }
  Awaitable<Result<PaymentTicket>> enter_payment(OrderId order, Caller caller, bool attempting,
                                                 Trace trace) override {
    const Money amount = attempting ? 1 : 2;
    return answer(trace, Result<PaymentTicket>(PaymentTicket{order, caller.user, amount, Time{5ms}}));
  }
  Awaitable<Result<PaymentSettlement>> settle_payment(OrderId, AttemptRef attempt, bool succeeded,
                                                      Trace trace) override {
    const bool late = succeeded && attempt.number > 1;
    return answer(trace, Result<PaymentSettlement>(late        ? PaymentSettlement::too_late
                                                   : succeeded ? PaymentSettlement::paid
                                                               : PaymentSettlement::failed));
  }
  Awaitable<Result<Order>> get(OrderId id, Caller caller, Trace trace) override {
    Order order;
    order.id = id;
    order.user = caller.user;
    order.items.push_back({OrderItemId{1}, ProductId{2}, 3, 4, ItemStatus::returned, caller.trusted});
    return answer(trace, Result<Order>(std::move(order)));
  }

 private:
  template <class T>
  Awaitable<Result<T>> answer(Trace trace, Result<T> value) {
    ++calls;
    if (trace.request_id() == "click-1" && trace.id() == trace_id && trace.flags() == "01") ++traced;
    if (fails) co_return *fails;
    co_return value;
  }
};

// The server's routes are those of OrderApi beside the fixture's own.
class RemoteOrdersTest : public http::ServerFixture {
 protected:
  RemoteOrdersTest() { router.mount<OrderApi>(echo, internal_endpoints()); }
  ~RemoteOrdersTest() override { client.reset(); }

  void open(std::vector<std::string> before = {}) {
    settings.service_credential = credential;
    if (!server) start();
    http::ClientSettings with{.name = "order", .addresses = std::move(before), .credential = credential};
    with.addresses.push_back("127.0.0.1:" + std::to_string(port()));
    client.emplace(with, std::vector<Executor>{context.get_executor()}, *clock, log);
    remote = make_remote_orders(*client);
  }
  template <class T>
  static Awaitable<void> keep(Awaitable<Result<T>> call, std::optional<Result<T>>& value) {
    value.emplace(co_await std::move(call));
  }
  template <class T>
  Result<T> run(Awaitable<Result<T>> call) {
    std::optional<Result<T>> value;
    asio::co_spawn(context, keep(std::move(call), value), [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    context.restart();
    while (!value && context.run_one_for(20s) > 0) {
    }
    return std::move(value.value());
  }
  // What each of the eight calls fails with; nullopt where it succeeds.
  std::vector<std::optional<Failure>> call_all(const Trace& trace = {}) {
    std::vector<std::optional<Failure>> failures;
    const auto note = [&](const auto& result) {
      failures.push_back(result ? std::nullopt : std::optional<Failure>(result.error()));
    };
    note(run(remote->put_terms({}, trace)));
    note(run(remote->stock_history(ProductId{1}, std::nullopt, 1, trace)));
    note(run(remote->cancel_unpaid(UserId{1}, trace)));
    note(run(remote->stock(ProductId{1}, trace)));
    note(run(remote->stock(std::vector{ProductId{1}}, trace)));
    note(run(remote->enter_payment(OrderId{1}, caller, true, trace)));
    note(run(remote->settle_payment(OrderId{1}, {AttemptId{1}, 1}, true, trace)));
    note(run(remote->get(OrderId{1}, caller, trace)));
    return failures;
  }

  const Caller caller{UserId{7}, Role::admin, true, true};
  EchoOrders echo;
  ExecutionContext context{1};
  std::optional<http::HttpClient> client;
  std::unique_ptr<OrderApi> remote;
};

TEST_F(RemoteOrdersTest, ArgumentsAndAnswersCross) {
  open();
  TermsUpdate update;
  update.terms.product = ProductId{3};
  update.total = 0;
  update.reason = "\"품절\"\n";
  ASSERT_TRUE(run(remote->put_terms(update)));
  EXPECT_EQ(echo.terms.terms.product, ProductId{3});
  EXPECT_EQ(echo.terms.total, 0);
  EXPECT_EQ(echo.terms.reason, update.reason);

  const auto history = run(remote->stock_history(ProductId{3}, 17, 5));
  ASSERT_EQ(history->size(), 2U);
  EXPECT_EQ(history->front().id, 3);
  EXPECT_EQ(history->front().old_total, 17);
  EXPECT_EQ(history->front().new_total, 5);
  EXPECT_EQ(run(remote->stock_history(ProductId{3}, std::nullopt, 5))->front().old_total, -1);

  ASSERT_TRUE(run(remote->cancel_unpaid(UserId{9})));
  EXPECT_EQ(echo.terms.actor, UserId{9});
  EXPECT_EQ(run(remote->stock(ProductId{4}))->available(), 5);
  EXPECT_EQ(run(remote->stock(ProductId{4}))->version, 9);

  const auto ticket = run(remote->enter_payment(OrderId{6}, caller, true));
  EXPECT_EQ(ticket->order, OrderId{6});
  EXPECT_EQ(ticket->user, UserId{7});
  EXPECT_EQ(ticket->amount, 1);
  EXPECT_EQ(ticket->hold_expires_at, Time{5ms});
  EXPECT_EQ(run(remote->enter_payment(OrderId{6}, caller, false))->amount, 2);

  const auto settle = [&](std::int64_t number, bool succeeded) {
    return *run(remote->settle_payment(OrderId{1}, {AttemptId{1}, number}, succeeded));
  };
  EXPECT_EQ(settle(1, true), PaymentSettlement::paid);
  EXPECT_EQ(settle(2, true), PaymentSettlement::too_late);
  EXPECT_EQ(settle(2, false), PaymentSettlement::failed);

  const auto order = run(remote->get(OrderId{8}, caller));
  EXPECT_EQ(order->id, OrderId{8});
  ASSERT_EQ(order->items.size(), 1U);
  EXPECT_EQ(order->items[0].status, ItemStatus::returned);
  EXPECT_TRUE(order->items[0].counted);
}

TEST_F(RemoteOrdersTest, EachCallNamesTheRequestThatItIsMadeFor) {
  open();
  call_all();
  EXPECT_EQ(echo.traced, 0);
  const auto failures = call_all({"click-1", trace_id, "01"});
  EXPECT_EQ(echo.traced, static_cast<int>(failures.size()));
}

TEST_F(RemoteOrdersTest, AsksForManyProductsInSeveralCalls) {
  open();
  std::vector<ProductId> products;
  const auto count = static_cast<std::int64_t>(2 * limits::stock_question + 1);
  for (std::int64_t id = 1; id <= count; ++id) products.push_back(ProductId{1'000'000'000'000 + id});
  const auto levels = run(remote->stock(products));
  ASSERT_TRUE(levels) << levels.error().detail;
  ASSERT_EQ(levels->size(), products.size());
  for (std::size_t i = 0; i < products.size(); ++i) EXPECT_EQ((*levels)[i].product, products[i]);
  EXPECT_EQ(echo.calls, 3);
  EXPECT_TRUE(run(remote->stock(std::vector<ProductId>{}))->empty());
  EXPECT_EQ(echo.calls, 3);
}

TEST_F(RemoteOrdersTest, EachErrorCrossesWithAllThatItSays) {
  open();
  for (int number = 0; number < error_count; ++number) {
    Failure failure(static_cast<Error>(number), "Because.");
    failure.with("state", "PAID").with("committed", std::int64_t{3});
    failure.retry_after = 2s;
    if (failure.error == Error::invalid) failure.fields = {{"a", "b"}};
    echo.fails = failure;
    for (const auto& read : call_all()) {
      ASSERT_TRUE(read) << number;
      EXPECT_EQ(read->error, failure.error);
      EXPECT_EQ(read->detail, failure.detail);
      EXPECT_EQ(read->members, failure.members);
      EXPECT_EQ(read->retry_after, failure.retry_after);
      EXPECT_EQ(read->fields.size(), failure.fields.size());
    }
  }
}

TEST_F(RemoteOrdersTest, ALostAnswerIsAskedForAgain) {
  BadServer cutting({Manner::read_and_close});
  open({cutting.address()});
  for (int round = 0; round < 2; ++round) {  // the addresses take turns
    for (const auto& failure : call_all()) EXPECT_FALSE(failure) << failure->detail;
  }
  EXPECT_GE(cutting.requests, 5);
  EXPECT_EQ(echo.calls, 16);
}

TEST_F(RemoteOrdersTest, WhoNeverAnswersLeavesWritesOpen) {
  BadServer cutting({Manner::read_and_close});
  http::ClientSettings with{.name = "order", .addresses = {cutting.address()}, .credential = credential};
  with.breaker_failures = 1'000;
  client.emplace(with, std::vector<Executor>{context.get_executor()}, *clock, log);
  remote = make_remote_orders(*client);
  const auto failures = call_all();
  const bool writes[] = {true, false, true, false, false, true, true, false};
  for (std::size_t i = 0; i < failures.size(); ++i) {
    ASSERT_TRUE(failures[i]);
    EXPECT_EQ(failures[i]->error, writes[i] ? Error::outcome_unknown : Error::store_unavailable) << i;
  }
}

TEST_F(RemoteOrdersTest, AnAnswerOfAnotherVersionIsNoNews) {
  BadServer other({Manner::answer_and_close});  // 200 "ok"
  http::ClientSettings with{.name = "order", .addresses = {other.address()}, .credential = credential};
  client.emplace(with, std::vector<Executor>{context.get_executor()}, *clock, log);
  remote = make_remote_orders(*client);
  const auto failures = call_all();
  const bool writes[] = {true, false, true, false, false, true, true, false};
  for (std::size_t i = 0; i < failures.size(); ++i) {
    ASSERT_TRUE(failures[i]);
    EXPECT_EQ(failures[i]->error, writes[i] ? Error::outcome_unknown : Error::internal) << i;
  }
}

TEST_F(RemoteOrdersTest, ACallThatCannotBeReadIsOurFault) {
  open();
  http::Client raw(port());
  const std::string header = "X-Buyme-Service: " + credential + "\r\n";
  const auto answer = raw.post("/internal/orders/stock", R"({"product":1,"of":2})", header);
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("of: Is not a field"), std::string::npos) << answer.body;
  EXPECT_EQ(raw.post("/internal/orders/stock", R"({"product":1})").status, 404);
  EXPECT_EQ(echo.calls, 0);
}

}  // namespace
}  // namespace buyme::order
