// A lock that several servers share, in Redis: SET NX PX with a random token, released only by who has that
// token (src/redis/lock.lua).
//
//   acquire ── take ──> held, renewed every third of its lease ──> release ── notice ──> one waiter per
//   server
//
// What it gives and what not. While Redis keeps its data, two holders do not overlap as long as each stops
// when held() is false. A holder that is paused past its lease does not notice before it runs again, and a
// failover of Redis may lose a lock: then two believe that they hold it. So each acquisition comes with a
// fencing token, larger than all before it for that name: whoever is written to keeps the largest he has seen
// and refuses a smaller one. A token is also at least the wall clock in milliseconds, so that tokens go on
// growing when Redis has lost its counter.
//
// Waiters are woken by a notice of the release and, since a notice may get lost and a lease may expire
// without one, look for themselves every limits::lock_look_pause or less. There is no order among them.
//
// Thread safety: one executor, as redis::Client; a Lock is used on it as well. Locks is destroyed before its
// context; the clock outlives that context.
#pragma once

#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "redis/connection.hpp"

namespace buyme::redis {

// One acquisition. Moves; given up without release() it is released behind its owner's back.
class Lock {
 public:
  Lock(Lock&&) noexcept;
  Lock& operator=(Lock&&) noexcept;
  ~Lock();

  std::int64_t fencing_token() const;
  int looks() const;  // how often Redis was asked for it; 1: it was free
  // The lease, as last renewed, has not passed. False once: false for good.
  bool held() const;
  // True when it was still this holder's until now. False: it was not, or Redis could not be asked (then the
  // lease ends it). The second call answers false.
  Awaitable<bool> release();

 private:
  friend class Locks;
  struct Held;
  explicit Lock(std::shared_ptr<Held> held);

  std::shared_ptr<Held> held_;
};

class Locks {
 public:
  Locks(Settings settings, Clock& clock, Executor executor, Log log, Milliseconds lease = limits::lock_lease);
  ~Locks();  // held locks are not renewed any more
  Locks(const Locks&) = delete;
  Locks& operator=(const Locks&) = delete;

  void start();  // may be called from any thread

  // Waits for the lock of that name for at most `patience`, and for one time-out of a command more. Errors:
  //   overloaded          others held it all the time
  //   store_unavailable   Redis could not be asked at the end of it. Should it have given the lock without
  //   our
  //                       learning of it, the lease ends that.
  Awaitable<Result<Lock>> acquire(std::string name, Milliseconds patience);

 private:
  friend class Lock;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::redis
