// Bearer tokens for the HTTP layer.
#pragma once

#include "core/token.hpp"
#include "http/endpoint.hpp"

namespace buyme::user {

// Knows a caller by the shop's own token alone: no look-up, so it never blocks. Thread-safe.
class JwtAuthenticator final : public http::Authenticator {
 public:
  JwtAuthenticator(const TokenKey& key, const Clock& clock) : key_(key), clock_(clock) {}

  std::optional<Verified> verify(std::string_view bearer_token) const override;

 private:
  const TokenKey& key_;
  const Clock& clock_;
};

}  // namespace buyme::user
