#include "simulation/context.hpp"

#include <algorithm>

namespace buyme::simulation {

Scheduler::~Scheduler() = default;

namespace {

constexpr std::uint32_t slot_of(Scheduler::TimerId id) {
  return static_cast<std::uint32_t>(id);
}
constexpr Scheduler::TimerId id_of(std::uint32_t slot, std::uint32_t generation) {
  return static_cast<Scheduler::TimerId>(generation) << 32 | slot;
}

}  // namespace

bool Scheduler::step() {
  for (;;) {
    if (first_ == ready_.size()) {
      ready_.clear();
      first_ = 0;
      if (!advance()) return false;
    }
    Ready next = take_ready();
    if (next.context != nullptr && next.context->paused_until() > now_) {
      start_timer(next.context->paused_until(), next.context, std::move(next.task));
      continue;
    }
    ++steps_;
    running_ = next.context;
    next.task->run();
    running_ = nullptr;
    return true;
  }
}

Scheduler::Ready Scheduler::take_ready() {
  if (shuffle_) {
    const std::size_t chosen = first_ + random_.below(ready_.size() - first_);
    std::swap(ready_[first_], ready_[chosen]);
  }
  Ready next = std::move(ready_[first_++]);
  // Keeps the list from growing while something always stays ready.
  if (first_ >= 64 && first_ * 2 >= ready_.size()) {
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  return next;
}

// To the time of the next timer; all that are due then become ready, in the order in which they were started.
bool Scheduler::advance() {
  while (!due_.empty()) {
    const Due next = due_.front();
    if (!ready_.empty() && next.at > now_) return true;
    std::pop_heap(due_.begin(), due_.end(), std::greater<>{});
    due_.pop_back();
    Timer* timer = find(next.id);
    if (timer == nullptr) continue;
    now_ = std::max(now_, next.at);
    Context* context = timer->context;
    post(context, release(slot_of(next.id)));
  }
  return !ready_.empty();
}

Scheduler::TimerId Scheduler::start_timer(Nanoseconds at, Context* context, TaskPtr task) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(timers_.size()));
    timers_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  Timer& timer = timers_[slot];
  timer.context = context;
  timer.task = std::move(task);
  const TimerId id = id_of(slot, timer.generation);
  due_.push_back({at, ++sequence_, id});
  std::push_heap(due_.begin(), due_.end(), std::greater<>{});
  return id;
}

Scheduler::Timer* Scheduler::find(TimerId id) {
  Timer& timer = timers_[slot_of(id)];
  return timer.task && id_of(slot_of(id), timer.generation) == id ? &timer : nullptr;
}

TaskPtr Scheduler::release(std::uint32_t slot) {
  Timer& timer = timers_[slot];
  ++timer.generation;
  free_slots_.push_back(slot);
  return std::move(timer.task);
}

TaskPtr Scheduler::cancel_timer(TimerId id) {
  return find(id) == nullptr ? nullptr : release(slot_of(id));
}

std::vector<TaskPtr> Scheduler::take_all_of(const Context* context) {
  std::vector<TaskPtr> taken;
  for (std::size_t i = first_; i < ready_.size(); ++i) {
    if (ready_[i].context == context) taken.push_back(std::move(ready_[i].task));
  }
  std::erase_if(ready_, [](const Ready& ready) { return !ready.task; });
  first_ = 0;
  for (std::uint32_t slot = 0; slot < timers_.size(); ++slot) {
    if (timers_[slot].task && timers_[slot].context == context) taken.push_back(release(slot));
  }
  return taken;
}

// A coroutine that is destroyed unwinds through its executor: what it posts then is taken as well.
Context::~Context() {
  for (;;) {
    std::vector<TaskPtr> lost = scheduler_->take_all_of(this);
    if (lost.empty()) break;
    // One after the other: what the first destroys may own what is behind it.
    for (auto& task : lost) task.reset();
  }
  shutdown();
  destroy();
}

}  // namespace buyme::simulation
