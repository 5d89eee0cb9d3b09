// Messages that others publish in Redis, on a connection of their own.
//
// Publishing reaches whoever listens at that moment and nobody else: what was published while this subscriber
// had no connection is lost to it. So it says each time that it listens (again), and who uses it reads anew
// then what he must not miss.
//
// Thread safety: as of Client: one executor; destroyed before its context; the clock outlives that context.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/log.hpp"
#include "redis/connection.hpp"

namespace buyme::redis {

class Subscriber {
 public:
  // They run on the executor and must not wait. The last two may be empty.
  struct Handlers {
    std::function<void(std::string_view channel, std::string_view message)> on_message;
    std::function<void()> on_listening;  // all channels are subscribed, for the first time or again
    std::function<void()> on_deaf;       // and are not any more
  };

  Subscriber(Settings settings, std::vector<std::string> channels, Handlers handlers, Clock& clock,
             Executor executor, Log log);
  ~Subscriber();  // no handler runs any more
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  void start();  // begins to connect; may be called from any thread
  bool listening() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace buyme::redis
