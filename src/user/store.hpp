// Where accounts are kept. Calls block: they belong on the database pool. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "user/api.hpp"

namespace buyme::user {

// In place of a password hash: no password matches it.
inline constexpr std::string_view no_password = "!";

struct Account {
  User user;
  std::string password_hash;
};

// Accounts for a rehearsal, which nobody can log in to: buyer-<tag>-<n>@rehearsal.invalid, n from 1 to count.
struct RehearsalBuyers {
  std::string tag;
  std::int64_t count = 0;
  Time created_at;
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  // The id of the new account; account.user.id is not read. Errors: email_taken, store_unavailable.
  virtual Result<UserId> insert(const Account& account) = 0;

  virtual std::optional<Account> find_by_email(const std::string& email) = 0;
  virtual std::optional<User> find_by_id(UserId id) = 0;

  // All of them or none. The id of the first; those of the others follow without a gap.
  // Errors: store_unavailable.
  virtual Result<UserId> add_rehearsal_buyers(const RehearsalBuyers& buyers) = 0;
};

// In the SQLite file `path`, made when there is none, with as many sessions as threads will call.
std::unique_ptr<UserStore> open_user_store(const std::string& path, std::size_t sessions);

}  // namespace buyme::user
