#include "app/child_shop.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace buyme::app {

namespace {

// Between fork and exec; only calls that are allowed there.
[[noreturn]] void become_shop(char* const* arguments, int output) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Ctrl-C is for the parent, which stops the shop when it wants to.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  execv("/proc/self/exe", arguments);
  _exit(127);
}

// The shop's first line; empty when it ended without one.
std::string read_line(int descriptor) {
  std::string line;
  char letter = 0;
  for (;;) {
    const auto size = read(descriptor, &letter, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return "";
    if (letter == '\n') return line;
    line += letter;
  }
}

}  // namespace

ChildShop::ChildShop(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"buyme", "serve"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  process_ = fork();
  if (process_ == 0) become_shop(pointers.data(), ends[1]);
  close(ends[1]);
  output_ = ends[0];
  const std::string line = process_ > 0 ? read_line(output_) : "";
  constexpr std::string_view greeting = "listening on ";
  if (!line.starts_with(greeting)) {
    close(std::exchange(output_, -1));
    if (process_ > 0) {
      kill(process_, SIGKILL);
      wait_for_end();
    }
    throw std::runtime_error("the shop did not start");
  }
  url_ = line.substr(greeting.size());
}

ChildShop::~ChildShop() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    wait_for_end();
  }
  if (output_ >= 0) close(output_);
}

void ChildShop::kill_now() const {
  const pid_t process = process_;
  if (process > 0) kill(process, SIGKILL);
}

int ChildShop::stop() {
  kill(process_, SIGTERM);
  return wait_for_end();
}

int ChildShop::wait_for_end() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace buyme::app
