// Lists of orders, page by page, by user and by status, over what one server or another has written.
#include "contract/store_fixture.hpp"
#include "contract/stores.hpp"

namespace buyme::test {

namespace {

class OrderListContract : public StoreContract {
 protected:
  OrderListContract() {
    Plan opening = plan();
    add_terms(opening, 1, 100);
    commit(opening);
  }

  OrderId place_order(std::int64_t user = 7) {
    Plan sale = plan();
    const OrderId placed = add_order(sale, user, 1).id;
    commit(sale);
    return placed;
  }
  void move_to(OrderId order, OrderStatus to) {
    Plan moving = plan();
    moving.moves.push_back(to == OrderStatus::paid ? payment_of(*find(order), 1) : move_of(*find(order), to));
    commit(moving);
  }

  // All pages of two.
  std::vector<OrderId> listed(std::optional<OrderStatus> status, UserId user = {}) {
    std::vector<OrderId> found;
    std::optional<OrderId> before;
    do {
      const auto page = run(reads->list({.user = user, .status = status, .before = before, .limit = 2}));
      for (const auto& order : page->orders) {
        EXPECT_EQ(order.items.size(), 1u);
        found.push_back(order.id);
      }
      before = page->next_before;
    } while (before);
    return found;
  }
};

using Ids = std::vector<OrderId>;

// Numbers have gaps, and one may be so wide that the oldest order stands far behind all others.
TEST_P(OrderListContract, EveryStatusIsListedWhereverItsOrdersStand) {
  const OrderId old_pending = place_order(), old_paid = place_order(8), old_canceled = place_order();
  const OrderId old_failed = place_order();
  last_number += 3 * 4'096;
  Ids fresh;
  for (int i = 0; i < 5; ++i) fresh.push_back(place_order(8));
  move_to(old_paid, OrderStatus::paid);
  move_to(old_canceled, OrderStatus::canceled);
  move_to(old_failed, OrderStatus::payment_entered);
  move_to(fresh[1], OrderStatus::paid);
  move_to(fresh[3], OrderStatus::expired);

  EXPECT_EQ(listed(OrderStatus::pending), (Ids{fresh[4], fresh[2], fresh[0], old_pending}));
  EXPECT_EQ(listed(OrderStatus::paid), (Ids{fresh[1], old_paid}));
  EXPECT_EQ(listed(OrderStatus::canceled), Ids{old_canceled});
  EXPECT_EQ(listed(OrderStatus::payment_entered), Ids{old_failed});
  EXPECT_EQ(listed(OrderStatus::expired), Ids{fresh[3]});
  EXPECT_EQ(listed(OrderStatus::shipped), Ids{});
  EXPECT_EQ(listed({}), (Ids{fresh[4], fresh[3], fresh[2], fresh[1], fresh[0], old_failed, old_canceled,
                             old_paid, old_pending}));
  EXPECT_EQ(listed(OrderStatus::pending, UserId{8}), (Ids{fresh[4], fresh[2], fresh[0]}));
}

TEST_P(OrderListContract, NothingIsPendingWhereEverythingIsPaid) {
  last_number += 3 * 4'096;
  move_to(place_order(), OrderStatus::paid);
  EXPECT_EQ(listed(OrderStatus::pending), Ids{});
  EXPECT_EQ(listed({}).size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Stores, OrderListContract, ::testing::Values(sqlite_store(), memory_store()),
                         [](const auto& kind) { return kind.param.name; });

// An admin's lists have a pool of their own: one that is full refuses them and nobody else.
TEST(OrderLists, OfAllUsersWaitForAThreadOfTheirOwn) {
  TempDir place;
  const auto store = order::make_sqlite_order_store(place.file("order.sqlite"), make_null_log());
  Pool pool("reads", 1, 16), lists("lists", 1, 0);
  const auto reads = order::make_sqlite_order_reads(place.file("order.sqlite"), pool, lists);
  EXPECT_EQ(run(reads->list({.limit = 1})).error().error, Error::overloaded);
  EXPECT_TRUE(run(reads->list({.user = UserId{7}, .limit = 1})).has_value());
  EXPECT_TRUE(run(reads->find(OrderId{1})).has_value());
}

}  // namespace

}  // namespace buyme::test
