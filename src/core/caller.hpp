// Who asks. Made by the HTTP layer from a verified token (or from the body in trusted mode), believed below.
#pragma once

#include <cstdint>

#include "core/ids.hpp"

namespace buyme {

enum class Role : std::uint8_t { user, admin };

struct Caller {
  UserId user;  // 0 for nobody, and for the admin of trusted mode
  Role role = Role::user;
  bool known = false;    // false: no token was shown
  bool trusted = false;  // auth = "trusted": may act for any buyer

  static Caller the_shop() { return {UserId{}, Role::admin, true, false}; }  // jobs and other services
  bool is_shop() const { return known && role == Role::admin && user == UserId{}; }
  bool is_admin() const { return known && role == Role::admin; }
  bool owns(UserId owner) const { return known && (trusted || user == owner); }
  bool may_see(UserId owner) const { return is_admin() || owns(owner); }
};

}  // namespace buyme
