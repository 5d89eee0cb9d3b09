// SIGINT and SIGTERM as something to wait for, instead of handlers in which almost nothing is allowed.
#pragma once

namespace buyme::app {

// Blocks both signals in the calling thread and in all that it starts, so make it before any thread.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  int wait() const;  // returns the signal that came

  // From now on either signal ends the process at once. Call on the thread that made the object.
  void let_next_kill() const;
};

}  // namespace buyme::app
