// The shop under each placement strategy and payment lock, as a person starts it.
#include <atomic>
#include <thread>

#include "integration/shop_test.hpp"
#include "support/redis_server.hpp"

namespace buyme::test {
namespace {

class EveryStrategy : public ShopTest, public ::testing::WithParamInterface<const char*> {
 protected:
  std::vector<std::string> settings() {
    std::vector<std::string> wanted{std::string("order.strategy=") + GetParam(), "payment.success_rate=1"};
    if (GetParam() == std::string("distributed")) {
      redis_.emplace();
      wanted.push_back("redis.servers=127.0.0.1:" + std::to_string(redis_->port()));
      wanted.emplace_back("payment.lock=distributed");
    }
    return wanted;
  }

 private:
  std::optional<RedisServer> redis_;
};

// From the order to its refund; the audit at the end of every test has the books recounted.
TEST_P(EveryStrategy, AnOrderLivesAsUnderAnyOther) {
  open_shop(settings());
  const std::int64_t product = make_product(*admin, 5);
  const HttpReply placed = place_order(product, 2, "click");
  ASSERT_EQ(placed.status, 201) << placed.body;
  expect_stock(product, 3, 2, 0);
  const HttpReply again = place_order(product, 2, "click");
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(again.integer("orderId"), placed.integer("orderId"));

  const std::string path = "/api/orders/" + std::to_string(placed.integer("orderId"));
  EXPECT_EQ(buyer->post(path + "/attempt-payment", "").status, 200);
  expect_stock(product, 3, 0, 2);
  EXPECT_EQ(place_order(product, 4).status, 409);
  ASSERT_EQ(place_order(product, 3).status, 201);
  expect_stock(product, 0, 3, 2);
  EXPECT_EQ(place_order(product).status, 409);
  EXPECT_EQ(buyer->post(path + "/cancel", "").status, 200);
  expect_stock(product, 2, 3, 0);
  EXPECT_EQ(place_order(product, 2).status, 201);
}

INSTANTIATE_TEST_SUITE_P(Strategies, EveryStrategy,
                         ::testing::Values("group-commit", "optimistic", "pessimistic", "distributed"),
                         [](const auto& strategy) {
                           std::string name = strategy.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

class WithoutGuards : public ::testing::Test {
 protected:
  ShopProcess shop(Arguments more) {
    more.insert(more.end(), {"--auth", "trusted"});
    return ShopProcess(directory(), more);
  }
  std::filesystem::path directory() const { return place_.path() / "data"; }
  static std::string refusal(ShopProcess& shop) {
    try {
      shop.start();
      return "it started";
    } catch (const ShopDidNotStart& refused) {
      return refused.what();
    }
  }

 private:
  TempDir place_;
};

TEST_F(WithoutGuards, NothingStartsUnlessItIsSaidOnTheCommandLine) {
  for (const std::string setting : {"order.strategy=none", "payment.lock=none"}) {
    ShopProcess unwanted = shop({"--set", setting});
    const std::string said = refusal(unwanted);
    EXPECT_NE(said.find("--i-want-to-oversell"), std::string::npos) << said;
  }
  ShopProcess lockless = shop({"--set", "order.strategy=distributed"});
  EXPECT_NE(refusal(lockless).find("redis.servers"), std::string::npos);
}

TEST_F(WithoutGuards, TheCrowdIsSoldMoreThanThereIsAndTheAuditFindsIt) {
  constexpr int units = 40, threads = 8, clicks = 40;
  ShopProcess open = shop({"--set", "order.strategy=none", "--i-want-to-oversell"});
  open.start();
  HttpClient admin = open.client();
  const std::int64_t product = make_product(admin, units);
  std::atomic<int> placed{0};
  std::vector<std::thread> buyers;
  for (int number = 0; number < threads; ++number) {
    buyers.emplace_back([&, number] {
      HttpClient client = open.client();
      for (int i = 1; i <= clicks; ++i) {
        const std::string body = R"({"userId":)" + std::to_string(number * clicks + i) +
                                 R"(,"orderItems":[{"productId":)" + std::to_string(product) +
                                 R"(,"quantity":1}]})";
        if (client.post("/api/orders", body).status == 201) ++placed;
      }
    });
  }
  for (auto& buyer : buyers) buyer.join();
  EXPECT_GT(placed, units);
  EXPECT_EQ(open.stop(), 0);
  const AuditResult audit = audit_shop(directory());
  EXPECT_EQ(audit.status, 1) << audit.text;
  EXPECT_NE(audit.text.find("ledger"), std::string::npos) << audit.text;
}

}  // namespace
}  // namespace buyme::test
