#include "app/temporary_dir.hpp"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace buyme::app {

TemporaryDir::TemporaryDir(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
  path_ = pattern;
}

TemporaryDir::~TemporaryDir() {
  remove_now();
}

void TemporaryDir::remove_now() const noexcept {
  std::error_code ignored;  // what cannot be removed is left to the system's own cleaning
  std::filesystem::remove_all(path_, ignored);
}

CleanUpOnSignal::CleanUpOnSignal(std::function<void()> clean_up)
    : thread_([this, clean_up = std::move(clean_up)] {
        const int number = signals_.wait();
        if (over_) return;
        clean_up();
        _exit(128 + number);
      }) {}

CleanUpOnSignal::~CleanUpOnSignal() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);  // wakes the wait
  thread_.join();
  signals_.let_next_kill();
}

}  // namespace buyme::app
