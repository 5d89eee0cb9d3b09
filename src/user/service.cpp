#include "user/service.hpp"

#include "core/limits.hpp"
#include "core/random.hpp"
#include "user/rules.hpp"

namespace buyme::user {

UserService::UserService(UserSettings settings, UserStore& store, Denylist& denylist, Pool& hashing,
                         Pool& database, Pool& lists, const TokenKey& key, Clock& clock, Log log,
                         RedisAttempts* shared_attempts)
    : settings_(settings),
      store_(store),
      denylist_(denylist),
      hashing_(hashing),
      database_(database),
      lists_(lists),
      key_(key),
      clock_(clock),
      log_(std::move(log)),
      shared_attempts_(shared_attempts),
      account_log_ins_(limits::login_failures, limits::login_failure_window, limits::login_failure_accounts),
      network_log_ins_(limits::address_login_failures, limits::login_failure_window,
                       limits::limited_addresses),
      network_sign_ups_(limits::address_sign_ups, limits::address_sign_up_window, limits::limited_addresses),
      decoy_hash_(hash_password(secure_random_bytes(16), settings.password_cost)) {}

Awaitable<Result<User>> UserService::sign_up(SignUp sign_up, std::string remote) {
  auto refused = co_await refused_sign_up(network_of(remote));
  if (refused) co_return std::move(*refused);
  co_return co_await create(std::move(sign_up), Role::user);
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
  auto hashed = co_await hash(std::move(sign_up.password));
  if (!hashed) co_return hashed.error();

  Account account;
  account.user.name = std::move(sign_up.name);
  account.user.email = normalized_email(sign_up.email);
  account.user.phone = std::move(sign_up.phone);
  account.user.address = std::move(sign_up.address);
  account.user.role = role;
  account.user.created_at = clock_.now();
  account.password_hash = std::move(*hashed);

  auto insert_it = [this, account]() { return store_.insert(account); };
  const auto id = co_await database_.run(std::move(insert_it));
  if (!id) co_return id.error();
  account.user.id = *id;
  co_return std::move(account.user);
}

Awaitable<Result<std::string>> UserService::hash(std::string password) {
  auto hash_it = [password = std::move(password), cost = settings_.password_cost]() -> Result<std::string> {
    return hash_password(password, cost);
  };
  co_return co_await hashing_.run(std::move(hash_it));
}

Awaitable<Result<bool>> UserService::matches(std::string password, std::string hash) {
  auto verify_it = [password = std::move(password), hash = std::move(hash)]() -> Result<bool> {
    return verify_password(password, hash);
  };
  co_return co_await hashing_.run(std::move(verify_it));
}

Awaitable<Result<User>> UserService::profile(UserId id) {
  auto find_it = [this, id]() -> Result<std::optional<User>> { return store_.find_by_id(id); };
  auto found = co_await database_.run(std::move(find_it));
  if (!found) co_return found.error();
  if (!*found) co_return Failure(Error::not_found, "This account does not exist any more.");
  co_return std::move(**found);
}

Awaitable<Result<User>> UserService::change(UserId id, AccountChange change) {
  if (change.email) change.email = normalized_email(*change.email);
  const bool role_named = change.role.has_value();
  auto change_it = [this, id, change = std::move(change)]() {
    return store_.change(id, change, clock_.now());
  };
  auto changed = co_await database_.run(std::move(change_it));
  if (!changed) co_return changed.error();
  denylist_.deny(changed->denials);
  if (role_named) {
    log_->info("user {} has the role of {} now", id.value,
               changed->user.role == Role::admin ? "admin" : "user");
  }
  co_return std::move(changed->user);
}

Awaitable<Result<UserPage>> UserService::list(UserQuery query) {
  const std::size_t wanted = query.limit;
  ++query.limit;  // one more tells whether there is a next page
  auto list_them = [this, query = std::move(query)] { return store_.list(query); };
  auto users = co_await lists_.run(std::move(list_them));
  if (!users) co_return users.error();
  UserPage page;
  page.items = std::move(*users);
  if (page.items.size() > wanted) {
    page.items.resize(wanted);
    page.next = page.items.back().id;
  }
  co_return page;
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
  const Time now = clock_.now();
  Buyers buyers;
  buyers.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const UserId id{first->value + i};
    buyers.emplace_back(id,
                        issue_token(id, Role::user, new_session_id(), now, limits::rehearsal_token_lifetime));
  }
  return buyers;
}

std::string UserService::new_session_id() {
  constexpr std::size_t bytes = 16;
  return secure_random_hex(bytes);
}

std::string UserService::issue_token(UserId user, Role role, std::string session, Time now,
                                     std::chrono::seconds lifetime) const {
  return key_.sign({user, role, now, now + lifetime, std::move(session)});
}

}  // namespace buyme::user
