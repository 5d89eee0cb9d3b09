#include "user/login_limiter.hpp"

#include <algorithm>

namespace buyme::user {

namespace {

using Duration = Monotonic::duration;
constexpr Duration window = limits::login_failure_window;
constexpr Duration per_failure = window / limits::login_failures;

}  // namespace

LoginLimiter::LoginLimiter(std::size_t max_accounts) : max_accounts_(max_accounts) {}

std::optional<std::chrono::seconds> LoginLimiter::begin(const std::string& email, Monotonic now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_email_.find(email);
  if (found == by_email_.end()) {
    if (accounts_.size() >= max_accounts_) forget(std::prev(accounts_.end()));
    accounts_.push_front({email, now + per_failure});
    by_email_.emplace(accounts_.front().email, accounts_.begin());
    return std::nullopt;
  }
  Account& account = *found->second;
  accounts_.splice(accounts_.begin(), accounts_, found->second);
  const Monotonic forgiven_at = std::max(account.forgiven_at, now) + per_failure;
  if (forgiven_at - now > window) return std::chrono::ceil<std::chrono::seconds>(forgiven_at - now - window);
  account.forgiven_at = forgiven_at;
  return std::nullopt;
}

void LoginLimiter::forgive(const std::string& email, Monotonic now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_email_.find(email);
  if (found == by_email_.end()) return;
  found->second->forgiven_at -= per_failure;
  if (found->second->forgiven_at <= now) forget(found->second);
}

std::size_t LoginLimiter::accounts() const {
  const std::lock_guard lock(mutex_);
  return accounts_.size();
}

void LoginLimiter::forget(Accounts::iterator account) {
  by_email_.erase(account->email);
  accounts_.erase(account);
}

}  // namespace buyme::user
