// Password hashes: Argon2id (RFC 9106) through libsodium, in the usual text form "$argon2id$v=19$m=...".
//
// Both functions take tens of milliseconds and PasswordCost::memory_kib on purpose: call them on a pool of
// their own, never on an I/O thread. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace buyme {

// What one hash costs. The defaults are OWASP's: 19 MiB, two passes, one lane.
struct PasswordCost {
  std::uint64_t memory_kib = 19 * 1024;  // 8 or more
  std::uint64_t passes = 2;              // 1 or more
};

// With a salt of its own. Throws std::runtime_error when the cost is out of range or the memory is not to be
// had.
std::string hash_password(std::string_view password, const PasswordCost& cost);

// Takes as long as the cost that the hash names. False for anything that is not such a hash, then at once.
bool verify_password(std::string_view password, const std::string& hash);

}  // namespace buyme
