#include "support/lossy_proxy.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/write.hpp>

namespace buyme::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

tcp::endpoint loopback(std::uint16_t port) {
  return {asio::ip::address_v4::loopback(), port};
}

}  // namespace

LossyProxy::LossyProxy(std::uint16_t server_port)
    : acceptor_(context_, loopback(0)),
      server_port_(server_port),
      port_(acceptor_.local_endpoint().port()),
      acceptor_thread_([this] { accept(); }) {}

LossyProxy::~LossyProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  acceptor_thread_.join();
  for (auto& thread : threads_) thread.join();
}

void LossyProxy::lose(std::string word, Lost what) {
  const std::lock_guard lock(mutex_);
  word_ = std::move(word);
  what_ = what;
  lost_ = false;
}

void LossyProxy::let_in() {
  const std::lock_guard lock(mutex_);
  closed_ = false;
}

bool LossyProxy::has_lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void LossyProxy::accept() {
  for (;;) {
    boost::system::error_code error;
    Socket client = acceptor_.accept(error);
    const std::lock_guard lock(mutex_);
    if (error || stopping_) return;
    if (closed_) continue;
    threads_.emplace_back([this, socket = std::move(client)]() mutable { serve(std::move(socket)); });
  }
}

// MySQL's clients wait for each answer before they ask again; the server speaks first.
void LossyProxy::serve(Socket client) {
  Socket server(context_);
  boost::system::error_code error;
  server.connect(loopback(server_port_), error);
  if (error) return;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    open_.insert(open_.end(), {client.native_handle(), server.native_handle()});
  }
  std::atomic<bool> cut{false};
  std::thread answers([&] {
    std::array<char, 16'384> bytes;
    boost::system::error_code failed;
    while (const std::size_t size = server.read_some(asio::buffer(bytes), failed)) {
      if (cut) break;
      asio::write(client, asio::buffer(bytes, size), failed);
    }
    ::shutdown(client.native_handle(), SHUT_RDWR);
  });
  std::array<char, 16'384> bytes;
  while (const std::size_t size = client.read_some(asio::buffer(bytes), error)) {
    const auto lost = loses({bytes.data(), size});
    if (lost == Lost::question) break;
    if (lost) cut = true;
    asio::write(server, asio::buffer(bytes, size), error);
  }
  ::shutdown(server.native_handle(), SHUT_RDWR);
  answers.join();
  const std::lock_guard lock(mutex_);
  std::erase(open_, client.native_handle());
  std::erase(open_, server.native_handle());
}

std::optional<LossyProxy::Lost> LossyProxy::loses(std::string_view packet) {
  const std::lock_guard lock(mutex_);
  if (word_.empty() || packet.find(word_) == std::string_view::npos) return std::nullopt;
  word_.clear();
  lost_ = closed_ = true;
  return what_;
}

}  // namespace buyme::test
