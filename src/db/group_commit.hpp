// Group commit: many callers' small writes share one transaction, and so one fsync.
//
//   callers ── run(job) ──> bounded queue ──> one thread: BEGIN, job*, COMMIT ──> answers
//
// While a transaction syncs, the next jobs gather; under load a round holds up to limits::group_commit_round
// of them, and a lone job waits for nobody. A job that fails is undone alone, and its neighbours commit: each
// is in a savepoint of its own. With MySQL, where that costs two round trips, only in a second try.
//
// Outcomes of run():
//   the job's own value        it is on disk
//   the job's own Failure      the job was undone, nothing else
//   store_unavailable          the database refused the job or the whole round and undid it
//   overloaded                 the queue is full; the job never ran
//   outcome_unknown            the connection was lost at COMMIT, and there was no server to ask (MySQL)
// What a job throws beside soci::soci_error is rethrown to its caller.
//
// SQLite: a COMMIT whose outcome nobody can know (an I/O error) is logged and ends the process: after a
// restart the file itself says what happened.
//
// MySQL: other servers write to the same rows. A round that collides with theirs (a deadlock, a lock) runs
// again, and what keeps colliding is taken apart into its jobs. Each round raises `seq` of this writer's row
// in `commit_writers`, a table of the schema, so that after a lost connection the row tells whether it was
// committed; if it was not, it is made certain that it never will be, and it runs again.
//
// Thread safety: run() may be called from any executor; the coroutine resumes on the one it came from. The
// destructor finishes the round that runs, drops what waits and joins; no executor that waits for a job may
// run or be destroyed before it has returned.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "core/executor.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "db/sql.hpp"

namespace buyme::db {

struct GroupCommitSettings {
  std::string name;  // of the thread and in the log
  DatabaseAddress database;
  std::size_t queue_limit = limits::group_commit_queue;
  std::size_t round_limit = limits::group_commit_round;
};

class GroupCommit {
 public:
  GroupCommit(GroupCommitSettings settings, const Schema& schema, Log log);
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // Runs `work(soci::session&)`, which returns a Result<T>, inside a shared write transaction. `work` must
  // not begin or end transactions; it owns what it uses, because its caller may be gone, and leaves it as it
  // was, because it may be called several times; the last counts.
  template <class Work>
  Awaitable<std::invoke_result_t<Work, soci::session&>> run(Work work);

  struct Counts {
    std::uint64_t rounds = 0;  // committed
    std::uint64_t jobs = 0;    // in them
  };
  Counts counts() const;
  // False for limits::readiness_pause after the database refused a job or a round. Thread-safe.
  bool can_write() const;

 private:
  // undo: as the job wants it; refused: by the database; again: the transaction is lost to others.
  enum class Performed : std::uint8_t { keep, undo, refused, again };
  class Job {
   public:
    virtual ~Job() = default;
    // `why`: what the database said when it refused.
    virtual Performed perform(soci::session& session, std::string& why) noexcept = 0;
    virtual void fail(const Failure& failure) = 0;  // replaces the outcome
    virtual void resume() = 0;                      // the last call
  };
  template <class Outcome>
  struct Answer {
    std::optional<Outcome> outcome;
    std::exception_ptr error;
  };
  template <class Work, class Handler>
  class TypedJob;

  // Takes the job, or returns it when the queue is full.
  std::unique_ptr<Job> submit(std::unique_ptr<Job> job);

  struct State;
  std::unique_ptr<State> state_;
};

template <class Work, class Handler>
class GroupCommit::TypedJob final : public GroupCommit::Job {
 public:
  using Outcome = std::invoke_result_t<Work, soci::session&>;

  TypedJob(Work work, Handler handler, Executor executor, std::shared_ptr<Answer<Outcome>> answer)
      : work_(std::move(work)),
        handler_(std::move(handler)),
        executor_(executor),
        answer_(std::move(answer)) {}

  Performed perform(soci::session& session, std::string& why) noexcept override {
    answer_->error = nullptr;
    try {
      answer_->outcome.emplace(work_(session));
      return answer_->outcome->has_value() ? Performed::keep : Performed::undo;
    } catch (const soci::soci_error& refused) {
      if (is_transient(refused)) return Performed::again;
      why = refused.what();
      fail(Failure(Error::store_unavailable, "The shop cannot write right now; nothing was done. Try again.")
               .retry_in(std::chrono::seconds{1}));
      return Performed::refused;
    } catch (...) {
      answer_->error = std::current_exception();
    }
    return Performed::undo;
  }
  void fail(const Failure& failure) override { answer_->outcome.emplace(failure); }
  void resume() override { asio::post(executor_, std::move(handler_)); }

 private:
  Work work_;
  Handler handler_;
  Executor executor_;
  std::shared_ptr<Answer<Outcome>> answer_;
};

template <class Work>
Awaitable<std::invoke_result_t<Work, soci::session&>> GroupCommit::run(Work work) {
  using Outcome = std::invoke_result_t<Work, soci::session&>;
  auto answer = std::make_shared<Answer<Outcome>>();
  auto executor = co_await asio::this_coro::executor;
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&](auto handler) {
        using Typed = TypedJob<Work, decltype(handler)>;
        auto refused = submit(std::make_unique<Typed>(std::move(work), std::move(handler), executor, answer));
        if (!refused) return;
        refused->fail(Failure(Error::overloaded, "The server is busy; nothing was done. Repeat in a second.")
                          .retry_in(std::chrono::seconds{1}));
        refused->resume();
      },
      use_awaitable);
  if (answer->error) std::rethrow_exception(answer->error);
  co_return std::move(*answer->outcome);
}

}  // namespace buyme::db
