// How often one account may be tried with a wrong password: a token bucket per e-mail address.
//
// An attempt counts as failed from its start until it is forgiven, so that a thousand attempts at once are
// not a thousand guesses. Thread-safe; no call waits for more than a few map operations.
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.hpp"
#include "core/limits.hpp"

namespace buyme::user {

class LoginLimiter {
 public:
  // Remembers `max_accounts` at most: the one that was tried longest ago is forgotten first.
  explicit LoginLimiter(std::size_t max_accounts = limits::login_failure_accounts);

  // nullopt: go ahead. Otherwise refuse: this long until the next attempt is let in.
  std::optional<std::chrono::seconds> begin(const std::string& email, Monotonic now);

  // The attempt has not failed: it succeeded, or it was never made.
  void forgive(const std::string& email, Monotonic now);

  std::size_t accounts() const;

 private:
  // One time says it all: each failure moves it on by what it takes to forgive one.
  struct Account {
    std::string email;
    Monotonic forgiven_at;  // when no failure counts any more
  };
  using Accounts = std::list<Account>;

  void forget(Accounts::iterator account);

  const std::size_t max_accounts_;
  mutable std::mutex mutex_;
  Accounts accounts_;                                                  // the one tried last is in front
  std::unordered_map<std::string_view, Accounts::iterator> by_email_;  // keys point into accounts_
};

}  // namespace buyme::user
