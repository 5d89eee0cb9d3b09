#include "user/authenticator.hpp"

namespace buyme::user {

std::optional<http::Authenticator::Verified> JwtAuthenticator::verify(std::string_view bearer_token) const {
  const auto claims = key_.verify(bearer_token, clock_.now());
  if (!claims) return std::nullopt;
  return Verified{.caller = {.user = claims->user, .role = claims->role, .known = true, .trusted = false},
                  .expires_at = claims->expires_at};
}

}  // namespace buyme::user
