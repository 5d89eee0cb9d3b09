// A server that behaves badly, for tests of who asks it.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>
#include <vector>

namespace buyme::http {

// What a peer does with each connection in turn; the last one goes for all that follow.
enum class Manner { close_at_once, read_and_close, answer_and_close, answer_502, silent };

// On a thread of its own.
class BadServer {
 public:
  explicit BadServer(std::vector<Manner> manners)
      : acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
        manners_(std::move(manners)),
        thread_([this] { run(); }) {}
  ~BadServer() {
    stopping_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket wake(io_);
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  std::atomic<int> connections{0};
  std::atomic<int> requests{0};

 private:
  void run() {
    std::vector<boost::asio::ip::tcp::socket> kept;
    while (true) {
      boost::asio::ip::tcp::socket socket(io_);
      acceptor_.accept(socket);
      if (stopping_) return;
      const auto turn = std::min<std::size_t>(connections++, manners_.size() - 1);
      serve(socket, manners_[turn]);
      if (manners_[turn] == Manner::silent) kept.push_back(std::move(socket));
    }
  }
  void serve(boost::asio::ip::tcp::socket& socket, Manner manner) {
    boost::system::error_code ignored;
    if (manner == Manner::silent) return;
    if (manner == Manner::close_at_once) {
      socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);  // a reset: nothing was read
      return;
    }
    boost::asio::streambuf input;
    boost::asio::read_until(socket, input, "\r\n\r\n", ignored);
    ++requests;
    std::string_view answer;
    if (manner == Manner::answer_502) answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad";
    if (manner == Manner::answer_and_close) answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    boost::asio::write(socket, boost::asio::buffer(answer), ignored);
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<Manner> manners_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace buyme::http
