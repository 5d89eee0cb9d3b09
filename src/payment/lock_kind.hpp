// What keeps two attempts at paying one order apart: the values of the setting payment.lock.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace buyme::payment {

enum class LockKind : std::uint8_t {
  optimistic,   // the claim
  distributed,  // a lock in Redis around it
  none,         // not even the claim: one order may be charged twice
};
inline constexpr std::array<std::string_view, 3> lock_names{"optimistic", "distributed", "none"};

}  // namespace buyme::payment
