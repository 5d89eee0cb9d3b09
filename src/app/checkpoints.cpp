#include "app/checkpoints.hpp"

#include <exception>
#include <utility>

#include "core/limits.hpp"

namespace buyme::app {

Checkpoints::Checkpoints(const std::string& path, Log log)
    : checkpointer_(path), log_(std::move(log)), thread_([this] {
        pthread_setname_np(pthread_self(), "checkpoint");
        run();
      }) {}

Checkpoints::~Checkpoints() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Checkpoints::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, limits::checkpoint_pause, [this] { return stopping_; })) {
    lock.unlock();
    checkpoint();
    lock.lock();
  }
}

// One that fails, as on a full disk, loses nothing: the log keeps its pages until a later one has moved them.
void Checkpoints::checkpoint() {
  try {
    checkpointer_.checkpoint();
    complained_ = false;
  } catch (const std::exception& error) {
    if (!std::exchange(complained_, true))
      log_->warn("a checkpoint failed, and is tried again: {}", error.what());
  }
}

}  // namespace buyme::app
