// Payments over HTTP whose fate is fixed beforehand.
#include <thread>

#include "integration/shop_test.hpp"

namespace buyme::test {

namespace {

using Payments = ShopTest;

// The amounts that a shop names for tests decide, whatever the success rate says.
TEST_F(Payments, TestAmountsAreDeclinedOrLoseTheirAnswer) {
  open_shop({"payment.success_rate=0", "payment.timeout_ms=200", "payment.decline_amounts=2000",
             "payment.timeout_amounts=3000"});
  const std::int64_t product = make_product(*admin, 10);
  const std::int64_t declined = place_order(product, 2).integer("orderId");
  EXPECT_EQ(buyer->post(order_path(declined, "attempt-payment")).code(), "PAYMENT_FAILED");

  const std::int64_t lost = place_order(product, 3).integer("orderId");
  const HttpReply unknown = buyer->post(order_path(lost, "attempt-payment"));
  EXPECT_EQ(unknown.status, 503) << unknown.body;
  EXPECT_EQ(unknown.code(), "OUTCOME_UNKNOWN");
  for (int i = 0; i < 200 && buyer->get(order_path(lost)).text("orderStatus") != "PAID"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  EXPECT_EQ(buyer->get(order_path(lost)).text("orderStatus"), "PAID") << "the sweeper has asked again";
}

}  // namespace

}  // namespace buyme::test
