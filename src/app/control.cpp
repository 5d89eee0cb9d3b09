#include "app/control.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "core/limits.hpp"

namespace buyme::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view socket_name = "control.sock";

[[noreturn]] void fail(std::string_view what) {
  throw std::system_error(errno, std::generic_category(), "control socket: " + std::string(what));
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

Descriptor open_directory(const fs::path& directory) {
  Descriptor descriptor(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) fail("cannot open " + directory.string());
  return descriptor;
}

// A socket's path holds 107 bytes, a directory's many more: the way through the open directory is always
// short.
sockaddr_un address_in(const Descriptor& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fmt::format_to_n(address.sun_path, sizeof address.sun_path - 1, "/proc/self/fd/{}/{}", directory.get(),
                   socket_name);
  return address;
}

Descriptor new_socket() {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) fail("cannot be made");
  return socket;
}

// Waits until `socket` is ready for `events`. False when the deadline passed, or `stop` (when given) was
// raised.
bool wait_for(int socket, short events, int stop, Monotonic deadline, Clock& clock) {
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - clock.monotonic());
    if (left.count() <= 0) return false;
    pollfd waiting[2] = {{socket, events, 0}, {stop, POLLIN, 0}};
    const int ready =
        poll(waiting, stop >= 0 ? 2 : 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready > 0 && stop >= 0 && waiting[1].revents != 0) return false;
    if (ready > 0 && waiting[0].revents != 0) return true;
  }
}

struct Line {
  enum class End { complete, too_long, ended, late } end = End::ended;
  std::string text;  // without the newline
};

Line read_line(int socket, std::size_t limit, int stop, Monotonic deadline, Clock& clock) {
  Line line;
  std::string chunk(64 * 1024, '\0');
  for (;;) {
    if (!wait_for(socket, POLLIN, stop, deadline, clock)) return {Line::End::late, ""};
    const auto size = recv(socket, chunk.data(), chunk.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) return {Line::End::ended, ""};
    const std::string_view received(chunk.data(), static_cast<std::size_t>(size));
    const auto newline = received.find('\n');
    line.text += received.substr(0, newline);
    if (line.text.size() > limit) return {Line::End::too_long, ""};
    if (newline != std::string_view::npos) {
      line.end = Line::End::complete;
      return line;
    }
  }
}

bool write_line(int socket, std::string text, int stop, Monotonic deadline, Clock& clock) {
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto size = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (size > 0) {
      rest.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!wait_for(socket, POLLOUT, stop, deadline, clock)) return false;
    } else {
      return false;
    }
  }
  return true;
}

bool is_allowed(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

}  // namespace

// --- the shop's side

struct ControlServer::State {
  Handlers handlers;
  Clock& clock;
  Log log;
  Descriptor directory;
  Descriptor listener;
  Descriptor stop;
  std::thread thread;

  void serve();
  void answer_one(const Descriptor& connection);
  json::object handle(const std::string& line);
};

ControlServer::ControlServer(const fs::path& directory, Handlers handlers, Clock& clock, Log log)
    : state_(new State{std::move(handlers),
                       clock,
                       std::move(log),
                       open_directory(directory),
                       new_socket(),
                       Descriptor(eventfd(0, EFD_CLOEXEC)),
                       {}}) {
  if (state_->stop.get() < 0) fail("cannot make an event");
  if (unlinkat(state_->directory.get(), socket_name.data(), 0) != 0 && errno != ENOENT)
    fail("an old one stays");
  const sockaddr_un address = address_in(state_->directory);
  // Set before bind, so that there is no moment in which others could connect.
  if (fchmod(state_->listener.get(), 0600) != 0) fail("its mode cannot be set");
  if (bind(state_->listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(state_->listener.get(), 16) != 0) {
    fail("cannot listen in " + directory.string());
  }
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

ControlServer::~ControlServer() {
  eventfd_write(state_->stop.get(), 1);
  state_->thread.join();
  unlinkat(state_->directory.get(), socket_name.data(), 0);
}

void ControlServer::State::serve() {
  for (;;) {
    pollfd waiting[2] = {{listener.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0) continue;  // a signal
    if (waiting[1].revents != 0) return;
    const Descriptor connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.get() >= 0) answer_one(connection);
  }
}

void ControlServer::State::answer_one(const Descriptor& connection) {
  if (!is_allowed(connection.get())) {
    log->warn("control socket: refused a process of another user");
    return;
  }
  const Line line = read_line(connection.get(), limits::control_request_bytes, stop.get(),
                              clock.monotonic() + limits::control_request_timeout, clock);
  json::object answer;
  if (line.end == Line::End::complete) {
    answer = handle(line.text);
  } else if (line.end == Line::End::too_long) {
    answer = {{"error", "the request is too long"}};
  } else {
    return;
  }
  const Monotonic deadline = clock.monotonic() + limits::control_request_timeout;
  if (!write_line(connection.get(), json::serialize(answer), stop.get(), deadline, clock)) {
    log->warn("control socket: the asker went away before the answer");
  }
}

json::object ControlServer::State::handle(const std::string& line) {
  try {
    boost::system::error_code error;
    const json::value request = json::parse(line, error);
    const auto* object = error ? nullptr : request.if_object();
    const auto* command = object != nullptr ? object->if_contains("command") : nullptr;
    if (command == nullptr || !command->is_string()) return {{"error", "the request is not a command"}};
    const auto found = handlers.find(std::string_view(command->as_string()));
    if (found == handlers.end()) {
      return {{"error", fmt::format("this shop does not know the command {}", command->as_string().c_str())}};
    }
    return {{"result", found->second(*object)}};
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

// --- the command's side

namespace {

// A shop locks its directory a moment before it listens, so a refusal is tried again for a while.
Descriptor connect_to_shop(const fs::path& directory, Clock& clock) {
  const Descriptor open = open_directory(directory);
  const sockaddr_un address = address_in(open);
  const Monotonic deadline = clock.monotonic() + limits::control_connect_timeout;
  for (;;) {
    Descriptor socket = new_socket();
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return socket;
    const bool may_come = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN;
    if (!may_come || clock.monotonic() >= deadline) {
      throw ControlError(
          fmt::format("no shop answers on {}/{}: {}", directory.string(), socket_name, std::strerror(errno)));
    }
    constexpr int pause_ms = 50;
    poll(nullptr, 0, pause_ms);
  }
}

}  // namespace

json::object ask_shop(const fs::path& directory, const json::object& request, Clock& clock) {
  const Descriptor socket = connect_to_shop(directory, clock);
  const Monotonic deadline = clock.monotonic() + limits::control_answer_timeout;
  constexpr int no_stop = -1;
  if (!write_line(socket.get(), json::serialize(request), no_stop, deadline, clock)) {
    throw ControlError("the shop closed the connection before it had read the command");
  }
  const Line line = read_line(socket.get(), limits::control_answer_bytes, no_stop, deadline, clock);
  if (line.end == Line::End::too_long) throw ControlError("the shop's answer is too long");
  if (line.end == Line::End::late) throw ControlError("the shop did not answer in time");
  boost::system::error_code error;
  const json::value answer = json::parse(line.text, error);
  const auto* object = error ? nullptr : answer.if_object();
  if (object == nullptr) throw ControlError("the shop stopped, or refused this user, before it answered");
  if (const auto* reason = object->if_contains("error"); reason != nullptr && reason->is_string()) {
    throw ControlError(std::string(reason->as_string()));
  }
  const auto* result = object->if_contains("result");
  if (result == nullptr || !result->is_object()) throw ControlError("the shop's answer cannot be understood");
  return result->as_object();
}

}  // namespace buyme::app
