// The port through which OrderService places an order: what guards the unit stands behind it.
//
//   group-commit   OrderWriter: a round of many orders decides in memory and commits once (writer.hpp)
//   the others     PerOrderPlacer: each order reads, decides and commits by itself (per_order.hpp)
//
// All write the same tables and keep the same promises, but for `none`, which shows what happens without a
// guard. Everything else that changes an order goes through the writer whatever places it.
#pragma once

#include "order/command.hpp"
#include "order/strategy.hpp"

namespace buyme::order {

// Thread-safe, from any executor that the implementation knows as a home.
class Placer {
 public:
  virtual ~Placer() = default;

  // Suspends until the order is on disk, or refused. Errors beside the order's own: overloaded,
  // shutting_down, store_unavailable (each certainly not done); outcome_unknown.
  virtual Awaitable<Outcome> place(PlaceOrder order) = 0;
};

}  // namespace buyme::order
