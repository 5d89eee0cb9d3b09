#include "order/command_queue.hpp"

#include <stdexcept>

#include "core/limits.hpp"

namespace buyme::order {

// What a pass of one I/O thread has gathered. Touched on that thread alone.
struct CommandQueue::Inlet {
  explicit Inlet(Executor home) : executor(home) {}
  Executor executor;
  std::vector<CommandPtr> gathered;
};

// Where the threads meet.
struct CommandQueue::Shared {
  explicit Shared(Executor writer) : arrived(writer) {}
  std::mutex mutex;
  std::vector<CommandPtr> handed_over;
  bool writer_told = false;  // a wake-up is on its way
  Event arrived;             // on the writer's executor
};

CommandQueue::CommandQueue(Settings settings, Executor writer, std::vector<Executor> homes)
    : settings_(settings), writer_(writer), shared_(std::make_shared<Shared>(writer)) {
  for (const auto& home : homes) inlets_.push_back(std::make_unique<Inlet>(home));
  returns_.resize(inlets_.size());
}

CommandQueue::~CommandQueue() = default;

std::size_t CommandQueue::home_of(const Executor& executor) const {
  for (std::size_t i = 0; i < inlets_.size(); ++i) {
    if (inlets_[i]->executor == executor) return i;
  }
  throw std::logic_error("a command was submitted from an executor the order writer does not know");
}

Awaitable<Outcome> CommandQueue::submit(Command::What what, Monotonic now) {
  const std::size_t home = home_of(co_await asio::this_coro::executor);
  auto command = std::make_unique<Command>();
  command->what = std::move(what);
  command->arrived = now;
  command->home = home;

  const bool placement = command->is_placement();
  auto& waiting = placement ? waiting_placements_ : waiting_transitions_;
  // Counted before closed_ is read: the writer leaves only when it is closed and nothing is counted.
  const std::size_t ahead = waiting.fetch_add(1);
  if (closed_.load()) {
    waiting.fetch_sub(1);
    close();  // wakes the writer again: it may be waiting for the command that was counted
    co_return shutting_down();
  }
  if (ahead >= (placement ? settings_.placements : settings_.transitions)) {
    waiting.fetch_sub(1);
    if (closed_.load()) close();  // as above
    co_return Failure(Error::overloaded,
                      "Too many buyers at this moment; nothing was done. Repeat in a second.")
        .retry_in(std::chrono::seconds{1});
  }
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Outcome)>(
      [this, home, &command](auto handler) {
        command->waiter.emplace(std::move(handler));
        Inlet& inlet = *inlets_[home];
        inlet.gathered.push_back(std::move(command));
        if (inlet.gathered.size() == 1) {
          asio::post(inlet.executor, [this, &inlet] { flush(inlet); });
        }
      },
      use_awaitable);
}

void CommandQueue::flush(Inlet& inlet) {
  bool tell = false;
  {
    const std::lock_guard lock(shared_->mutex);
    for (auto& command : inlet.gathered) shared_->handed_over.push_back(std::move(command));
    tell = !std::exchange(shared_->writer_told, true);
  }
  inlet.gathered.clear();
  if (tell) asio::post(writer_, [shared = shared_] { shared->arrived.raise(); });
}

Failure CommandQueue::shutting_down() {
  return Failure(Error::shutting_down, "This server is stopping; nothing was done. Repeat in a second.")
      .retry_in(std::chrono::seconds{1});
}

void CommandQueue::sort_into_lanes() {
  std::vector<CommandPtr> arrived;
  {
    const std::lock_guard lock(shared_->mutex);
    arrived.swap(shared_->handed_over);
    shared_->writer_told = false;
  }
  for (auto& command : arrived) {
    (command->is_placement() ? placements_ : transitions_).push_back(std::move(command));
  }
}

Awaitable<std::vector<CommandPtr>> CommandQueue::take() {
  for (;;) {
    sort_into_lanes();
    if (!placements_.empty() || !transitions_.empty()) break;
    if (closed_.load() && waiting() == 0) co_return std::vector<CommandPtr>{};
    co_await shared_->arrived.wait();
  }

  std::vector<CommandPtr> round;
  const auto move_from = [&round](std::deque<CommandPtr>& lane, std::size_t count) {
    for (std::size_t left = std::min(count, lane.size()); left > 0; --left) {
      round.push_back(std::move(lane.front()));
      lane.pop_front();
    }
  };
  round.reserve(std::min(settings_.max_round, placements_.size() + transitions_.size()));
  move_from(transitions_, placements_.empty() ? settings_.max_round : settings_.transition_quota);
  move_from(placements_, settings_.max_round - round.size());
  co_return round;
}

std::vector<CommandPtr> CommandQueue::take_older(Monotonic placements, Monotonic transitions) {
  sort_into_lanes();
  std::vector<CommandPtr> older;
  const auto move_from = [&older](std::deque<CommandPtr>& lane, Monotonic before) {
    for (auto& command : lane) {
      if (command->arrived < before) older.push_back(std::move(command));
    }
    std::erase(lane, nullptr);
  };
  move_from(transitions_, transitions);
  move_from(placements_, placements);
  return older;
}

void CommandQueue::give_back(std::vector<CommandPtr> commands) {
  for (auto command = commands.rbegin(); command != commands.rend(); ++command) {
    ((*command)->is_placement() ? placements_ : transitions_).push_front(std::move(*command));
  }
}

void CommandQueue::answer(std::vector<CommandPtr> commands) {
  std::size_t placements = 0;
  for (auto& command : commands) {
    placements += command->is_placement();
    returns_[command->home].push_back(std::move(command));
  }
  waiting_placements_.fetch_sub(placements);
  waiting_transitions_.fetch_sub(commands.size() - placements);
  for (std::size_t home = 0; home < returns_.size(); ++home) {
    if (returns_[home].empty()) continue;
    asio::post(inlets_[home]->executor,
               [executor = inlets_[home]->executor, answered = std::move(returns_[home])]() mutable {
                 deliver(executor, std::move(answered), 0);
               });
    returns_[home].clear();
  }
}

// Resumes the waiters on their own thread, some at a time: in between the thread looks for new requests, so
// that the writer has its next round while the rest of this one is still being answered.
void CommandQueue::deliver(const Executor& home, std::vector<CommandPtr> answered, std::size_t from) {
  const std::size_t end = std::min(answered.size(), from + limits::answer_burst);
  for (std::size_t i = from; i < end; ++i) {
    CommandPtr command = std::move(answered[i]);
    auto waiter = std::move(*command->waiter);
    auto outcome = std::move(*command->outcome);
    command.reset();
    std::move(waiter)(std::move(outcome));
  }
  if (end == answered.size()) return;
  asio::post(home, [home, answered = std::move(answered), end]() mutable {
    deliver(home, std::move(answered), end);
  });
}

void CommandQueue::close() {
  closed_.store(true);
  asio::post(writer_, [shared = shared_] { shared->arrived.raise(); });
}

}  // namespace buyme::order
