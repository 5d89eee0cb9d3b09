// Identities as types of their own, so that an order number is never taken for a user number.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace buyme {

template <class Tag>
struct Id {
  std::int64_t value = 0;  // positive once assigned; 0 means none
  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return value > 0; }
};

using UserId = Id<struct UserTag>;
using ProductId = Id<struct ProductTag>;
using OrderId = Id<struct OrderTag>;
using OrderItemId = Id<struct OrderItemTag>;
using AttemptId = Id<struct AttemptTag>;  // a payment attempt
using RefundId = Id<struct RefundTag>;

}  // namespace buyme

template <class Tag>
struct std::hash<buyme::Id<Tag>> {
  std::size_t operator()(const buyme::Id<Tag>& id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};
