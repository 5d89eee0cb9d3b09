#include "user/attempt_limiter.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace buyme::user {

AttemptLimiter::AttemptLimiter(int attempts, Monotonic::duration window, std::size_t max_names)
    : window_(window), per_attempt_(window / attempts), max_names_(max_names) {}

std::optional<std::chrono::seconds> AttemptLimiter::begin(const std::string& name, Monotonic now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    if (entries_.size() >= max_names_) forget(std::prev(entries_.end()));
    entries_.push_front({name, now + per_attempt_});
    by_name_.emplace(entries_.front().name, entries_.begin());
    return std::nullopt;
  }
  Entry& entry = *found->second;
  entries_.splice(entries_.begin(), entries_, found->second);
  const Monotonic forgiven_at = std::max(entry.forgiven_at, now) + per_attempt_;
  if (forgiven_at - now > window_) {
    return std::chrono::ceil<std::chrono::seconds>(forgiven_at - now - window_);
  }
  entry.forgiven_at = forgiven_at;
  return std::nullopt;
}

void AttemptLimiter::forgive(const std::string& name, Monotonic now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  found->second->forgiven_at -= per_attempt_;
  if (found->second->forgiven_at <= now) forget(found->second);
}

std::size_t AttemptLimiter::names() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void AttemptLimiter::forget(Entries::iterator entry) {
  by_name_.erase(entry->name);
  entries_.erase(entry);
}

std::string network_of(std::string_view remote_address) {
  boost::system::error_code failed;
  auto address = asio::ip::make_address(remote_address, failed);
  if (failed) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_loopback()) return {};
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::make_address_v6(bytes).to_string();
}

}  // namespace buyme::user
