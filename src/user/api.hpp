// The user service's only public door.
#pragma once

#include <string>

#include "core/caller.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"

namespace buyme::user {

struct User {
  UserId id;
  std::string name;
  std::string email;  // lower case
  std::string phone;
  std::string address;
  Role role = Role::user;
  Time created_at;
};

}  // namespace buyme::user
