// Where accounts and their sessions are kept. Calls block: they belong on the database pool. Thread-safe.
//
// Each call is one transaction. Those that belong to a job are told its fence, and change nothing
// (store_unavailable) when another server has taken the job over.
// Those that change something may fail with store_unavailable (nothing was
// done) and, when the disk or the database server fails at the wrong moment, outcome_unknown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "db/address.hpp"
#include "db/lease.hpp"
#include "user/api.hpp"
#include "user/denylist.hpp"

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

struct UserQuery {
  // Somewhere in the name or the e-mail address, whatever the case of ASCII letters (MySQL: of any letters);
  // empty: every account.
  std::string text;
  UserId before;  // 0: from the newest on
  std::size_t limit = 0;
};

// What is not named stays as it is.
struct AccountChange {
  std::optional<std::string> name;
  std::optional<std::string> email;  // lower case
  std::optional<std::string> phone;
  std::optional<std::string> address;
  std::optional<Role> role;
};

// Sessions that a call has ended are told as denials: their access tokens are still out there.
using Denials = std::vector<Denial>;

struct ChangedAccount {
  User user;
  Denials denials;
};

struct PasswordChange {
  UserId user;
  std::string old_hash;  // as it was when the old password was verified
  std::string new_hash;
  std::string spared_session;  // goes on; the others end
  Time now;
};

struct NewSession {
  std::string id;
  UserId user;
  std::string password_hash;  // as it was when the password was verified
  std::string token_hash;     // of the first refresh token
  Time now;
  Time access_expires_at;
  Time refresh_expires_at;
};

struct Refresh {
  std::string token_hash;      // of the token that is spent
  std::string successor_hash;  // of the one that comes after it
  Time now;
  Time access_expires_at;
  Time refresh_expires_at;
};

struct Refreshed {
  std::string session;
  UserId user;
  Role role = Role::user;
};

// A refresh token that was spent before came again: its session has ended.
struct Stolen {
  UserId user;
  Denials denials;
};

struct Ending {
  UserId user;
  Time since;
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  // The id of the new account; account.user.id is not read. Errors: email_taken, store_unavailable.
  virtual Result<UserId> insert(const Account& account) = 0;

  // Living accounts only.
  virtual std::optional<Account> find_by_email(const std::string& email) = 0;
  virtual std::optional<Account> find_account(UserId id) = 0;
  virtual std::optional<User> find_by_id(UserId id) = 0;
  virtual Result<std::vector<User>> list(const UserQuery& query) = 0;  // newest first

  // A change of role ends the account's sessions: their tokens name the old one. Errors: not_found,
  // email_taken, illegal_state (of the last admin).
  virtual Result<ChangedAccount> change(UserId id, const AccountChange& change, Time now) = 0;

  // Errors: wrong_credentials when the password is not the old one any more, or the account has ended.
  virtual Result<Denials> change_password(const PasswordChange& change) = 0;

  // All of them or none. The id of the first; those of the others follow without a gap.
  virtual Result<UserId> add_rehearsal_buyers(const RehearsalBuyers& buyers) = 0;

  // Sessions. A log-in over limits::max_sessions ends the oldest. Errors: wrong_credentials as above.
  virtual Result<ChangedAccount> open_session(const NewSession& session) = 0;
  // Spends a token and brings forth its successor; a token that was spent within limits::refresh_grace and
  // whose successor was not is answered as it was then. Errors: unauthenticated for a token that is unknown
  // or expired, or whose session is over. `stolen` is filled for one that was spent before: unauthenticated,
  // too.
  virtual Result<Refreshed> refresh(const Refresh& refresh, std::optional<Stolen>& stolen) = 0;
  // Of a session that nobody has opened here (a rehearsal's token), this leaves a row that says it is over.
  virtual Result<Denial> end_session(const std::string& session, UserId user, Time token_expires_at,
                                     Time now) = 0;

  // The end of an account: the person's data are gone, the address is free, all sessions are over, and a row
  // reminds of what is left to do. Errors: not_found, illegal_state (of the last admin).
  virtual Result<void> end_account(UserId id, Time now) = 0;
  virtual Result<std::vector<Ending>> endings(UserId after, std::size_t maximum) = 0;  // ascending
  virtual Result<void> settle_ending(UserId id, const db::Fence& fence) = 0;           // nothing is left

  virtual Denials denials(Time now) = 0;  // all that are in force: after a start
  // Forgets sessions of which nothing is good any more; how many. At most `maximum`.
  virtual Result<std::size_t> forget_sessions(Time now, std::size_t maximum, const db::Fence& fence) = 0;
};

// With as many sessions as threads will call. Several servers may have one MySQL database.
std::unique_ptr<UserStore> open_user_store(db::DatabaseAddress address, std::size_t sessions);

}  // namespace buyme::user
