#include "db/group_commit.hpp"

#include <pthread.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace buyme::db {

struct GroupCommit::State {
  using Round = std::vector<std::unique_ptr<Job>>;

  State(GroupCommitSettings wanted, std::span<const Migration> migrations, Log logger)
      : settings(std::move(wanted)), database(settings.path, 1, migrations), log(std::move(logger)) {}

  GroupCommitSettings settings;
  SqlDatabase database;
  Log log;

  mutable std::mutex mutex;  // guards the members down to `counts`
  std::condition_variable wake;
  std::deque<std::unique_ptr<Job>> jobs;
  bool stopping = false;
  Counts counts;

  std::thread thread;

  void work();
  Round take();  // empty when stopping
  void commit(soci::session& session, Round& round);
  bool perform_all(soci::session& session, Round& round);
  bool end(soci::session& session);
  void undo(soci::session& session, Round& round);
};

void GroupCommit::State::work() {
  database.with_session([this](soci::session& session) {
    for (;;) {
      Round round = take();
      if (round.empty()) return;
      commit(session, round);
      for (auto& job : round) job->resume();
    }
  });
}

GroupCommit::State::Round GroupCommit::State::take() {
  Round round;
  std::unique_lock lock(mutex);
  wake.wait(lock, [this] { return stopping || !jobs.empty(); });
  if (stopping) return round;
  const std::size_t count = std::min(jobs.size(), settings.round_limit);
  round.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    round.push_back(std::move(jobs.front()));
    jobs.pop_front();
  }
  return round;
}

void GroupCommit::State::commit(soci::session& session, Round& round) {
  if (!perform_all(session, round) || !end(session)) return undo(session, round);
  const std::lock_guard lock(mutex);
  ++counts.rounds;
  counts.jobs += round.size();
}

// False when the transaction as a whole is lost: the database refused to begin it, or undid all of it because
// of one job (a full disk does that), so that not even the savepoint is there any more.
bool GroupCommit::State::perform_all(soci::session& session, Round& round) {
  try {
    session << "BEGIN IMMEDIATE";
    for (auto& job : round) {
      session << "SAVEPOINT job";
      if (!job->perform(session)) session << "ROLLBACK TO job";
      session << "RELEASE job";
    }
    return true;
  } catch (const soci::soci_error& error) {
    log->error("{}: a round of {} jobs was refused: {}", settings.name, round.size(), error.what());
    return false;
  }
}

bool GroupCommit::State::end(soci::session& session) {
  try {
    session << "COMMIT";
    return true;
  } catch (const soci::soci_error& error) {
    if (may_have_committed(error)) {
      log->critical("{}: the outcome of a COMMIT is unknown ({}); restart to read it from the file",
                    settings.name, error.what());
      log->flush();
      std::abort();
    }
    log->error("{}: a COMMIT was refused: {}", settings.name, error.what());
    return false;
  }
}

void GroupCommit::State::undo(soci::session& session, Round& round) {
  try {
    session << "ROLLBACK";
  } catch (const soci::soci_error&) {
    // There is no transaction any more: the database has undone it by itself.
  }
  const auto failure =
      Failure(Error::store_unavailable, "The shop cannot write right now; nothing was done. Try again.")
          .retry_in(std::chrono::seconds{1});
  for (auto& job : round) job->fail(failure);
}

GroupCommit::GroupCommit(GroupCommitSettings settings, std::span<const Migration> migrations, Log log)
    : state_(std::make_unique<State>(std::move(settings), migrations, std::move(log))) {
  state_->thread = std::thread([state = state_.get()] {
    pthread_setname_np(pthread_self(), state->settings.name.substr(0, 15).c_str());
    state->work();
  });
}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
}

std::unique_ptr<GroupCommit::Job> GroupCommit::submit(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->jobs.size() >= state_->settings.queue_limit) return job;
    state_->jobs.push_back(std::move(job));
  }
  state_->wake.notify_one();
  return nullptr;
}

GroupCommit::Counts GroupCommit::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

}  // namespace buyme::db
