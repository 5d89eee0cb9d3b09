#include "core/password.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>

namespace buyme {

std::string hash_password(std::string_view password, const PasswordCost& cost) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start: no source of randomness");
  std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
  if (crypto_pwhash_argon2id_str(text.data(), password.data(), password.size(), cost.passes,
                                 cost.memory_kib * 1024) != 0) {
    throw std::runtime_error("cannot hash a password: its cost is out of range, or memory is short");
  }
  return text.data();
}

bool verify_password(std::string_view password, const std::string& hash) {
  if (hash.size() >= crypto_pwhash_argon2id_STRBYTES) return false;
  return crypto_pwhash_argon2id_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace buyme
