// Bearer tokens for the HTTP layer.
#pragma once

#include "core/token.hpp"
#include "http/endpoint.hpp"
#include "user/denylist.hpp"

namespace buyme::user {

// Knows a caller by the shop's own token and what was revoked of them: nothing that blocks. Thread-safe.
class JwtAuthenticator final : public http::Authenticator {
 public:
  JwtAuthenticator(const TokenKey& key, const Denylist& denylist, const Clock& clock)
      : key_(key), denylist_(denylist), clock_(clock) {}

  std::optional<Verified> verify(std::string_view bearer_token) const override;
  bool still_stands(Verified& verified) const override;

 private:
  const TokenKey& key_;
  const Denylist& denylist_;
  const Clock& clock_;
};

}  // namespace buyme::user
