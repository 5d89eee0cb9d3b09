// A TCP relay in front of a server on this machine, which loses what passes through it when told to.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace buyme::test {

// Its methods belong to the test's thread.
class Relay {
 public:
  explicit Relay(std::uint16_t server);
  ~Relay();  // cuts what is still connected
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::uint16_t port() const { return port_; }
  void lose_answers(bool lose) { lose_answers_ = lose; }  // what the server says from now on
  void hold_requests(bool hold) { hold_requests_ = hold; }
  // What was held goes on to the server, whether or not its client is still there.
  void deliver_held();

 private:
  struct Held {
    int server;
    std::string bytes;
  };
  void accept_all();
  void carry_requests(int client, int server);
  void carry_answers(int server, int client);

  std::uint16_t server_, port_ = 0;
  int listener_ = -1;
  std::atomic<bool> lose_answers_{false}, hold_requests_{false};
  std::mutex mutex_;
  std::vector<Held> held_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace buyme::test
