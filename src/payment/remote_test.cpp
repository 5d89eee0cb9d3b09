#include "payment/remote.hpp"

#include "core/random.hpp"
#include "http/bad_server_fixture.hpp"
#include "http/server_fixture.hpp"
#include "http/service_call.hpp"
#include "payment/internal_codec.hpp"
#include "payment/internal_endpoints.hpp"

namespace buyme::payment {
namespace {

const std::string credential = "0123456789abcdef0123";

auto all_of(const RefundRequest& refund) {
  const auto& [id, order, attempt, amount] = refund;
  return std::tuple(id, order, attempt, amount);
}

class RememberedRefunds final : public PaymentApi {
 public:
  std::vector<RefundRequest> taken;
  std::optional<Failure> fails;
  Awaitable<Result<void>> take_refund(RefundRequest refund) override {
    taken.push_back(refund);
    if (fails) co_return *fails;
    co_return Result<void>{};
  }
};

class RemotePaymentsTest : public http::ServerFixture {
 protected:
  RemotePaymentsTest() { router.mount<PaymentApi>(payments, internal_endpoints()); }
  ~RemotePaymentsTest() override { client.reset(); }

  void open(std::vector<std::string> addresses) {
    const http::ClientSettings with{
        .name = "payment", .addresses = std::move(addresses), .credential = credential};
    client.emplace(with, std::vector<Executor>{context.get_executor()}, *clock, log);
    remote = make_remote_payments(*client);
  }
  std::string serve() {
    settings.service_credential = credential;
    start();
    return "127.0.0.1:" + std::to_string(port());
  }
  static Awaitable<void> keep(Awaitable<Result<void>> call, std::optional<Result<void>>& value) {
    value.emplace(co_await std::move(call));
  }
  Result<void> take(RefundRequest refund) {
    std::optional<Result<void>> value;
    asio::co_spawn(context, keep(remote->take_refund(refund), value), [](std::exception_ptr) {});
    context.restart();
    while (!value && context.run_one_for(std::chrono::seconds{20}) > 0) {
    }
    return std::move(value.value());
  }

  const RefundRequest refund{RefundId{1}, OrderId{2}, AttemptId{3}, 4};
  RememberedRefunds payments;
  ExecutionContext context{1};
  std::optional<http::HttpClient> client;
  std::unique_ptr<PaymentApi> remote;
};

TEST(PaymentCodec, RefundsCross) {
  Random random(1, "refunds");
  const auto id = [&] { return static_cast<std::int64_t>(random.next() >> (1 + random.next() % 62)); };
  for (int round = 0; round < 300; ++round) {
    const RefundRequest refund{RefundId{id()}, OrderId{id()}, AttemptId{id()},
                               static_cast<std::int64_t>(random.next())};
    const auto read = http::decode<RefundRequest>(http::encode(refund));
    ASSERT_TRUE(read);
    EXPECT_EQ(all_of(*read), all_of(refund));
  }
  EXPECT_FALSE(http::decode<RefundRequest>(R"({"id":1,"order":2,"attempt":3})"));
  EXPECT_FALSE(http::decode<RefundRequest>(R"({"id":1,"order":2,"attempt":3,"amount":4,"why":""})"));
}

TEST_F(RemotePaymentsTest, ARefundAndItsErrorsCross) {
  open({serve()});
  ASSERT_TRUE(take(refund));
  ASSERT_EQ(payments.taken.size(), 1U);
  EXPECT_EQ(all_of(payments.taken[0]), all_of(refund));
  for (int number = 0; number < error_count; ++number) {
    payments.fails = Failure(static_cast<Error>(number), "Because.").with("state", "x");
    const auto failed = take(refund);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().error, payments.fails->error);
    EXPECT_EQ(failed.error().members, payments.fails->members);
  }
}

TEST_F(RemotePaymentsTest, IsDeliveredAgainWhenTheAnswerIsLost) {
  http::BadServer cutting({http::Manner::read_and_close});
  open({cutting.address(), serve()});
  EXPECT_TRUE(take(refund));
  EXPECT_EQ(cutting.requests, 1);
  EXPECT_EQ(payments.taken.size(), 1U);
  open({cutting.address()});
  EXPECT_EQ(take(refund).error().error, Error::outcome_unknown);
}

}  // namespace
}  // namespace buyme::payment
