// A real redis-server (or sentinel) on a free port of the loopback address, with its files in a directory of
// its own: to be stopped, killed, paused and started again, with its data or empty.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_dir.hpp"

namespace buyme::test {

// Belongs to one thread, which must live as long as the server does: the child dies with it. What goes wrong
// is thrown as std::runtime_error with what the server said.
class RedisServer {
 public:
  static constexpr std::chrono::seconds start_deadline{10};

  struct Settings {
    bool append_only = false;       // every write is on disk before its answer
    std::string password;           // requirepass; empty: none
    std::uint16_t replica_of = 0;   // the port of its master
    std::uint16_t sentinel_of = 0;  // a sentinel instead, which watches the master on this port as "shop"
  };
  // kept: what was on disk; remembered: what was there at remember()
  enum class Data { kept, empty, remembered };

  RedisServer() : RedisServer(Settings{}) {}
  explicit RedisServer(Settings settings);  // and starts it
  ~RedisServer();                           // kills it
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const { return port_; }
  const std::string& password() const { return settings_.password; }

  void start(Data data = Data::kept);  // on the port that it had; returns when it answers
  void remember();                     // of an append_only server: what it has written so far
  void stop();                         // SIGTERM, and waits until it is gone
  void kill();                         // SIGKILL, and waits
  void pause();                        // SIGSTOP: it keeps its connections and answers nobody
  void resume();

  // One command over a connection of its own, as redis-cli would send it; the reply's text as it came.
  std::string ask(const std::vector<std::string>& words) const;

 private:
  void write_configuration() const;
  bool answers() const;  // within start_deadline; false when it ended first
  std::string output() const;

  Settings settings_;
  TempDir directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace buyme::test
