// Stands between a client and its database server, and loses a connection at a chosen statement.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace buyme::test {

class LossyProxy {
 public:
  enum class Lost : std::uint8_t {
    question,  // the server never sees the statement
    answer,    // the server has carried it out, and nobody is told
  };

  explicit LossyProxy(std::uint16_t server_port);
  ~LossyProxy();  // cuts every connection
  LossyProxy(const LossyProxy&) = delete;
  LossyProxy& operator=(const LossyProxy&) = delete;

  std::uint16_t port() const { return port_; }
  // Once: at the next packet that holds `word`. From then until let_in() nobody can connect.
  void lose(std::string word, Lost what);
  void let_in();
  bool has_lost() const;

 private:
  using Socket = boost::asio::ip::tcp::socket;
  void accept();
  void serve(Socket client);
  std::optional<Lost> loses(std::string_view packet);

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t server_port_, port_;
  mutable std::mutex mutex_;  // guards the rest
  bool stopping_ = false, closed_ = false, lost_ = false;
  std::string word_;
  Lost what_ = Lost::answer;
  std::vector<int> open_;  // descriptors of sockets that are being served
  std::vector<std::thread> threads_;
  std::thread acceptor_thread_;
};

}  // namespace buyme::test
