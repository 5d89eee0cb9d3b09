// The ledger held against what it counts.
#pragma once

#include <gtest/gtest.h>

#include "support/order_world.hpp"

namespace buyme::test {

// The books of product 1, recounted from the items.
inline void expect_books(const OrderWorld& world, Units total, Units committed, Units sold) {
  EXPECT_EQ(world.query("SELECT total FROM stock_ledger WHERE product_id=1"), total);
  EXPECT_EQ(world.query("SELECT committed FROM stock_ledger WHERE product_id=1"), committed);
  EXPECT_EQ(world.query("SELECT sold FROM stock_ledger WHERE product_id=1"), sold);
  EXPECT_EQ(world.query("SELECT COALESCE(SUM(quantity),0) FROM order_items WHERE product_id=1 AND status=1"),
            committed);
}

}  // namespace buyme::test
