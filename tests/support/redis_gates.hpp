// Gates of several servers over one real Redis, each with a connection of its own, and a wall clock that
// stands still until the test moves it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "stock/gate_redis.hpp"
#include "support/redis_loop.hpp"
#include "support/redis_server.hpp"

namespace buyme::test {

// Its monotonic time and its sleep are real.
class StandingClock final : public Clock {
 public:
  Time now() const override { return from_unix_ms(now_ms_.load()); }
  Monotonic monotonic() const override { return system_->monotonic(); }
  Awaitable<void> sleep_until(Monotonic deadline) override { return system_->sleep_until(deadline); }
  void advance(Milliseconds by) { now_ms_ += by.count(); }

 private:
  std::unique_ptr<Clock> system_ = make_system_clock();
  std::atomic<std::int64_t> now_ms_{1'800'000'000'000};
};

// A gate that lives on a loop, to be used by the thread of a test. Its settle() returns when Redis has heard
// it.
class GateOnLoop final : public stock::StockGate {
 public:
  GateOnLoop(Loop& loop, const redis::Settings& settings, stock::RedisGateSettings gate, Clock& clock)
      : loop_(loop),
        client_(std::in_place, settings, clock, loop.executor(), make_null_log()),
        gate_(std::in_place, std::move(gate), *client_, clock, loop.executor(), make_null_log()) {
    client_->start();
    if (!connects()) throw std::runtime_error("no connection to the Redis of the test");
  }
  ~GateOnLoop() override {
    loop_.call([this] {
      gate_.reset();
      client_.reset();
    });
  }

  Awaitable<Result<std::vector<Units>>> claim(const stock::ClaimRound& round) override {
    co_return loop_.run(gate_->claim(round));
  }
  Awaitable<void> settle(std::int64_t seq, const std::vector<stock::LedgerSnapshot>& ledgers) override {
    settle_later(seq, ledgers);
    loop_.run(gate_->flush());
    co_return;
  }
  // As the order writer does it: Redis hears of it with the next round, or soon.
  void settle_later(std::int64_t seq, const std::vector<stock::LedgerSnapshot>& ledgers) {
    loop_.run(gate_->settle(seq, ledgers));
  }

  bool connects() { return loop_.run(client_->connected_within(Milliseconds{5'000})); }
  bool loses_its_connection() {
    return loop_.eventually([this] { return !client_->connected(); });
  }

 private:
  Loop& loop_;
  std::optional<redis::Client> client_;
  std::optional<stock::RedisGate> gate_;
};

class RedisGates {
 public:
  std::unique_ptr<GateOnLoop> open(std::string name, stock::WhenAway when_away = stock::WhenAway::go_on) {
    return open(std::move(name), clock, when_away);
  }
  std::unique_ptr<GateOnLoop> open(std::string name, Clock& its_clock,
                                   stock::WhenAway when_away = stock::WhenAway::go_on) {
    stock::RedisGateSettings settings{std::move(name), when_away};
    return std::make_unique<GateOnLoop>(loop_, settings_for(server), std::move(settings), its_clock);
  }

  RedisServer server;
  StandingClock clock;

 private:
  Loop loop_;
};

}  // namespace buyme::test
