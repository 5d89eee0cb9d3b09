// A rehearsal at the press of a button: `buyme drop --embedded` as a process of its own, with a shop and
// buyers of its own that are thrown away afterwards. Nothing of this shop is touched, but the machine is
// shared: the crowd runs at a low priority, one at a time, and not longer than limits::rehearsal_patience.
//
// Thread safety: all calls from any thread; the destructor ends what is under way and waits for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "core/log.hpp"
#include "core/money.hpp"
#include "http/endpoint.hpp"

namespace buyme::app {

class RehearsalDesk {
 public:
  struct Crowd {
    std::int64_t buyers = 0;
    Units stock = 0;
  };

  explicit RehearsalDesk(Log log) : log_(std::move(log)) {}
  ~RehearsalDesk();
  RehearsalDesk(const RehearsalDesk&) = delete;
  RehearsalDesk& operator=(const RehearsalDesk&) = delete;

  // Returns at once; report() tells how it goes. Errors: illegal_state (one is under way).
  Result<void> begin(Crowd crowd);

  // {"state":"NONE"}, or RUNNING, DONE (with the `verdict` that `buyme drop --json` writes) or FAILED (with a
  // `detail`), with `buyers` and `stock`.
  std::string report() const;

 private:
  enum class State : std::uint8_t { none, running, done, failed };

  void hold(Crowd crowd);  // on thread_
  // Exit status of the program, once it has ended by itself or was ended.
  int wait_for(pid_t process);
  void finish(State state, std::string result);

  Log log_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  State state_ = State::none;
  bool stopping_ = false;
  Crowd crowd_;
  std::string result_;  // the verdict, or what went wrong
  std::thread thread_;
};

std::span<const http::Endpoint<RehearsalDesk>> rehearsal_endpoints();

}  // namespace buyme::app
