#include "user/service.hpp"

#include "core/limits.hpp"
#include "core/random.hpp"
#include "user/rules.hpp"

namespace buyme::user {

UserService::UserService(UserSettings settings, UserStore& store, Pool& hashing, Pool& database,
                         const TokenKey& key, Clock& clock, Log log)
    : settings_(settings),
      store_(store),
      hashing_(hashing),
      database_(database),
      key_(key),
      clock_(clock),
      log_(std::move(log)),
      decoy_hash_(hash_password(secure_random_bytes(16), settings.password_cost)) {}

Awaitable<Result<User>> UserService::sign_up(SignUp sign_up) {
  return create(std::move(sign_up), Role::user);
}

Awaitable<Result<User>> UserService::create_admin(std::string email, std::string password) {
  Failure failure(Error::invalid, "The account cannot be made like this.");
  if (auto wrong = wrong_email(email); !wrong.empty()) failure.fields.push_back({"email", wrong});
  if (auto wrong = wrong_password(password); !wrong.empty()) failure.fields.push_back({"password", wrong});
  if (!failure.fields.empty()) co_return failure;

  SignUp admin{.name = "Administrator", .email = std::move(email), .password = std::move(password)};
  auto created = co_await create(std::move(admin), Role::admin);
  if (created) log_->info("user {} was made an admin account", created->id.value);
  co_return created;
}

Awaitable<Result<User>> UserService::create(SignUp sign_up, Role role) {
  auto hash_it = [password = std::move(sign_up.password),
                  cost = settings_.password_cost]() -> Result<std::string> {
    return hash_password(password, cost);
  };
  auto hash = co_await hashing_.run(std::move(hash_it));
  if (!hash) co_return hash.error();

  Account account;
  account.user.name = std::move(sign_up.name);
  account.user.email = normalized_email(sign_up.email);
  account.user.phone = std::move(sign_up.phone);
  account.user.address = std::move(sign_up.address);
  account.user.role = role;
  account.user.created_at = clock_.now();
  account.password_hash = std::move(*hash);

  auto insert_it = [this, account]() { return store_.insert(account); };
  const auto id = co_await database_.run(std::move(insert_it));
  if (!id) co_return id.error();
  account.user.id = *id;
  co_return std::move(account.user);
}

Awaitable<Result<Session>> UserService::log_in(std::string email, std::string password) {
  email = normalized_email(email);
  if (settings_.limit_logins) {
    if (const auto wait = limiter_.begin(email, clock_.monotonic())) {
      co_return Failure(Error::rate_limited,
                        "Too many wrong passwords for this account. Wait, then try again.")
          .retry_in(*wait);
    }
  }
  const auto user = co_await check_credentials(email, std::move(password));
  const bool failed = !user && user.error().error == Error::wrong_credentials;
  if (settings_.limit_logins && !failed) limiter_.forgive(email, clock_.monotonic());
  if (!user) co_return user.error();

  Session session;
  session.expires_in = std::chrono::seconds{settings_.access_token_seconds};
  session.access_token = issue_token(user->id, user->role, session.expires_in);
  co_return session;
}

// One hash is spent whether or not there is an account.
Awaitable<Result<User>> UserService::check_credentials(std::string email, std::string password) {
  auto find_it = [this, email = std::move(email)]() -> Result<std::optional<Account>> {
    return store_.find_by_email(email);
  };
  const auto found = co_await database_.run(std::move(find_it));
  if (!found) co_return found.error();
  const std::optional<Account>& account = *found;
  const bool can_log_in = account && account->password_hash != no_password;

  auto verify_it = [password = std::move(password),
                    hash = can_log_in ? account->password_hash : decoy_hash_]() -> Result<bool> {
    return verify_password(password, hash);
  };
  const auto matches = co_await hashing_.run(std::move(verify_it));
  if (!matches) co_return matches.error();
  if (!can_log_in || !*matches) {
    co_return Failure(Error::wrong_credentials, "There is no account with this e-mail address and password.");
  }
  co_return account->user;
}

Awaitable<Result<User>> UserService::profile(UserId id) {
  auto find_it = [this, id]() -> Result<std::optional<User>> { return store_.find_by_id(id); };
  auto found = co_await database_.run(std::move(find_it));
  if (!found) co_return found.error();
  if (!*found) co_return Failure(Error::not_found, "This account does not exist any more.");
  co_return std::move(**found);
}

Awaitable<Result<UserService::Buyers>> UserService::create_rehearsal_buyers(std::int64_t count) {
  if (count < 1 || count > limits::max_rehearsal_buyers) {
    Failure failure(Error::invalid, "That many buyers cannot be made at once.");
    failure.fields.push_back({"count", fmt::format("Must be from 1 to {}.", limits::max_rehearsal_buyers)});
    co_return failure;
  }
  auto insert_them = [this, count]() { return insert_rehearsal_buyers(count); };
  auto buyers = co_await database_.run(std::move(insert_them));
  if (buyers) log_->info("made {} rehearsal buyers, from user {} on", count, buyers->front().first.value);
  co_return buyers;
}

// On the database pool, the signing too: a million tokens take seconds.
Result<UserService::Buyers> UserService::insert_rehearsal_buyers(std::int64_t count) {
  const auto first =
      store_.add_rehearsal_buyers({.tag = secure_random_hex(6), .count = count, .created_at = clock_.now()});
  if (!first) return first.error();
  Buyers buyers;
  buyers.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const UserId id{first->value + i};
    buyers.emplace_back(id, issue_token(id, Role::user, limits::rehearsal_token_lifetime));
  }
  return buyers;
}

std::string UserService::issue_token(UserId user, Role role, std::chrono::seconds lifetime) const {
  constexpr std::size_t session_id_bytes = 16;
  const Time now = clock_.now();
  return key_.sign({user, role, now, now + lifetime, secure_random_hex(session_id_bytes)});
}

}  // namespace buyme::user
