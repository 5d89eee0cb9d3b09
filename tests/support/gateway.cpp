#include "support/gateway.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <cerrno>
#include <fstream>
#include <regex>
#include <sstream>
#include <system_error>
#include <thread>

#include "support/free_port.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;
using Wall = std::chrono::steady_clock;

constexpr int start_tries = 5;  // another process may take the port that was free a moment ago
constexpr milliseconds look_pause{5};
constexpr std::string_view script = BUYME_SOURCES "/../deploy/nginx/gateway.sh";
constexpr const char* configuration = BUYME_SOURCES "/../deploy/nginx/nginx.conf.template";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool takes_connections(std::uint16_t port) {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool taken = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return taken;
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<json::object> lines_of(const std::string& path) {
  std::vector<json::object> lines;
  std::istringstream text(content_of(path));
  for (std::string line; std::getline(text, line) && !text.eof();) {
    lines.push_back(json::parse(line).as_object());
  }
  return lines;
}

std::vector<json::object> wait_for_lines(const std::string& path, std::size_t count) {
  const auto latest = Wall::now() + Gateway::start_deadline;
  for (;;) {
    std::vector<json::object> lines = lines_of(path);
    if (lines.size() >= count) return lines;
    if (Wall::now() >= latest) throw std::runtime_error("the gateway logged less than was asked");
    std::this_thread::sleep_for(look_pause);
  }
}

}  // namespace

Gateway::Gateway(Servers servers) : servers_(std::move(servers)) {
  for (int tries = 1; process_ < 0; ++tries) {
    port_ = free_port();
    if (!launch() && tries == start_tries) {
      throw std::runtime_error("the gateway does not serve\n" + said());
    }
  }
}

Gateway::~Gateway() {
  end();
}

void Gateway::start() {
  if (process_ > 0) throw std::logic_error("the gateway runs already");
  if (!launch()) throw std::runtime_error("the gateway does not serve\n" + said());
}

void Gateway::kill() {
  signal(SIGKILL);
  waitpid(std::exchange(process_, -1), nullptr, 0);
}

void Gateway::pause() {
  signal(SIGSTOP);
  siginfo_t stopped{};
  waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED);
}

void Gateway::resume() {
  signal(SIGCONT);
}

// To its process group: the workers are children of their own.
void Gateway::signal(int number) const {
  if (process_ <= 0 || ::kill(-process_, number) != 0) throw std::logic_error("no gateway to signal");
}

bool Gateway::launch() {
  std::vector<std::string> environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                       "GATEWAY_RUN=" + place_.file("run"),
                                       "GATEWAY_LOG=" + place_.file("requests"),
                                       fmt::format("GATEWAY_LISTEN=127.0.0.1:{}", port_),
                                       "GATEWAY_WORKERS=2",
                                       "GATEWAY_WEB=" + servers_.web,
                                       "GATEWAY_USER=" + servers_.user,
                                       "GATEWAY_PRODUCT=" + servers_.product,
                                       "GATEWAY_ORDER=" + servers_.order,
                                       "GATEWAY_PAYMENT=" + servers_.payment};
  std::string command(script);
  char* arguments[] = {command.data(), nullptr};
  std::vector<char*> entries;
  for (auto& entry : environment) entries.push_back(entry.data());
  entries.push_back(nullptr);
  const std::string output = place_.file("output");
  const int log = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // SIGKILL would leave its workers behind
    setpgid(0, 0);                     // a Ctrl-C at the tests is not meant for it
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execve(arguments[0], arguments, entries.data());
    _exit(127);
  }
  close(log);
  if (process_ < 0) fail("fork");
  const auto latest = Wall::now() + start_deadline;
  while (!takes_connections(port_)) {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      return false;
    }
    if (Wall::now() >= latest) throw std::runtime_error("the gateway does not serve\n" + said());
    std::this_thread::sleep_for(look_pause);
  }
  return true;
}

void Gateway::end() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

std::vector<json::object> Gateway::logged(std::size_t count) {
  std::vector<json::object> lines = wait_for_lines(place_.file("requests"), read_ + count);
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ += lines.size();
  return lines;
}

std::vector<json::object> Gateway::own_errors(std::size_t count) const {
  return wait_for_lines(place_.file("run/own_errors.log"), count);
}

std::string Gateway::directive(const std::string& name) {
  const std::string text = content_of(configuration);
  std::smatch found;
  const std::regex line("\n  " + name + " +([^;]+);");
  return std::regex_search(text, found, line) ? found[1].str() : std::string();
}

std::string Gateway::said() const {
  return content_of(place_.file("output"));
}

}  // namespace buyme::test
