// The real gateway as a child process: nginx with deploy/nginx/nginx.conf.template, started as in production.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace buyme::test {

// Belongs to one thread, which must live as long as the gateway does: the child ends with it.
class Gateway {
 public:
  static constexpr std::chrono::seconds start_deadline{20};

  // Of each role HOST:PORT,HOST:PORT.
  struct Servers {
    std::string user, product, order, payment;
    std::string web = {};  // directory of the pages; none: it has none
  };
  // Starts it and waits until it serves. Throws std::runtime_error with what it said.
  explicit Gateway(Servers servers);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  void kill();   // SIGKILL, workers and all
  void start();  // again, on the same port
  void pause();  // SIGSTOP, likewise: it takes connections and answers nothing
  void resume();

  std::uint16_t port() const { return port_; }
  HttpClient client(std::string token = {}) const { return HttpClient(port_, std::move(token)); }

  // The lines of its log since the last call, `count` of them at least: a line is written behind its answer.
  std::vector<json::object> logged(std::size_t count = 1);
  // All of the log that counts its own errors, `count` lines of it at least.
  std::vector<json::object> own_errors(std::size_t count) const;
  // As in the template, its unit included; empty when the directive is not there.
  static std::string directive(const std::string& name);

 private:
  bool launch();  // false: the port is taken
  void signal(int number) const;
  void end();
  std::string said() const;

  Servers servers_;
  TempDir place_;
  pid_t process_ = -1;
  std::uint16_t port_ = 0;
  std::size_t read_ = 0;  // lines of the log
};

}  // namespace buyme::test
