// The table of transitions, pair by pair: what is not named here must be refused.
#include "order/states.hpp"

#include <gtest/gtest.h>

#include <map>

#include "order/decide.hpp"

namespace buyme::order {
namespace {

using S = OrderStatus;
using E = OrderEvent;

constexpr S statuses[] = {S::pending, S::payment_entered, S::payment_failed, S::paid,
                          S::shipped, S::delivered,       S::canceled,       S::expired};
constexpr E events[] = {E::enter_payment, E::payment_succeeded, E::payment_failed, E::cancel,
                        E::expire,        E::abandon,           E::ship,           E::deliver};

TEST(States, EveryPairOfStateAndEventLeadsWhereTheDesignSays) {
  std::map<std::pair<S, E>, S> allowed;
  for (const S unpaid : {S::pending, S::payment_entered, S::payment_failed}) {
    allowed[{unpaid, E::enter_payment}] = S::payment_entered;
    allowed[{unpaid, E::payment_succeeded}] = S::paid;
    allowed[{unpaid, E::cancel}] = S::canceled;
    allowed[{unpaid, E::expire}] = S::expired;
    allowed[{unpaid, E::abandon}] = S::canceled;
  }
  allowed[{S::pending, E::payment_failed}] = S::payment_failed;
  allowed[{S::payment_entered, E::payment_failed}] = S::payment_failed;
  allowed[{S::paid, E::cancel}] = S::canceled;
  allowed[{S::paid, E::ship}] = S::shipped;
  allowed[{S::shipped, E::deliver}] = S::delivered;
  for (const S from : statuses) {
    for (const E event : events) {
      const auto expected = allowed.find({from, event});
      const auto found = next_status(from, event);
      if (expected == allowed.end()) {
        EXPECT_FALSE(found) << to_string(from) << ", event " << static_cast<int>(event);
      } else {
        EXPECT_EQ(found, expected->second) << to_string(from) << ", event " << static_cast<int>(event);
      }
    }
  }
}

TEST(States, AnItemWithoutAFateOfItsOwnSharesItsOrders) {
  EXPECT_EQ(to_string(ItemStatus::ordered, S::pending), "ORDERED");
  EXPECT_EQ(to_string(ItemStatus::ordered, S::paid), "ORDERED");
  EXPECT_EQ(to_string(ItemStatus::ordered, S::shipped), "SHIPPED");
  EXPECT_EQ(to_string(ItemStatus::ordered, S::delivered), "DELIVERED");
  EXPECT_EQ(to_string(ItemStatus::canceled, S::canceled), "CANCELED");
  EXPECT_EQ(to_string(ItemStatus::return_requested, S::delivered), "RETURN_REQUESTED");
  EXPECT_EQ(to_string(ItemStatus::returned, S::delivered), "RETURNED");
}

}  // namespace
}  // namespace buyme::order
