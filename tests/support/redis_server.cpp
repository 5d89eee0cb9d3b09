#include "support/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/free_port.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;
using Wall = std::chrono::steady_clock;

constexpr int port_tries = 10;  // somebody else may take a port between the look and the start
constexpr milliseconds answer_deadline{2'000};

class Socket {
 public:
  Socket() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void append_command(std::string& out, const std::vector<std::string>& words) {
  out += fmt::format("*{}\r\n", words.size());
  for (const auto& word : words) out += fmt::format("${}\r\n{}\r\n", word.size(), word);
}

}  // namespace

RedisServer::RedisServer(Settings settings) : settings_(std::move(settings)) {
  for (int tries = 0;; ++tries) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      if (tries == port_tries) throw;
    }
  }
}

RedisServer::~RedisServer() {
  kill();
}

void RedisServer::write_configuration() const {
  std::ofstream file(directory_.file("redis.conf"));
  file << "bind 127.0.0.1\nport " << port_ << "\ndir " << directory_.path().string() << "\nlogfile "
       << directory_.file("redis.log") << "\n";
  if (settings_.sentinel_of != 0) {
    file << "sentinel monitor shop 127.0.0.1 " << settings_.sentinel_of << " 1\n"
         << "sentinel down-after-milliseconds shop 500\nsentinel failover-timeout shop 3000\n";
    if (!settings_.password.empty()) file << "sentinel auth-pass shop " << settings_.password << "\n";
    return;
  }
  file << "save \"\"\nmaxmemory-policy noeviction\nrepl-diskless-sync-delay 0\n"
       << "appendonly " << (settings_.append_only ? "yes" : "no") << "\nappendfsync always\n";
  if (!settings_.password.empty()) {
    file << "requirepass " << settings_.password << "\nmasterauth " << settings_.password << "\n";
  }
  if (settings_.replica_of != 0) file << "replicaof 127.0.0.1 " << settings_.replica_of << "\n";
}

void RedisServer::start(Data data) {
  if (process_ > 0) throw std::logic_error("the Redis server runs already");
  const auto written = directory_.path() / "appendonlydir", remembered = directory_.path() / "remembered";
  if (data != Data::kept) std::filesystem::remove_all(written);
  if (data == Data::remembered) {
    std::filesystem::copy(remembered, written, std::filesystem::copy_options::recursive);
  }
  write_configuration();
  const std::string configuration = directory_.file("redis.conf");
  const char* sentinel = settings_.sentinel_of != 0 ? "--sentinel" : nullptr;
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("cannot fork");
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, descriptor);
    execlp("redis-server", "redis-server", configuration.c_str(), sentinel, static_cast<char*>(nullptr));
    _exit(127);
  }
  process_ = process;
  if (answers()) return;
  kill();
  throw std::runtime_error("the Redis server has not started: is redis-server installed?\n" + output());
}

bool RedisServer::answers() const {
  const auto latest = Wall::now() + start_deadline;
  while (Wall::now() < latest) {
    try {
      if (ask({"PING"}).starts_with("+PONG")) return true;
    } catch (const std::runtime_error&) {  // it does not listen yet
    }
    siginfo_t ended{};
    if (waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        ended.si_pid != 0) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds{5});
  }
  return false;
}

void RedisServer::remember() {
  const auto remembered = directory_.path() / "remembered";
  std::filesystem::remove_all(remembered);
  std::filesystem::copy(directory_.path() / "appendonlydir", remembered,
                        std::filesystem::copy_options::recursive);
}

void RedisServer::stop() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

void RedisServer::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  stop();
}

void RedisServer::pause() {
  ::kill(process_, SIGSTOP);
  siginfo_t stopped{};
  waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED);
}

void RedisServer::resume() {
  ::kill(process_, SIGCONT);
}

std::string RedisServer::ask(const std::vector<std::string>& words) const {
  const Socket socket;
  const timeval patience{answer_deadline.count() / 1'000, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in address = loopback(port_);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("the Redis server does not listen");
  }
  std::string request, reply;
  const bool authenticates = !settings_.password.empty() && settings_.sentinel_of == 0;
  if (authenticates) append_command(request, {"AUTH", settings_.password});
  append_command(request, words);
  if (send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    throw std::runtime_error("the Redis server does not read");
  }
  shutdown(socket.get(), SHUT_WR);  // the server closes behind its answer, so no parser is needed here
  char block[4096];
  for (;;) {
    const auto size = recv(socket.get(), block, sizeof block, 0);
    if (size < 0) throw std::runtime_error("the Redis server does not answer");
    if (size == 0) break;
    reply.append(block, static_cast<std::size_t>(size));
  }
  constexpr std::string_view ok = "+OK\r\n";
  if (authenticates && reply.starts_with(ok)) reply.erase(0, ok.size());
  return reply;
}

std::string RedisServer::output() const {
  std::ifstream log(directory_.file("redis.log"));
  return {std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
}

}  // namespace buyme::test
