// How often something may be tried, per account or per address: a token bucket for each.
//
// An attempt counts from its start until it is forgiven, so that a thousand log-ins at once are not a
// thousand guesses. Thread-safe; no call waits for more than a few map operations.
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

class AttemptLimiter {
 public:
  // `attempts` at once; all of them are forgotten, one by one, within `window`. Remembers `max_names` at
  // most: the one that was tried longest ago is forgotten first.
  AttemptLimiter(int attempts, Monotonic::duration window, std::size_t max_names);

  // nullopt: go ahead. Otherwise refuse: this long until the next attempt is let in.
  std::optional<std::chrono::seconds> begin(const std::string& name, Monotonic now);

  // The attempt does not count: it succeeded, or it was never made.
  void forgive(const std::string& name, Monotonic now);

  std::size_t names() const;
  Monotonic::duration window() const { return window_; }
  Monotonic::duration per_attempt() const { return per_attempt_; }

 private:
  // One time says it all: each attempt moves it on by what it takes to forget one.
  struct Entry {
    std::string name;
    Monotonic forgiven_at;  // when no attempt counts any more
  };
  using Entries = std::list<Entry>;

  void forget(Entries::iterator entry);

  const Monotonic::duration window_, per_attempt_;
  const std::size_t max_names_;
  mutable std::mutex mutex_;
  Entries entries_;                                                  // the one tried last is in front
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // keys point into entries_
};

// Under which name the attempts from an address count: an IPv6 customer has 2^64 addresses, so his network
// counts. Empty for what is no address, and for this machine itself (loopback): from there come the operator
// and a proxy, behind which everybody would share one address.
std::string network_of(std::string_view remote_address);

}  // namespace buyme::user
