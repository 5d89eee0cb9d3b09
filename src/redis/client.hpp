// Commands to a Redis server, as coroutines.
//
//   callers ── command() ──> outgoing bytes ──> one connection ──> replies, in order ──> callers
//
// Commands of concurrent coroutines share one connection and travel together (pipelining); what is written
// while a write is under way goes with the next one. A connection that ends, or on which a command has waited
// for longer than its timeout, is given up: all that waits on it fails, and a new one is opened after a pause
// that doubles (with jitter). Nothing is sent again by itself.
//
// Outcomes of command():
//   a reply             as the server gave it
//   store_unavailable   no connection (certainly not done), no reply in time or the connection ended (may
//   have
//                       been done, even later), or an error reply (not done; its text is the detail)
//   overloaded          too many commands wait already: certainly not sent
//
// Thread safety: none. A client belongs to one executor; every call is made on it, but for the constructor
// and the destructor, for which that executor may also stand still. It is destroyed before its execution
// context. The clock outlives that context.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "redis/connection.hpp"
#include "redis/reply.hpp"

namespace buyme::redis {

// A Lua script, which a server knows by its hash once it has seen it.
class Script {
 public:
  explicit Script(std::string_view text);
  const std::string& text() const { return text_; }
  const std::string& sha1() const { return sha1_; }

 private:
  std::string text_;
  std::string sha1_;
};

class Client {
 public:
  // Does nothing before start(). `on_connected`, if any, runs on the executor after each (re)connect.
  Client(Settings settings, Clock& clock, Executor executor, Log log,
         std::function<void()> on_connected = {});
  ~Client();  // what waits is answered store_unavailable
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start();  // begins to connect; may be called from any thread
  bool connected() const;
  // Waits for a connection, at most that long; whether there is one.
  Awaitable<bool> connected_within(Milliseconds patience);

  Awaitable<Result<Reply>> command(Words words);

  // Runs the script by its hash, and with its text where the server does not know it (yet, or any more).
  Awaitable<Result<Reply>> eval(const Script& script, Words keys, Words arguments);

 private:
  struct State;
  static Awaitable<Result<Reply>> exchange(std::shared_ptr<State> state, Words words);

  std::shared_ptr<State> state_;
};

}  // namespace buyme::redis
