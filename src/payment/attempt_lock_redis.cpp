#include "payment/attempt_lock.hpp"
#include "payment/refusals.hpp"
#include "redis/lock.hpp"

namespace buyme::payment {

namespace {

Awaitable<void> give_back(std::shared_ptr<redis::Lock> lock) {
  (void)co_await lock->release();
}

class RedisHeld final : public AttemptLock::Held {
 public:
  RedisHeld(redis::Lock lock, Executor executor)
      : lock_(std::make_shared<redis::Lock>(std::move(lock))), executor_(executor) {}
  Awaitable<void> release() override {
    auto giving = give_back(lock_);
    co_await asio::co_spawn(executor_, std::move(giving), use_awaitable);
  }

 private:
  std::shared_ptr<redis::Lock> lock_;
  Executor executor_;
};

class RedisAttemptLock final : public AttemptLock {
 public:
  RedisAttemptLock(redis::Locks& locks, Executor executor, Milliseconds patience)
      : locks_(locks), executor_(executor), patience_(patience) {}

  Awaitable<Result<std::shared_ptr<Held>>> acquire(OrderId order) override {
    auto taking = take("payment:" + std::to_string(order.value));
    auto held = co_await asio::co_spawn(executor_, std::move(taking), use_awaitable);
    co_return held;
  }

 private:
  Awaitable<Result<std::shared_ptr<Held>>> take(std::string name) {
    auto lock = co_await locks_.acquire(std::move(name), patience_);
    if (!lock && lock.error().error == Error::overloaded) co_return in_progress();
    if (!lock) co_return lock.error();
    co_return std::make_shared<RedisHeld>(std::move(*lock), executor_);
  }

  redis::Locks& locks_;
  Executor executor_;
  Milliseconds patience_;
};

}  // namespace

std::unique_ptr<AttemptLock> make_redis_attempt_lock(redis::Locks& locks, Executor executor,
                                                     Milliseconds patience) {
  return std::make_unique<RedisAttemptLock>(locks, executor, patience);
}

}  // namespace buyme::payment
