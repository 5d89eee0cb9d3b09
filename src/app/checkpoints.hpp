// Moves committed pages into the order file beside the writer, so that no round pays for it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "core/log.hpp"
#include "order/store_sqlite.hpp"

namespace buyme::app {

// On a thread of its own, from its construction to its destruction.
class Checkpoints {
 public:
  Checkpoints(const std::string& path, Log log);
  ~Checkpoints();

 private:
  void run();
  void checkpoint();

  order::OrderCheckpointer checkpointer_;
  Log log_;
  bool complained_ = false;  // of the failure that goes on
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace buyme::app
