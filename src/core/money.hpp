// Money and units are whole numbers. Every product and sum of client-supplied numbers goes through these.
#pragma once

#include <cstdint>
#include <optional>

namespace buyme {

using Money = std::int64_t;  // in the smallest unit of the shop's currency (won for KRW)
using Units = std::int64_t;  // things for sale

inline std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

inline std::optional<std::int64_t> checked_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

}  // namespace buyme
