// Access tokens that are refused although their signature is right and their time has not come: those of a
// session that was ended, and all those of an account that is gone.
//
// The database knows them, too (UserStore::denials); this is what an I/O thread can ask without waiting.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/limits.hpp"

namespace buyme::user {

struct Denial {
  std::string session;  // empty: every token of `user`
  UserId user;          // read only without a session
  Time until;           // when the last token concerned has expired
};

// Of an account that ended at `ended_at`: no token outlives this.
inline Denial denial_of_account(UserId user, Time ended_at) {
  return {{}, user, ended_at + limits::longest_access_token};
}

// Thread-safe. No call waits for anything but a few map operations.
class Denylist {
 public:
  virtual ~Denylist() = default;

  // In force on this server when it returns; an implementation that tells other servers does so behind the
  // caller's back. What was denied already stays denied until the later of both times.
  virtual void deny(std::span<const Denial> denials) = 0;

  virtual bool denies(UserId user, std::string_view session) const = 0;

  // Changes with every denial, after it is in force. One atomic read. Who remembers the epoch from before he
  // asked denies() need not ask again while it stays the same.
  virtual std::uint64_t epoch() const = 0;
};

// In this process. Entries leave when their time has come.
std::unique_ptr<Denylist> make_local_denylist(const Clock& clock);

}  // namespace buyme::user
