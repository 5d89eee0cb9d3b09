#include "core/pool.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.hpp"

namespace buyme {

struct Pool::State {
  std::mutex mutex;
  std::condition_variable wake;    // there is a job, or the end
  std::condition_variable rested;  // the end
  std::deque<Job> jobs;
  std::size_t queue_limit = 0;
  int rest = 0;
  std::unique_ptr<Clock> clock = make_system_clock();
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    for (Monotonic::duration pause{0};;) {
      Job job;
      {
        std::unique_lock lock(mutex);
        if (rest > 0) rested.wait_for(lock, pause, [&] { return stopping; });
        wake.wait(lock, [&] { return stopping || !jobs.empty(); });
        if (stopping) return;
        job = std::move(jobs.front());
        jobs.pop_front();
      }
      const Monotonic begun = clock->monotonic();
      job();
      pause = rest * (clock->monotonic() - begun);
    }
  }
};

Pool::Pool(std::string name, std::size_t threads, std::size_t queue_limit, int rest)
    : state_(std::make_unique<State>()) {
  state_->rest = rest;
  state_->queue_limit = queue_limit;
  for (std::size_t i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get(), name] {
      pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
      state->work();
    });
  }
}

Pool::~Pool() {
  stop();
}

void Pool::stop() {
  std::deque<Job> dropped;  // destroyed last, without the lock: each resumes or destroys a waiting coroutine
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    dropped.swap(state_->jobs);
  }
  state_->wake.notify_all();
  state_->rested.notify_all();
  for (auto& thread : state_->threads) thread.join();
  state_->threads.clear();
}

bool Pool::submit(Job job) {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->jobs.size() >= state_->queue_limit) return false;
    state_->jobs.push_back(std::move(job));
  }
  state_->wake.notify_one();
  return true;
}

std::size_t Pool::waiting() const {
  std::lock_guard lock(state_->mutex);
  return state_->jobs.size();
}

}  // namespace buyme
