// The user service alone, without HTTP and the rest of the shop: for commands on a shop that does not run.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "core/log.hpp"
#include "user/service.hpp"

namespace buyme::app {

class UserDesk {
 public:
  // Over config.data_dir, which the caller has locked; makes the database and the token key when there are
  // none.
  UserDesk(const Config& config, Log log);
  ~UserDesk();

  user::UserService& users();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace buyme::app
