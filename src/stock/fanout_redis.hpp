// Live stock told from server to server: what one has committed is shown by all a moment later.
//
// It decides nothing. A message may get lost (Redis away, a server that does not listen), and then the others
// learn of the commit when they read the ledger next. So messages hold whole levels, newest first: a receiver
// ignores what is not newer than what it has heard or said of the product, and a sender may leave out all but
// the last.
#pragma once

#include <functional>
#include <memory>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "redis/connection.hpp"
#include "stock/gate.hpp"

namespace buyme::stock {

struct StockNews {
  LedgerSnapshot ledger;
  Units sold = 0;
};

// Thread safety: one executor, the one on which the board is written; all calls and the callback on it.
// Destroyed before its context, as redis::Client; the clock outlives the context.
class RedisFanout {
 public:
  using OnNews = std::function<void(const StockNews&)>;

  // `on_news` hears what other servers publish, each product's versions rising, and must not wait.
  RedisFanout(redis::Settings settings, OnNews on_news, Clock& clock, Executor executor, Log log);
  ~RedisFanout();
  RedisFanout(const RedisFanout&) = delete;
  RedisFanout& operator=(const RedisFanout&) = delete;

  void start();  // may be called from any thread

  // After a commit. Told at once, or when limits::fanout_pause has passed since the product was told last:
  // then the newest. All is told again after a reconnect. Waits for nothing.
  void publish(const StockNews& news);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::stock
