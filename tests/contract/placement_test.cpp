// What every placement strategy must do that has a guard: the same promises, whatever keeps two orders for
// the last unit apart. What the one without a guard does stands in unguarded_test.cpp.
#include "contract/placement_world.hpp"

namespace buyme::test {

namespace {

class PlacementContract : public PlacementTest {};
class TwoPlacingServers : public PlacementTest {};

TEST_P(PlacementContract, ACrowdGetsExactlyWhatThereIs) {
  open_sale(1, 40);
  const auto outcomes = server().place(crowd(60, 1));
  EXPECT_EQ(placed(outcomes), 40);
  EXPECT_EQ(refused(outcomes, Error::sold_out), 20);
  expect_books(1, 40);
}

TEST_P(PlacementContract, AnOrderIsWhatWasAskedForAndReadersSeeItAtOnce) {
  open_sale(1, 10);
  open_sale(2, 10, 3);
  const Outcome outcome = server().place(buy(7, {{ProductId{1}, 2}, {ProductId{2}, 3}}));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().detail;
  const order::Order& order = outcome->order;
  EXPECT_EQ(order.user, UserId{7});
  EXPECT_EQ(order.amount, 5'000);
  EXPECT_EQ(order.status, OrderStatus::pending);
  ASSERT_EQ(order.items.size(), 2u);
  EXPECT_FALSE(order.items[0].counted);
  EXPECT_TRUE(order.items[1].counted);
  EXPECT_EQ(server().board().level(ProductId{1})->available(), 8);
  EXPECT_EQ(server().board().level(ProductId{2})->available(), 7);
  EXPECT_EQ(integer("SELECT units FROM purchase WHERE product_id = 2 AND user_id = 7"), 3);
  expect_books(1, 2), expect_books(2, 3);
}

TEST_P(PlacementContract, OneKeyIsOneOrderHoweverOftenItComes) {
  open_sale(1, 10);
  std::vector<PlaceOrder> clicks;
  for (int i = 0; i < 8; ++i) clicks.push_back(buy(7, {{ProductId{1}, 1}}, "click"));
  const auto outcomes = server().place(std::move(clicks));
  ASSERT_EQ(placed(outcomes), 8);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome->order.id, outcomes[0]->order.id);
  EXPECT_EQ(std::ranges::count_if(outcomes, [](const Outcome& o) { return o->replayed; }), 7);
  expect_books(1, 1);

  const Outcome other = server().place(buy(7, {{ProductId{1}, 1}, {ProductId{2}, 1}}, "click"));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().error, Error::idempotency_mismatch);
}

TEST_P(PlacementContract, ALimitHoldsWhenItsBuyerClicksManyTimes) {
  open_sale(1, 100, 2);
  std::vector<PlaceOrder> clicks;
  for (int i = 0; i < 8; ++i) clicks.push_back(buy(7, 1));
  const auto outcomes = server().place(std::move(clicks));
  EXPECT_EQ(placed(outcomes), 2);
  EXPECT_EQ(refused(outcomes, Error::limit_exceeded), 6);
  expect_books(1, 2);
}

TEST_P(PlacementContract, OrdersOfSeveralProductsDoNotBlockEachOther) {
  for (const std::int64_t product : {1, 2, 3}) open_sale(product, 100);
  std::vector<PlaceOrder> orders;
  for (int i = 0; i < 30; ++i) {
    const std::int64_t first = i % 3 == 2 ? 1 : i % 3 + 1, second = i % 3 == 0 ? 2 : 3;
    orders.push_back(buy(i + 1, {{ProductId{first}, 1}, {ProductId{second}, 1}}));
  }
  EXPECT_EQ(placed(server().place(std::move(orders))), 30);
  EXPECT_EQ(committed(1) + committed(2) + committed(3), 60);
  for (const std::int64_t product : {1, 2, 3}) expect_books(product, committed(product));
}

// Everything but placing goes through the writer, which writes the same rows.
TEST_P(PlacementContract, OrdersThatEndMeanwhileGiveBackWhatTheyHad) {
  open_sale(1, 1'000);
  int canceled = 0;
  std::vector<Awaitable<void>> works;
  for (int i = 1; i <= 60; ++i) works.push_back(server().place_and_cancel(buy(i, 1, 3), canceled));
  server().run(all(std::move(works)));
  EXPECT_EQ(canceled, 60);
  expect_books(1, 0);
}

TEST_P(PlacementContract, TermsAreThoseOfTheMoment) {
  const Outcome unknown = server().place(buy(7, 5));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().error, Error::invalid);
  open_sale(1, 10, {}, order::SaleState::paused);
  const Outcome paused = server().place(buy(7, 1));
  ASSERT_FALSE(paused.has_value());
  EXPECT_EQ(paused.error().error, Error::sale_paused);
  open_sale(1, 10);
  EXPECT_TRUE(server().place(buy(7, 1)).has_value());
  open_sale(1, 10, 1);
  const Outcome second = server().place(buy(7, 1));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().error, Error::limit_exceeded) << "what he bought before the limit counts";
}

// Two servers over one database: what one has sold the other does not sell again.
// (Of group commit: tests/chaos/shared_servers_test.cpp.)
TEST_P(TwoPlacingServers, ShareTheStock) {
  open_sale(1, 30);
  PlacingServer other(GetParam(), place, options());
  std::vector<Outcome> theirs;
  std::thread at_the_other([&] { theirs = other.place(crowd(30, 1)); });
  const auto ours = server().place(crowd(30, 1));
  at_the_other.join();
  EXPECT_EQ(placed(ours) + placed(theirs), 30);
  expect_books(1, 30);
}

std::vector<PlacementKind> kinds_of(std::vector<Strategy> strategies) {
  std::vector<PlacementKind> kinds;
  for (const auto database : {DatabaseKind::sqlite, DatabaseKind::mysql}) {
    for (const auto strategy : strategies) kinds.push_back({strategy, database});
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Strategies, PlacementContract,
                         ::testing::ValuesIn(kinds_of({Strategy::group_commit, Strategy::optimistic,
                                                       Strategy::pessimistic, Strategy::distributed})),
                         placement_name);
INSTANTIATE_TEST_SUITE_P(Strategies, TwoPlacingServers,
                         ::testing::ValuesIn(kinds_of({Strategy::optimistic, Strategy::pessimistic,
                                                       Strategy::distributed})),
                         placement_name);

}  // namespace
}  // namespace buyme::test
