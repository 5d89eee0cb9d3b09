// Accounts: signing up, logging in, and the bearer tokens by which every other service knows its caller.
//
// Thread-safe: the functions may be called on any I/O thread and never block it; hashing and the database
// have pools of their own. A full pool is Error::overloaded, and then nothing was done.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/password.hpp"
#include "core/pool.hpp"
#include "core/token.hpp"
#include "user/api.hpp"
#include "user/login_limiter.hpp"
#include "user/store.hpp"

namespace buyme::user {

struct UserSettings {
  std::int64_t access_token_seconds = 3'600;
  PasswordCost password_cost;
  bool limit_logins = true;  // off in trusted mode
};

struct SignUp {
  std::string name;
  std::string email;
  std::string password;
  std::string phone;
  std::string address;
};

struct Session {
  std::string access_token;
  std::chrono::seconds expires_in{0};
};

class UserService {
 public:
  // Hashes one password before it returns. What is passed by reference must outlive the service, and the
  // service must outlive what runs in the pools.
  UserService(UserSettings settings, UserStore& store, Pool& hashing, Pool& database, const TokenKey& key,
              Clock& clock, Log log);

  // The fields of `sign_up` keep the rules of rules.hpp. Errors: email_taken, overloaded, store_unavailable.
  Awaitable<Result<User>> sign_up(SignUp sign_up);

  // Errors: wrong_credentials, rate_limited (too many wrong passwords for this address), overloaded. Whether
  // an account exists shows neither in the answer nor in the time it takes.
  Awaitable<Result<Session>> log_in(std::string email, std::string password);

  // Errors: not_found, overloaded.
  Awaitable<Result<User>> profile(UserId id);

  // An account with the role of admin; one that exists is never promoted. Errors: invalid (fields "email",
  // "password"), email_taken, overloaded, store_unavailable.
  Awaitable<Result<User>> create_admin(std::string email, std::string password);

  // Accounts that nobody can log in to, each with a token that is valid for a day.
  // Errors: invalid (field "count": 1 to limits::max_rehearsal_buyers), overloaded, store_unavailable.
  using Buyers = std::vector<std::pair<UserId, std::string>>;
  Awaitable<Result<Buyers>> create_rehearsal_buyers(std::int64_t count);

 private:
  Awaitable<Result<User>> create(SignUp sign_up, Role role);
  Awaitable<Result<User>> check_credentials(std::string email, std::string password);
  Result<Buyers> insert_rehearsal_buyers(std::int64_t count);
  std::string issue_token(UserId user, Role role, std::chrono::seconds lifetime) const;

  const UserSettings settings_;
  UserStore& store_;
  Pool& hashing_;
  Pool& database_;
  const TokenKey& key_;
  Clock& clock_;
  Log log_;
  LoginLimiter limiter_;
  const std::string decoy_hash_;  // what a password is compared with where there is no account
};

}  // namespace buyme::user
