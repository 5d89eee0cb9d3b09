#include "app/user_desk.hpp"

#include "app/places.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/token.hpp"
#include "user/denylist.hpp"
#include "user/store.hpp"

namespace buyme::app {

// One thread each: a command does one thing after the other.
struct UserDesk::Parts {
  Parts(const Config& config, Log log)
      : key(token_key_of(config)),
        store(user::open_user_store(place_of(config, "user"), 1)),
        hashing("hash", 1, limits::hash_queue),
        database("database", 1, limits::read_queue),
        users({.access_token_seconds = config.user.access_token_seconds}, *store, *denylist, hashing,
              database, database, key, *clock, std::move(log)) {}

  std::unique_ptr<Clock> clock = make_system_clock();
  TokenKey key;
  std::unique_ptr<user::UserStore> store;
  std::unique_ptr<user::Denylist> denylist = user::make_local_denylist(*clock);
  Pool hashing, database;
  user::UserService users;
};

UserDesk::UserDesk(const Config& config, Log log) : parts_(std::make_unique<Parts>(config, std::move(log))) {}

UserDesk::~UserDesk() {
  for (Pool* pool : {&parts_->hashing, &parts_->database}) pool->stop();  // their work uses the service
}

user::UserService& UserDesk::users() {
  return parts_->users;
}

}  // namespace buyme::app
