// What the services of one process share: settings, threads, tokens, routes. Each of them is a part of its
// own (app/parts.hpp) and knows of the others no more than their ports.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/config.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/pool.hpp"
#include "core/token.hpp"
#include "db/lease.hpp"
#include "http/endpoint.hpp"
#include "http/server.hpp"
#include "redis/lock.hpp"
#include "user/authenticator.hpp"
#include "user/denylist_redis.hpp"

namespace buyme::app {

// One event loop on a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(std::string name);  // of the thread, for whoever looks at them
  ~LoopThread() { stop(); }
  void start();
  void stop();
  ExecutionContext& context() { return context_; }
  Executor executor() { return context_.get_executor(); }

 private:
  std::string name_;
  ExecutionContext context_{1};
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

// Thread safety: belongs to the thread that starts and stops the shop; what services use of it is safe from
// theirs.
struct Host {
  Host(const Config& settings, Log logger);

  // A job for as long as the shop runs. It must not end by an exception: the shop cannot go on without it,
  // and what is on disk is right; so the process ends.
  void start_job(ExecutionContext& on, Awaitable<void> job, const char* name);
  // Of several servers one does a job at a time. Lives as long as this.
  db::JobLease& lease(std::string_view service, std::string job);
  // Work of these may still use the services.
  void stop_pools();

  // As many as threads of the pools that ask: those for reads, and the one for lists.
  std::size_t sessions() const { return static_cast<std::size_t>(config.pools.read_threads) + 1; }
  std::vector<Executor> homes();  // where requests and jobs run

  Config config;
  Log log;
  std::unique_ptr<Clock> clock = make_system_clock();

  // Contexts are destroyed last: whatever is still suspended then is destroyed with them, after the services
  // that kept it waiting.
  http::IoThreads io;
  LoopThread writer{"order-writer"};
  LoopThread locking{"locks"};  // runs where there are locks

  TokenKey key;
  Pool hashing, database;
  Pool lists;  // what the back office reads of everybody: one at a time, with rests, so that buyers go first
  Pool audits{"audit", 1, limits::audit_queue};
  std::unique_ptr<redis::Locks> locks;             // where a setting wants them
  user::RedisDenylist* shared_denylist = nullptr;  // the same where servers share one
  std::unique_ptr<user::Denylist> denylist;
  user::JwtAuthenticator authenticator;
  http::Router router;

 private:
  std::unique_ptr<user::Denylist> make_denylist();
  std::unique_ptr<redis::Locks> make_locks();
  std::vector<std::unique_ptr<db::JobLease>> leases_;
};

// What a job's end by an exception leads to: see start_job.
std::function<void(std::exception_ptr)> fatal_for(Log log, std::string what);

}  // namespace buyme::app
