#include "db/group_commit.hpp"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace buyme::db {

namespace {

constexpr auto insert_writer = "INSERT INTO commit_writers(seq) VALUES(0)";
constexpr auto raise_seq = "UPDATE commit_writers SET seq = :seq WHERE writer = :writer";
constexpr auto select_seq = "SELECT seq FROM commit_writers WHERE writer = :writer FOR UPDATE";

Failure refused() {
  return Failure(Error::store_unavailable, "The shop cannot write right now; nothing was done. Try again.")
      .retry_in(std::chrono::seconds{1});
}

Failure unknown() {
  return Failure(Error::outcome_unknown, "Nobody knows yet whether it was saved. Look, then repeat.")
      .retry_in(std::chrono::seconds{2});
}

}  // namespace

struct GroupCommit::State {
  using Round = std::vector<std::unique_ptr<Job>>;
  // collided: with another server; lost: the connection, before COMMIT. Both are certainly undone.
  enum class Ended : std::uint8_t { committed, refused, collided, lost, unknown };
  // What is undone when one job has to be: all of the round, or, with two more round trips a job, it alone.
  enum class Undo : std::uint8_t { together, alone };

  State(GroupCommitSettings wanted, const Schema& schema, Log logger)
      : settings(std::move(wanted)), database(settings.database, 1, schema), log(std::move(logger)) {}

  const std::unique_ptr<Clock> clock = make_system_clock();
  GroupCommitSettings settings;
  SqlDatabase database;
  Log log;
  std::atomic<Monotonic> failed_at{Monotonic::min()};
  long long writer = 0, seq = 0;  // MySQL: of this thread's row; 0: it has none yet

  mutable std::mutex mutex;  // guards the members down to `counts`
  std::condition_variable wake;
  std::deque<std::unique_ptr<Job>> jobs;
  bool stopping = false;
  Counts counts;

  std::thread thread;

  void work();
  Round take();  // empty when stopping
  void pause(std::chrono::milliseconds duration);
  void commit(Round& round);
  void commit_apart(Round& round);
  void count(const Round& round);

  Ended attempt(Round& round);
  std::optional<Ended> attempt(Round& round, Undo undo);
  void begin(soci::session& session);
  Performed perform_all(soci::session& session, Round& round, Undo undo);
  Ended end(SqlDatabase::Lease& lease, soci::session& session);
  Ended end_of(const soci::soci_error& error);
  Ended learn_fate(SqlDatabase::Lease& lease);
  bool was_committed(soci::session& session);
};

void GroupCommit::State::work() {
  for (;;) {
    Round round = take();
    if (round.empty()) return;
    commit(round);
    for (auto& job : round) job->resume();
  }
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

// Ends early when the thread is to stop.
void GroupCommit::State::pause(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex);
  wake.wait_for(lock, duration, [this] { return stopping; });
}

void GroupCommit::State::commit(Round& round) {
  const Monotonic begun = clock->monotonic();
  Ended ended = attempt(round);
  for (int tries = 1; tries < limits::sql_tries; ++tries) {
    const bool silent = clock->monotonic() - begun >= limits::database_answer_timeout;
    if (ended != Ended::collided && (ended != Ended::lost || silent)) break;
    pause(limits::sql_retry_pause * tries);
    ended = attempt(round);
  }
  if (ended == Ended::committed) return count(round);
  if (ended == Ended::collided && round.size() > 1) return commit_apart(round);
  log->error("{}: a round of {} jobs was given up", settings.name, round.size());
  failed_at = clock->monotonic();
  for (auto& job : round) job->fail(ended == Ended::unknown ? unknown() : refused());
}

// One job must not keep its neighbours from the disk.
void GroupCommit::State::commit_apart(Round& round) {
  for (auto& job : round) {
    Round alone;
    alone.push_back(std::move(job));
    const Ended ended = attempt(alone);
    if (ended == Ended::committed) {
      count(alone);
    } else {
      log->error("{}: a job was given up", settings.name);
      alone.front()->fail(ended == Ended::unknown ? unknown() : refused());
    }
    job = std::move(alone.front());
  }
}

void GroupCommit::State::count(const Round& round) {
  const std::lock_guard lock(mutex);
  ++counts.rounds;
  counts.jobs += round.size();
}

// Nearly every job is kept: over a network savepoints are for the round that has one which is not. In a file
// they cost nothing, and notice that a job has lost the transaction of them all.
GroupCommit::State::Ended GroupCommit::State::attempt(Round& round) {
  const auto ended = attempt(round, Undo::together);
  return ended ? *ended : attempt(round, Undo::alone).value();
}

// None: a job had to be undone, and the others with it.
std::optional<GroupCommit::State::Ended> GroupCommit::State::attempt(Round& round, Undo undo) {
  SqlDatabase::Lease lease(database);
  try {
    soci::session& session = lease.session();
    begin(session);
    const Performed performed = perform_all(session, round, is_mysql(session) ? undo : Undo::alone);
    if (performed == Performed::keep) return end(lease, session);
    lease.roll_back();
    if (performed == Performed::again) return Ended::collided;
    if (round.size() == 1) return Ended::committed;  // nothing, as the job wants it
    return std::nullopt;
  } catch (const soci::soci_error& error) {
    lease.met(error);
    lease.roll_back();
    const Ended ended = end_of(error);
    // all others are repeated
    const auto level = ended == Ended::refused ? spdlog::level::err : spdlog::level::debug;
    log->log(level, "{}: a round of {} jobs was refused: {}", settings.name, round.size(), error.what());
    return ended;
  }
}

void GroupCommit::State::begin(soci::session& session) {
  if (!is_mysql(session)) {
    session << begin_text(session);
    return;
  }
  if (writer == 0) {
    session << insert_writer;
    if (!session.get_last_insert_id("commit_writers", writer)) throw std::logic_error("no writer number");
    seq = 0;
  }
  session << begin_text(session);
  ++seq;
  session << raise_seq, soci::use(seq), soci::use(writer);
}

// keep: all is ready for COMMIT. again: a job has met other servers' transactions. Throws when the
// transaction as a whole is lost: the database refused to begin it, or undid all of it because of one job (a
// full disk does that), so that not even the savepoint is there any more.
GroupCommit::Performed GroupCommit::State::perform_all(soci::session& session, Round& round, Undo undo) {
  for (auto& job : round) {
    if (undo == Undo::alone) session << "SAVEPOINT job";
    std::string why;
    const Performed performed = job->perform(session, why);
    if (performed == Performed::again) return performed;
    if (performed == Performed::refused) {
      log->error("{}: the database refused a job: {}", settings.name, why);
      failed_at = clock->monotonic();
    }
    if (performed != Performed::keep && undo == Undo::together) return performed;
    if (performed != Performed::keep) session << "ROLLBACK TO SAVEPOINT job";
    if (undo == Undo::alone) session << "RELEASE SAVEPOINT job";
  }
  return Performed::keep;
}

GroupCommit::State::Ended GroupCommit::State::end(SqlDatabase::Lease& lease, soci::session& session) {
  try {
    session << "COMMIT";
    return Ended::committed;
  } catch (const soci::soci_error& error) {
    const bool sqlite = !is_mysql(session);
    lease.met(error);
    if (!may_have_committed(error)) {
      log->error("{}: a COMMIT was refused: {}", settings.name, error.what());
      lease.roll_back();
      return end_of(error);
    }
    if (sqlite) {
      log->critical("{}: the outcome of a COMMIT is unknown ({}); restart to read it from the file",
                    settings.name, error.what());
      log->flush();
      std::abort();
    }
    log->error("{}: the outcome of a COMMIT is unknown: {}", settings.name, error.what());
    lease.roll_back();
    return learn_fate(lease);
  }
}

GroupCommit::State::Ended GroupCommit::State::end_of(const soci::soci_error& error) {
  if (is_lost(error)) return Ended::lost;
  return is_transient(error) ? Ended::collided : Ended::refused;
}

GroupCommit::State::Ended GroupCommit::State::learn_fate(SqlDatabase::Lease& lease) {
  const Monotonic latest = clock->monotonic() + limits::commit_settle_budget;
  for (; clock->monotonic() < latest; pause(limits::commit_settle_pause)) {
    try {
      return was_committed(lease.session()) ? Ended::committed : Ended::lost;
    } catch (const soci::soci_error& error) {
      lease.met(error);
      lease.roll_back();
    }
  }
  writer = 0;  // the next round has nothing to do with this row
  return Ended::unknown;
}

// The row is locked for as long as the old session lives, so whoever reads it comes after that one's end; and
// what has not been committed by then never is: where a cluster of servers takes writes, because it was made
// of a row that has changed.
bool GroupCommit::State::was_committed(soci::session& session) {
  long long found = 0, dead = seq + 1;
  session << begin_text(session);
  session << select_seq, soci::use(writer), soci::into(found);
  const bool committed = session.got_data() && found == seq;
  if (!committed) {
    session << raise_seq, soci::use(dead), soci::use(writer);
  }
  session << "COMMIT";
  if (!committed) seq = dead;
  return committed;
}

GroupCommit::GroupCommit(GroupCommitSettings settings, const Schema& schema, Log log)
    : state_(std::make_unique<State>(std::move(settings), schema, std::move(log))) {
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

bool GroupCommit::can_write() const {
  const Monotonic failed_at = state_->failed_at;
  return failed_at == Monotonic::min() || state_->clock->monotonic() - failed_at >= limits::readiness_pause;
}

GroupCommit::Counts GroupCommit::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

}  // namespace buyme::db
