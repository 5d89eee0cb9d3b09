#include "app/host.hpp"

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>

#include "app/places.hpp"
#include "core/limits.hpp"

namespace buyme::app {

LoopThread::LoopThread(std::string name) : name_(std::move(name)), work_(asio::make_work_guard(context_)) {}

void LoopThread::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), name_.c_str());
    context_.run();
  });
}

void LoopThread::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

Host::Host(const Config& settings, Log logger)
    : config(settings),
      log(std::move(logger)),
      io(static_cast<std::size_t>(config.server.io_threads)),
      key(token_key_of(config)),
      hashing("hash", static_cast<std::size_t>(config.user.hash_threads), limits::hash_queue),
      database("database", static_cast<std::size_t>(config.pools.read_threads), limits::read_queue),
      lists("lists", 1, limits::list_queue, limits::list_rest),
      locks(make_locks()),
      denylist(make_denylist()),
      authenticator(key, *denylist, *clock) {}

std::unique_ptr<user::Denylist> Host::make_denylist() {
  if (!config.shares_database()) return user::make_local_denylist(*clock);
  auto shared = std::make_unique<user::RedisDenylist>(redis_settings(config), *clock,
                                                      io.context(0).get_executor(), log);
  shared_denylist = shared.get();
  return shared;
}

std::unique_ptr<redis::Locks> Host::make_locks() {
  const bool wanted = config.order.strategy == order::Strategy::distributed ||
                      config.payment.lock == payment::LockKind::distributed;
  if (!wanted) return nullptr;
  return std::make_unique<redis::Locks>(redis_settings(config), *clock, locking.executor(), log);
}

std::vector<Executor> Host::homes() {
  std::vector<Executor> all{writer.executor()};
  for (std::size_t i = 0; i < io.size(); ++i) all.push_back(io.context(i).get_executor());
  return all;
}

void Host::start_job(ExecutionContext& on, Awaitable<void> job, const char* name) {
  asio::co_spawn(on, std::move(job), fatal_for(log, name));
}

db::JobLease& Host::lease(std::string_view service, std::string job) {
  if (!config.shares_database()) return db::sole_server();
  leases_.push_back(db::make_sql_lease(place_of(config, service), std::move(job), database, *clock));
  return *leases_.back();
}

void Host::stop_pools() {
  for (Pool* pool : {&hashing, &database, &lists, &audits}) pool->stop();
}

std::function<void(std::exception_ptr)> fatal_for(Log log, std::string what) {
  return [log = std::move(log), what = std::move(what)](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
      log->critical("{} failed: {}; this process ends and starts from what is on disk", what, thrown.what());
    }
    log->flush();
    std::abort();
  };
}

}  // namespace buyme::app
