// The bounded way from the I/O threads to the order writer, and the way back.
//
// Guarantees:
//  1. A command is admitted or refused at once; admitted ones keep the order in which their thread submitted
//  them.
//  2. Two lanes: transitions (which free units and end holds) go first, up to a quota, placements after.
//  3. One lock per event-loop pass of an I/O thread, not one per command: what a pass submits is gathered in
//  the
//     thread's inlet and handed over together. Answers go back in bursts, one post per I/O thread and burst.
//
// Thread safety: submit() on the executor of `home`; take(), give_back() and answer() on the writer's
// executor.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "core/event.hpp"
#include "order/command.hpp"

namespace buyme::order {

class CommandQueue {
 public:
  struct Settings {
    std::size_t placements;  // admitted and unanswered at most, per lane
    std::size_t transitions;
    std::size_t max_round;
    std::size_t transition_quota;  // transitions of a round while placements wait
  };

  // `homes`: the executors that coroutines may submit from.
  CommandQueue(Settings settings, Executor writer, std::vector<Executor> homes);
  ~CommandQueue();

  std::size_t home_of(const Executor& executor) const;  // throws std::logic_error for a stranger

  // Suspends until the writer answers. Error::overloaded or shutting_down at once when not admitted.
  Awaitable<Outcome> submit(Command::What what, Monotonic now);

  // The next round, as soon as there is one: never empty, except once the queue is closed and drained.
  Awaitable<std::vector<CommandPtr>> take();
  // What waits and arrived before these moments, without waiting for more.
  std::vector<CommandPtr> take_older(Monotonic placements, Monotonic transitions);
  // Commands that a round did not decide, to the front of their lanes, in their order.
  void give_back(std::vector<CommandPtr> commands);
  // Sends each command its outcome and destroys it.
  void answer(std::vector<CommandPtr> commands);

  // No command is admitted any more; those admitted may be taken to the end. Any thread.
  void close();
  bool closed() const { return closed_.load(); }
  static Failure shutting_down();

  // Admitted and not answered yet, those of the round under way included: a round may give them all back.
  std::size_t waiting_placements() const { return waiting_placements_.load(); }
  std::size_t waiting() const { return waiting_placements_.load() + waiting_transitions_.load(); }

 private:
  struct Inlet;
  struct Shared;
  void flush(Inlet& inlet);
  void sort_into_lanes();
  static void deliver(const Executor& home, std::vector<CommandPtr> answered, std::size_t from);

  Settings settings_;
  Executor writer_;
  std::shared_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Inlet>> inlets_;
  std::vector<std::vector<CommandPtr>> returns_;  // per home, reused
  std::deque<CommandPtr> placements_, transitions_;
  std::atomic<std::size_t> waiting_placements_{0}, waiting_transitions_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace buyme::order
