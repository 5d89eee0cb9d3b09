#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "core/limits.hpp"
#include "user/denylist.hpp"

namespace buyme::user {

namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class LocalDenylist final : public Denylist {
 public:
  explicit LocalDenylist(const Clock& clock) : clock_(clock) {}

  void deny(std::span<const Denial> denials) override {
    if (denials.empty()) return;
    {
      const std::unique_lock lock(mutex_);
      forget_expired();
      for (const Denial& denial : denials) {
        Time& until = denial.session.empty() ? users_[denial.user] : sessions_[denial.session];
        until = std::max(until, denial.until);
      }
    }
    epoch_.fetch_add(1, std::memory_order_release);
  }

  bool denies(UserId user, std::string_view session) const override {
    const std::shared_lock lock(mutex_);
    return users_.contains(user) || sessions_.find(session) != sessions_.end();
  }

  std::uint64_t epoch() const override { return epoch_.load(std::memory_order_acquire); }

 private:
  // Only here do the maps grow, so looking now and then keeps them small.
  void forget_expired() {
    const Time now = clock_.now();
    if (now < next_look_) return;
    next_look_ = now + limits::denylist_pause;
    const auto expired = [now](const auto& entry) { return entry.second <= now; };
    std::erase_if(users_, expired);
    std::erase_if(sessions_, expired);
  }

  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<UserId, Time> users_;
  std::unordered_map<std::string, Time, TextHash, std::equal_to<>> sessions_;
  Time next_look_{};
  std::atomic<std::uint64_t> epoch_{1};
};

}  // namespace

std::unique_ptr<Denylist> make_local_denylist(const Clock& clock) {
  return std::make_unique<LocalDenylist>(clock);
}

}  // namespace buyme::user
