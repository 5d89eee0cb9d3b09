// Sessions: log-in, refresh, log-out, and the password that guards them.
//
// A refresh token is random at log-in; every later one follows from the one before it and the shop's key. So
// a client that repeats a refresh whose answer got lost can be given the same token again although only
// hashes are kept, two tabs of a browser that refresh at once end up with one token, and a thief who comes
// within that moment gains nothing that lasts: he and the owner hold one token, and who spends it second, a
// moment later, ends the session for both.
#include "core/limits.hpp"
#include "core/random.hpp"
#include "user/rules.hpp"
#include "user/service.hpp"

namespace buyme::user {

namespace {

constexpr std::size_t refresh_token_bytes = 32;

Failure too_often(std::string detail, std::chrono::seconds wait) {
  return Failure(Error::rate_limited, std::move(detail)).retry_in(wait);
}

Failure account_waits(std::chrono::seconds wait) {
  return too_often("Too many wrong passwords for this account. Wait, then try again.", wait);
}

Failure network_waits(std::chrono::seconds wait) {
  return too_often("Too many wrong passwords from this network. Wait, then try again.", wait);
}

Failure sign_ups_wait(std::chrono::seconds wait) {
  return too_often("Too many accounts were made from this network. Try again later.", wait);
}

RedisAttempts::Count count_of(std::string_view what, const std::string& name, const AttemptLimiter& limiter) {
  return {std::string(what) + name, std::chrono::ceil<Milliseconds>(limiter.per_attempt()),
          std::chrono::ceil<Milliseconds>(limiter.window())};
}

}  // namespace

Awaitable<Result<Tokens>> UserService::log_in(std::string email, std::string password, std::string remote) {
  email = normalized_email(email);
  const std::string network = network_of(remote);
  auto refused = co_await refused_log_in(email, network);
  if (refused) co_return std::move(*refused);
  auto account = co_await check_credentials(email, std::move(password));
  const bool failed = !account && account.error().error == Error::wrong_credentials;
  if (!failed) co_await forgive_log_in(email, network);
  if (!account) co_return account.error();
  co_return co_await open_session(std::move(*account));
}

Awaitable<std::optional<Failure>> UserService::refused_log_in(std::string email, std::string network) {
  if (!settings_.limit_attempts) co_return std::nullopt;
  const Monotonic now = clock_.monotonic();
  if (const auto wait = account_log_ins_.begin(email, now)) co_return account_waits(*wait);
  if (!network.empty()) {
    if (const auto wait = network_log_ins_.begin(network, now)) {
      account_log_ins_.forgive(email, now);
      co_return network_waits(*wait);
    }
  }
  if (shared_attempts_ == nullptr) co_return std::nullopt;
  auto counts = log_in_counts(email, network);
  const auto refusal = co_await shared_attempts_->begin(std::move(counts));
  if (!refusal) co_return std::nullopt;
  account_log_ins_.forgive(email, now);
  if (!network.empty()) network_log_ins_.forgive(network, now);
  co_return refusal->at == 0 ? account_waits(refusal->wait) : network_waits(refusal->wait);
}

Awaitable<void> UserService::forgive_log_in(std::string email, std::string network) {
  if (!settings_.limit_attempts) co_return;
  const Monotonic now = clock_.monotonic();
  account_log_ins_.forgive(email, now);
  if (!network.empty()) network_log_ins_.forgive(network, now);
  if (shared_attempts_ == nullptr) co_return;
  auto counts = log_in_counts(email, network);
  co_await shared_attempts_->forgive(std::move(counts));
}

std::vector<RedisAttempts::Count> UserService::log_in_counts(const std::string& email,
                                                             const std::string& network) const {
  std::vector<RedisAttempts::Count> counts{count_of("login:", email, account_log_ins_)};
  if (!network.empty()) counts.push_back(count_of("network:", network, network_log_ins_));
  return counts;
}

Awaitable<std::optional<Failure>> UserService::refused_sign_up(std::string network) {
  if (!settings_.limit_attempts || network.empty()) co_return std::nullopt;
  const Monotonic now = clock_.monotonic();
  if (const auto wait = network_sign_ups_.begin(network, now)) co_return sign_ups_wait(*wait);
  if (shared_attempts_ == nullptr) co_return std::nullopt;
  std::vector<RedisAttempts::Count> counts{count_of("signup:", network, network_sign_ups_)};
  const auto refusal = co_await shared_attempts_->begin(std::move(counts));
  if (!refusal) co_return std::nullopt;
  network_sign_ups_.forgive(network, now);
  co_return sign_ups_wait(refusal->wait);
}

// One hash is spent whether or not there is an account.
Awaitable<Result<Account>> UserService::check_credentials(std::string email, std::string password) {
  auto find_it = [this, email = std::move(email)]() -> Result<std::optional<Account>> {
    return store_.find_by_email(email);
  };
  auto found = co_await database_.run(std::move(find_it));
  if (!found) co_return found.error();
  std::optional<Account>& account = *found;
  const bool can_log_in = account && account->password_hash != no_password;
  std::string hash = can_log_in ? account->password_hash : decoy_hash_;
  const auto right = co_await matches(std::move(password), std::move(hash));
  if (!right) co_return right.error();
  if (!can_log_in || !*right) {
    co_return Failure(Error::wrong_credentials, "There is no account with this e-mail address and password.");
  }
  co_return std::move(*account);
}

// The account may have changed since its password was verified: the store looks again.
Awaitable<Result<Tokens>> UserService::open_session(Account account) {
  Tokens tokens;
  tokens.expires_in = std::chrono::seconds{settings_.access_token_seconds};
  tokens.refresh = key_.derive(secure_random_bytes(refresh_token_bytes));
  const Time now = clock_.now();
  NewSession session{.id = new_session_id(),
                     .user = account.user.id,
                     .password_hash = std::move(account.password_hash),
                     .token_hash = token_fingerprint(tokens.refresh),
                     .now = now,
                     .access_expires_at = now + tokens.expires_in,
                     .refresh_expires_at = now + std::chrono::seconds{settings_.refresh_token_seconds}};
  auto open_it = [this, session]() { return store_.open_session(session); };
  const auto opened = co_await database_.run(std::move(open_it));
  if (!opened) co_return opened.error();
  denylist_.deny(opened->denials);
  tokens.access = issue_token(session.user, opened->user.role, session.id, now, tokens.expires_in);
  co_return tokens;
}

Awaitable<Result<Tokens>> UserService::refresh(std::string token) {
  Tokens tokens;
  tokens.expires_in = std::chrono::seconds{settings_.access_token_seconds};
  tokens.refresh = key_.derive(token);
  const Time now = clock_.now();
  const Refresh refresh{.token_hash = token_fingerprint(token),
                        .successor_hash = token_fingerprint(tokens.refresh),
                        .now = now,
                        .access_expires_at = now + tokens.expires_in,
                        .refresh_expires_at = now + std::chrono::seconds{settings_.refresh_token_seconds}};
  auto refresh_it = [this, refresh]() -> Result<Refreshed> {
    std::optional<Stolen> stolen;
    auto refreshed = store_.refresh(refresh, stolen);
    if (stolen) {
      denylist_.deny(stolen->denials);
      log_->warn("a refresh token of user {} came again: its session was ended", stolen->user.value);
    }
    return refreshed;
  };
  const auto refreshed = co_await database_.run(std::move(refresh_it));
  if (!refreshed) co_return refreshed.error();
  tokens.access = issue_token(refreshed->user, refreshed->role, refreshed->session, now, tokens.expires_in);
  co_return tokens;
}

Awaitable<Result<void>> UserService::log_out(UserId user, std::string session, Time token_expires_at) {
  auto end_it = [this, user, session = std::move(session), token_expires_at]() {
    return store_.end_session(session, user, token_expires_at, clock_.now());
  };
  const auto ended = co_await database_.run(std::move(end_it));
  if (!ended) co_return ended.error();
  denylist_.deny({&*ended, 1});
  co_return Result<void>();
}

// Guesses count as those of log-in do: a stolen token must not open a second way to try passwords.
Awaitable<Result<void>> UserService::change_password(UserId user, std::string session, std::string current,
                                                     std::string replacement) {
  auto find_it = [this, user]() -> Result<std::optional<Account>> { return store_.find_account(user); };
  const auto found = co_await database_.run(std::move(find_it));
  if (!found) co_return found.error();
  if (!*found) co_return Failure(Error::not_found, "There is no such account.");
  const Account& account = **found;

  auto refused = co_await refused_log_in(account.user.email, std::string());
  if (refused) co_return std::move(*refused);
  const bool has_password = account.password_hash != no_password;
  std::string old_hash = has_password ? account.password_hash : decoy_hash_;
  const auto right = co_await matches(std::move(current), std::move(old_hash));
  const bool failed = right && !(has_password && *right);
  if (!failed) co_await forgive_log_in(account.user.email, std::string());
  if (!right) co_return right.error();
  if (failed) co_return Failure(Error::wrong_credentials, "The current password is another one.");

  auto hashed = co_await hash(std::move(replacement));
  if (!hashed) co_return hashed.error();
  const PasswordChange change{user, account.password_hash, std::move(*hashed), std::move(session),
                              clock_.now()};
  auto change_it = [this, change]() { return store_.change_password(change); };
  const auto ended = co_await database_.run(std::move(change_it));
  if (!ended) co_return ended.error();
  denylist_.deny(*ended);
  co_return Result<void>();
}

}  // namespace buyme::user
