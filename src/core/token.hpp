// Access tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256 (RFC 7515), made and read by this shop
// only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/caller.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"

namespace buyme {

// What a token says. Its times count whole seconds: sign() rounds both down.
struct Claims {
  UserId user;
  Role role = Role::user;
  Time issued_at;
  Time expires_at;         // the first moment at which the token is not valid any more
  std::string session_id;  // "jti": one log-in and all its refreshes; letters, digits, '-' and '_'
};

// The secret that signs and verifies. Thread-safe and without locks: each thread keeps a MAC context of its
// own.
class TokenKey {
 public:
  static constexpr std::size_t min_secret_bytes = 32;

  explicit TokenKey(std::string_view secret);  // throws std::invalid_argument when shorter than that
  ~TokenKey();
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;

  std::string sign(const Claims& claims) const;

  // nullopt for whatever sign() of the same secret has not made, and from expires_at on.
  std::optional<Claims> verify(std::string_view token, Time now) const;

  // A secret that follows from `text`, and only for who has this key: 43 characters of base64url, the same
  // for the same text. Never the signature of a token.
  std::string derive(std::string_view text) const;

 private:
  struct Mac;
  std::string signature(std::string_view signed_part) const;

  std::unique_ptr<Mac> mac_;
};

// Under which a random token is kept, so that who reads the database cannot use it: SHA-256 in hexadecimal.
std::string token_fingerprint(std::string_view token);

// The secret in the file `path`, which is made with 32 random bytes and mode 0600 when there is none. Throws
// std::runtime_error, naming the file, when others may read it, when it is not 32 bytes, and when it cannot
// be read or made.
std::string load_or_create_token_key(const std::string& path);

}  // namespace buyme
