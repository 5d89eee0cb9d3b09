// What the tests of group commit share: jobs that gather for one round.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

#include "db/group_commit.hpp"

namespace buyme::db {

// Holds the writing thread inside a round, so that what comes meanwhile shares the next one.
class Brake {
 public:
  Result<int> hold() {
    holding_.set_value();
    release_.get_future().wait();
    return 0;
  }
  void wait_until_held() { holding_.get_future().wait(); }
  void release() { release_.set_value(); }

 private:
  std::promise<void> holding_, release_;
};

class GroupCommitFixture : public testing::Test {
 protected:
  // Starts a job; its outcome appears in outcomes[position].
  template <class Work>
  void start(GroupCommit& writer, std::size_t position, Work work) {
    asio::co_spawn(context, collect(writer, std::move(work), outcomes.at(position)), asio::detached);
  }
  template <class Work>
  static Awaitable<void> collect(GroupCommit& writer, Work work, std::optional<Result<int>>& outcome) {
    outcome = co_await writer.run(std::move(work));
  }

  // What `start_jobs` starts shares one round: it comes while the round before, of job 0, is held. Ends with
  // them.
  template <class StartJobs>
  void run_in_one_round(GroupCommit& writer, StartJobs start_jobs) {
    Brake brake;
    start(writer, 0, [&brake](soci::session&) { return brake.hold(); });
    context.poll();
    brake.wait_until_held();
    start_jobs();
    context.poll();
    brake.release();
    context.run();
  }

  std::vector<std::optional<Result<int>>> outcomes = std::vector<std::optional<Result<int>>>(10);
  asio::io_context context;
};

}  // namespace buyme::db
