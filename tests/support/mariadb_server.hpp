// A real MariaDB as a child process, on data of its own: to be stopped, killed, paused and started again.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace buyme::test {

// Belongs to the thread that started it: the child dies with that thread. What a start costs is some 0.3 s;
// the very first one on a machine installs the system tables (4 s), which later servers copy.
class MariadbServer {
 public:
  static constexpr std::chrono::seconds start_deadline{60};
  static constexpr std::chrono::seconds stop_deadline{60};

  // Starts it on an empty data directory and waits until it serves. `more` are further options of mariadbd;
  // `data`, which must not exist, is where it keeps its data, else in a directory of its own. Throws
  // std::runtime_error with what the server said.
  explicit MariadbServer(std::vector<std::string> more = {}, std::filesystem::path data = {});
  ~MariadbServer();  // kills it and removes its data
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  // The one that all tests of a process share, each on a database of its own; gone when the process ends.
  static MariadbServer& shared();
  // A name that no other call in this process gives. The database is not made.
  static std::string new_database_name();

  void start();  // again, on the same data and port
  void stop();   // SIGTERM, and waits until it has ended
  void kill();   // SIGKILL, as a power cut would, but for what the kernel holds
  void pause();  // SIGSTOP, and waits until it stands still: it keeps its connections and answers nothing
  void resume();
  bool has_ended();  // by itself, as InnoDB does where it cannot write: start() as its supervisor would

  // An account with every right, over TCP to 127.0.0.1 or the socket.
  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  std::string socket() const { return place_.file("socket"); }
  const std::string& user() const { return user_; }
  const std::string& password() const { return password_; }
  pid_t process() const { return process_; }
  std::string log() const;  // all that it said

 private:
  bool answers() const;

  TempDir place_;
  std::filesystem::path data_;
  std::vector<std::string> more_;
  std::string host_ = "127.0.0.1", user_ = "buyme", password_ = "only for 'tests'";
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace buyme::test
