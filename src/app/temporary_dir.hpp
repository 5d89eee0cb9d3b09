// A directory that goes with its owner, also when Ctrl-C ends the command.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "app/signals.hpp"

namespace buyme::app {

class TemporaryDir {
 public:
  // Made in $TMPDIR or /tmp, for its owner alone. Throws std::system_error.
  explicit TemporaryDir(const std::string& name);
  ~TemporaryDir();
  TemporaryDir(const TemporaryDir&) = delete;
  TemporaryDir& operator=(const TemporaryDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void remove_now() const noexcept;

 private:
  std::filesystem::path path_;
};

// While it lives, SIGINT or SIGTERM runs `clean_up` on a thread of its own and then ends the process with the
// status that a shell expects (128 + signal). Make it on the main thread.
class CleanUpOnSignal {
 public:
  explicit CleanUpOnSignal(std::function<void()> clean_up);
  ~CleanUpOnSignal();
  CleanUpOnSignal(const CleanUpOnSignal&) = delete;
  CleanUpOnSignal& operator=(const CleanUpOnSignal&) = delete;

 private:
  StopSignals signals_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace buyme::app
