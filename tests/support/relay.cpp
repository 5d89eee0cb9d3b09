#include "support/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace buyme::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto sent = send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

}  // namespace

Relay::Relay(std::uint16_t server) : server_(server) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "relay");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Relay::~Relay() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (const int descriptor : sockets_) shutdown(descriptor, SHUT_RDWR);
  for (auto& thread : threads_) thread.join();
  for (const int descriptor : sockets_) close(descriptor);
  close(listener_);
}

void Relay::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(server_);
    sockets_.insert(sockets_.end(), {client, server});
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      shutdown(client, SHUT_RDWR);
      continue;
    }
    threads_.emplace_back([this, client, server] { carry_requests(client, server); });
    threads_.emplace_back([this, client, server] { carry_answers(server, client); });
  }
}

void Relay::carry_requests(int client, int server) {
  char block[16 * 1024];
  bool held_some = false;
  for (;;) {
    const auto size = recv(client, block, sizeof block, 0);
    if (size <= 0) break;
    if (hold_requests_ || held_some) {
      const std::lock_guard lock(mutex_);
      held_.push_back({server, std::string(block, static_cast<std::size_t>(size))});
      held_some = true;
    } else {
      send_all(server, block, static_cast<std::size_t>(size));
    }
  }
  if (!held_some) shutdown(server, SHUT_WR);
}

void Relay::carry_answers(int server, int client) {
  char block[16 * 1024];
  for (;;) {
    const auto size = recv(server, block, sizeof block, 0);
    if (size <= 0) break;
    if (!lose_answers_) send_all(client, block, static_cast<std::size_t>(size));
  }
  shutdown(client, SHUT_RDWR);
}

void Relay::deliver_held() {
  const std::lock_guard lock(mutex_);
  for (const auto& held : held_) send_all(held.server, held.bytes.data(), held.bytes.size());
  held_.clear();
}

}  // namespace buyme::test
