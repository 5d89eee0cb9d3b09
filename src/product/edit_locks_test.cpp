#include "product/edit_locks.hpp"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <optional>

#include "support/test_clock.hpp"

namespace buyme::product {
namespace {

using namespace std::chrono_literals;

class EditLocksTest : public testing::Test {
 protected:
  Awaitable<void> hold_for(std::vector<ProductId> products, std::chrono::milliseconds time, int name) {
    const auto held = co_await locks.hold(std::move(products));
    (held ? order : refused).push_back(name);
    if (!held) co_return;
    co_await clock.sleep_for(time);
  }
  void start(std::vector<ProductId> products, std::chrono::milliseconds time, int name) {
    asio::co_spawn(context, hold_for(std::move(products), time, name), asio::detached);
    context.poll();
  }

  ExecutionContext context{1};
  test::TestClock clock;
  EditLocks locks{clock};
  std::vector<int> order, refused;
};

// One that edits again and again must not keep another out for ever.
TEST_F(EditLocksTest, WhoAskedFirstIsServedFirst) {
  const ProductId a{1}, b{2};
  start({a}, 20ms, 1);
  start({a, b}, 1ms, 2);
  start({a}, 1ms, 3);
  start({b}, 1ms, 4);  // behind the second, who wants it too
  EXPECT_EQ(order, std::vector{1});
  context.run();
  EXPECT_EQ(order.at(1), 2);
  EXPECT_EQ(order.size(), 4u);
  EXPECT_TRUE(refused.empty());
}

TEST_F(EditLocksTest, OtherProductsDoNotWait) {
  start({ProductId{1}}, 20ms, 1);
  start({ProductId{2}}, 1ms, 2);
  EXPECT_EQ(order, (std::vector{1, 2}));
  context.run();
}

TEST_F(EditLocksTest, WhoWaitsTooLongIsToldSoAndLeavesTheQueue) {
  auto first = std::make_unique<ExecutionContext>(1);
  asio::co_spawn(*first, hold_for({ProductId{1}}, 1h, 1), asio::detached);
  first->poll();
  start({ProductId{1}}, 1ms, 2);
  clock.advance(3s);
  context.run();
  EXPECT_EQ(refused, std::vector{2});
  first.reset();  // dies with what it held
  context.restart();
  start({ProductId{1}}, 1ms, 3);
  EXPECT_EQ(order, (std::vector{1, 3}));
  context.run();
}

}  // namespace
}  // namespace buyme::product
