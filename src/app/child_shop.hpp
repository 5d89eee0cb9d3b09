// A shop of one's own in another process: this program again, as `buyme serve`.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

namespace buyme::app {

class ChildShop {
 public:
  // Starts `buyme serve` with these arguments and returns once it serves. Throws std::runtime_error when it
  // ends before that; it has said why on standard error. The shop is killed when the calling thread ends.
  explicit ChildShop(const std::vector<std::string>& arguments);
  ~ChildShop();  // kills it if it still runs
  ChildShop(const ChildShop&) = delete;
  ChildShop& operator=(const ChildShop&) = delete;

  const std::string& url() const { return url_; }
  pid_t process() const { return process_; }

  // Ends it at once; may be called on any thread while the object lives. stop() still collects its status.
  void kill_now() const;

  // Asks it to stop and waits until it has. Returns its exit status; 128 + number when a signal ended it.
  int stop();

 private:
  int wait_for_end();

  std::atomic<pid_t> process_ = -1;
  int output_ = -1;
  std::string url_;
};

}  // namespace buyme::app
