#include "user/authenticator.hpp"

namespace buyme::user {

std::optional<http::Authenticator::Verified> JwtAuthenticator::verify(std::string_view bearer_token) const {
  const std::uint64_t epoch = denylist_.epoch();  // before the look: what is denied meanwhile is seen later
  auto claims = key_.verify(bearer_token, clock_.now());
  if (!claims || denylist_.denies(claims->user, claims->session_id)) return std::nullopt;
  return Verified{.caller = {.user = claims->user, .role = claims->role, .known = true, .trusted = false},
                  .expires_at = claims->expires_at,
                  .session = std::move(claims->session_id),
                  .epoch = epoch};
}

bool JwtAuthenticator::still_stands(Verified& verified) const {
  const std::uint64_t epoch = denylist_.epoch();
  if (verified.epoch == epoch) return true;
  verified.epoch = epoch;
  return !denylist_.denies(verified.caller.user, verified.session);
}

}  // namespace buyme::user
