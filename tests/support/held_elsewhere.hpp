// A lease that another server holds.
#pragma once

#include "db/lease.hpp"

namespace buyme::test {

class HeldElsewhere final : public db::JobLease {
 public:
  Awaitable<std::optional<db::Fence>> hold() override {
    std::optional<db::Fence> nothing;
    co_return nothing;
  }
};

}  // namespace buyme::test
