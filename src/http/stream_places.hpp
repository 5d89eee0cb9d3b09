// How many connections of one address listen to server-sent events at once.
//
// Thread-safe: a lock, taken when a listener comes or goes and by nobody else. Remembers only who listens
// now.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace buyme::http {

class StreamPlaces {
 public:
  // What a listener holds while it listens. Empty: it was refused, or counts for nobody. The StreamPlaces
  // must outlive it.
  class Place {
   public:
    Place() = default;
    Place(StreamPlaces* of, std::uint64_t key) : places_(of), key_(key) {}
    Place(Place&& other) noexcept : places_(std::exchange(other.places_, nullptr)), key_(other.key_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(places_, other.places_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Place() {
      if (places_ != nullptr) places_->leave(key_);
    }
    explicit operator bool() const { return places_ != nullptr; }

   private:
    StreamPlaces* places_ = nullptr;
    std::uint64_t key_ = 0;
  };

  explicit StreamPlaces(std::size_t of_each) : of_each_(of_each) {}  // 0: no limit

  bool limits() const { return of_each_ > 0; }
  // Empty when `key` has as many as there may be. Only when limits().
  Place take(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    std::size_t& held = held_[key];  // of a new key: none, and it gets one
    if (held == of_each_) return {};
    ++held;
    return {this, key};
  }
  std::size_t keys() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  void leave(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find(key);
    if (--found->second == 0) held_.erase(found);
  }

  const std::size_t of_each_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> held_;
};

}  // namespace buyme::http
