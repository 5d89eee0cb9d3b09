// The real program as a child process: `buyme serve` on a data directory, to be killed, stopped and started
// again; and its other commands, run to their end.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/http_client.hpp"

namespace buyme::test {

using Arguments = std::vector<std::string>;

// It ended before it served. what() has all that it said on standard error.
class ShopDidNotStart : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Belongs to one thread, which must live as long as the shop does: the child dies with it.
class ShopProcess {
 public:
  static constexpr std::chrono::seconds start_deadline{30};
  static constexpr std::chrono::seconds stop_deadline{30};

  // `arguments` come behind `serve --port 0 --data-dir DIRECTORY`. Does not start it.
  explicit ShopProcess(std::filesystem::path directory, Arguments arguments = {});
  ~ShopProcess();  // kills it
  ShopProcess(const ShopProcess&) = delete;
  ShopProcess& operator=(const ShopProcess&) = delete;

  // NAME=value, beside what this process has; before start().
  void set_environment(std::string entry) { environment_.push_back(std::move(entry)); }

  void start();  // and waits until it serves; throws ShopDidNotStart
  void kill();   // as a power cut would: SIGKILL, and waits until it is gone
  int stop();    // SIGTERM and wait()
  void signal(int number) const;
  // Until it has ended; its status, or 128 + the signal that ended it. Throws when the deadline passes first.
  int wait(std::chrono::milliseconds deadline = stop_deadline);

  pid_t process() const { return process_; }
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& directory() const { return directory_; }
  std::string errors() const;  // all that it and its predecessors said on standard error
  HttpClient client(std::string token = {}) const { return HttpClient(port_, std::move(token)); }

 private:
  std::string read_first_line(int descriptor);

  std::filesystem::path directory_;
  Arguments arguments_;
  std::vector<std::string> environment_;
  int errors_ = -1;
  pid_t process_ = -1;
  std::uint16_t port_ = 0;
};

struct CommandResult {
  int status = 0;
  std::string output;
  std::string errors;
};

// Runs `buyme ARGUMENTS` to its end. Throws when that takes longer than two minutes.
CommandResult run_buyme(const Arguments& arguments, std::string_view input = {});

struct Account {
  std::int64_t user = 0;
  std::string token;
};
struct Accounts {
  std::vector<Account> buyers;
  std::string admin_token;
};
// By `buyme admin tokens`, on a shop that runs or not.
Accounts make_accounts(const std::filesystem::path& directory, int buyers);

struct AuditResult {
  int status = 0;
  json::object report;
  std::string text;  // the whole answer, for a failure message
};
// By `buyme audit --json`.
AuditResult audit_shop(const std::filesystem::path& directory);

// Registers a product as the admin, at 1,000 each; `more` are further members of the body, each with its
// comma in front. Returns its number.
std::int64_t make_product(HttpClient& admin, std::int64_t stock, std::string_view more = {});

}  // namespace buyme::test
