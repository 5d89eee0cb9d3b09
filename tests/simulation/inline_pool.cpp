// The pool of core/pool.hpp without threads: work is done where it is asked for, in no virtual time.
#include "core/pool.hpp"

namespace buyme {

struct Pool::State {
  bool stopped = false;
};

Pool::Pool(std::string, std::size_t, std::size_t, int) : state_(std::make_unique<State>()) {}

Pool::~Pool() = default;

void Pool::stop() {
  state_->stopped = true;
}

bool Pool::submit(Job job) {
  if (state_->stopped) return false;
  job();
  return true;
}

std::size_t Pool::waiting() const {
  return 0;
}

}  // namespace buyme
