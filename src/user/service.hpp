// Accounts: signing up, profiles, logging in, and the tokens by which every other service knows its caller.
//
// A log-in opens a session. Its access tokens name it and are good for minutes without a look-up; its refresh
// token is good once, for the next of both. A session that ends takes all of them with it.
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
#include "user/attempt_limiter.hpp"
#include "user/attempts_redis.hpp"
#include "user/denylist.hpp"
#include "user/store.hpp"

namespace buyme::user {

struct UserSettings {
  std::int64_t access_token_seconds = 3'600;
  std::int64_t refresh_token_seconds = 30 * 86'400;
  PasswordCost password_cost;
  bool limit_attempts = true;  // off in trusted mode
};

struct SignUp {
  std::string name;
  std::string email;
  std::string password;
  std::string phone;
  std::string address;
};

// What a client holds of a session.
struct Tokens {
  std::string access;
  std::string refresh;
  std::chrono::seconds expires_in{0};  // the access token
};

struct UserPage {
  std::vector<User> items;
  std::optional<UserId> next;  // ask for those before it
};

class UserService {
 public:
  // Hashes one password before it returns. What is passed by reference must outlive the service, and the
  // service must outlive what runs in the pools. Lists of all accounts are read on `lists`, not on
  // `database`. `shared_attempts`: where several servers count them together.
  UserService(UserSettings settings, UserStore& store, Denylist& denylist, Pool& hashing, Pool& database,
              Pool& lists, const TokenKey& key, Clock& clock, Log log,
              RedisAttempts* shared_attempts = nullptr);

  // The fields of `sign_up` keep the rules of rules.hpp. `remote` is where the request comes from, empty when
  // it does not matter. Errors: email_taken, rate_limited (too many from this network), overloaded,
  // store_unavailable.
  Awaitable<Result<User>> sign_up(SignUp sign_up, std::string remote = {});

  // Errors: wrong_credentials, rate_limited (too many wrong passwords for this address, or from this
  // network), overloaded, store_unavailable. Whether there is no such account or the password is wrong cannot
  // be told from answer and time.
  Awaitable<Result<Tokens>> log_in(std::string email, std::string password, std::string remote = {});

  // Spends a refresh token for new tokens of the same session. Errors: unauthenticated when it is unknown,
  // expired or of a session that is over; also when it was spent before, which ends its session, but for the
  // moments of limits::refresh_grace, in which the same token gets the same successor again: a client whose
  // answer got lost. overloaded, store_unavailable: repeat.
  Awaitable<Result<Tokens>> refresh(std::string token);

  // Ends the session of an access token, be it one that no log-in has opened (a rehearsal's). Idempotent.
  // Errors: overloaded, store_unavailable.
  Awaitable<Result<void>> log_out(UserId user, std::string session, Time token_expires_at);

  // Ends the account's other sessions. Errors: wrong_credentials, rate_limited, not_found, overloaded,
  // store_unavailable.
  Awaitable<Result<void>> change_password(UserId user, std::string session, std::string current,
                                          std::string replacement);

  // Errors: not_found, overloaded.
  Awaitable<Result<User>> profile(UserId id);

  // The account as it is then. A change of role ends its sessions. Errors: not_found, email_taken,
  // illegal_state (of the last admin), overloaded, store_unavailable.
  Awaitable<Result<User>> change(UserId id, AccountChange change);

  // Newest first. Errors: overloaded, store_unavailable.
  Awaitable<Result<UserPage>> list(UserQuery query);

  // An account with the role of admin; one that exists is never promoted. Errors: invalid (fields "email",
  // "password"), email_taken, overloaded, store_unavailable.
  Awaitable<Result<User>> create_admin(std::string email, std::string password);

  // Accounts that nobody can log in to, each with a token that is valid for a day.
  // Errors: invalid (field "count": 1 to limits::max_rehearsal_buyers), overloaded, store_unavailable.
  using Buyers = std::vector<std::pair<UserId, std::string>>;
  Awaitable<Result<Buyers>> create_rehearsal_buyers(std::int64_t count);

 private:
  Awaitable<Result<User>> create(SignUp sign_up, Role role);
  Awaitable<Result<Account>> check_credentials(std::string email, std::string password);
  Awaitable<Result<bool>> matches(std::string password, std::string hash);
  Awaitable<Result<std::string>> hash(std::string password);
  Awaitable<Result<Tokens>> open_session(Account account);
  Awaitable<std::optional<Failure>> refused_log_in(std::string email, std::string network);
  Awaitable<std::optional<Failure>> refused_sign_up(std::string network);
  Awaitable<void> forgive_log_in(std::string email, std::string network);
  std::vector<RedisAttempts::Count> log_in_counts(const std::string& email, const std::string& network) const;
  Result<Buyers> insert_rehearsal_buyers(std::int64_t count);
  static std::string new_session_id();
  std::string issue_token(UserId user, Role role, std::string session, Time now,
                          std::chrono::seconds lifetime) const;

  const UserSettings settings_;
  UserStore& store_;
  Denylist& denylist_;
  Pool& hashing_;
  Pool& database_;
  Pool& lists_;
  const TokenKey& key_;
  Clock& clock_;
  Log log_;
  RedisAttempts* const shared_attempts_;  // may be null
  AttemptLimiter account_log_ins_, network_log_ins_, network_sign_ups_;
  const std::string decoy_hash_;  // what a password is compared with where there is no account
};

}  // namespace buyme::user
