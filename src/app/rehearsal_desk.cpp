#include "app/rehearsal_desk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "app/temporary_dir.hpp"
#include "core/limits.hpp"
#include "http/json_input.hpp"

namespace buyme::app {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr int low_priority = 10;

// Between fork and exec; only calls that are allowed there. No environment: what this shop is told by
// variables (its database, its secrets) is no business of the rehearsal's. No file or socket either: a
// connection that this shop has closed would stay open in there, and its port taken.
[[noreturn]] void become_drop(char* const* arguments, int output) {
  static char* const environment[] = {nullptr};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  [[maybe_unused]] const int priority = nice(low_priority);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) _exit(127);
  execve("/proc/self/exe", arguments, environment);
  _exit(127);
}

pid_t start(const RehearsalDesk::Crowd& crowd, const std::string& verdict, const std::string& log) {
  std::vector<std::string> words{"buyme",      "drop",
                                 "--embedded", "--pay",
                                 "--buyers",   std::to_string(crowd.buyers),
                                 "--stock",    std::to_string(crowd.stock),
                                 "--json",     verdict};
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (output < 0) return -1;
  const pid_t process = fork();
  if (process == 0) become_drop(pointers.data(), output);
  close(output);
  return process;
}

std::string content_of(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return std::move(content).str();
}

std::string last_line_of(const std::string& path) {
  std::ifstream lines(path);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) last = std::move(line);
  }
  return last.empty() ? "the rehearsal ended without a verdict" : last;
}

}  // namespace

RehearsalDesk::~RehearsalDesk() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> RehearsalDesk::begin(Crowd crowd) {
  std::lock_guard lock(mutex_);
  if (state_ == State::running || stopping_) {
    return Failure(Error::illegal_state, "A rehearsal is under way; wait for its verdict.");
  }
  if (thread_.joinable()) thread_.join();  // it has said its result, and needs the lock no more
  state_ = State::running;
  crowd_ = crowd;
  result_.clear();
  thread_ = std::thread([this, crowd] { hold(crowd); });
  return {};
}

void RehearsalDesk::hold(Crowd crowd) {
  try {
    const TemporaryDir directory("buyme-rehearsal");
    const std::string verdict = directory.path() / "verdict.json";
    const std::string log = directory.path() / "log";
    const pid_t process = start(crowd, verdict, log);
    if (process < 0) return finish(State::failed, "no process could be started for it");
    wait_for(process);
    // A verdict that is bad is one, too; without one something else went wrong.
    std::string told = content_of(verdict);
    if (told.empty()) return finish(State::failed, last_line_of(log));
    finish(State::done, std::move(told));
  } catch (const std::exception& error) {
    finish(State::failed, error.what());
  }
}

int RehearsalDesk::wait_for(pid_t process) {
  constexpr std::chrono::milliseconds glance{50}, grace{10'000};
  std::chrono::milliseconds patience = limits::rehearsal_patience;
  int status = 0;
  bool asked = false;
  for (;;) {
    const pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == process || (ended < 0 && errno != EINTR)) return status;
    std::unique_lock lock(mutex_);
    const bool stop = changed_.wait_for(lock, glance, [&] { return stopping_ && !asked; });
    patience -= glance;
    if (!stop && patience.count() > 0) continue;
    // Asked, it takes its shop and its files with it; who does not listen must not keep this shop from
    // ending.
    kill(process, asked ? SIGKILL : SIGTERM);
    asked = true;
    patience = grace;
  }
}

void RehearsalDesk::finish(State state, std::string result) {
  std::lock_guard lock(mutex_);
  if (state == State::failed) log_->warn("a rehearsal failed: {}", result);
  state_ = state;
  result_ = std::move(result);
}

std::string RehearsalDesk::report() const {
  std::lock_guard lock(mutex_);
  static constexpr std::string_view names[] = {"NONE", "RUNNING", "DONE", "FAILED"};
  std::string out = fmt::format(R"({{"state":"{}")", names[static_cast<std::size_t>(state_)]);
  if (state_ != State::none) {
    fmt::format_to(std::back_inserter(out), R"(,"buyers":{},"stock":{})", crowd_.buyers, crowd_.stock);
  }
  if (state_ == State::done) out.append(R"(,"verdict":)").append(result_);
  if (state_ == State::failed) {
    out += R"(,"detail":)";
    http::append_json_string(out, result_);
  }
  return out + "}";
}

namespace {

Awaitable<void> begin_rehearsal(RehearsalDesk& desk, const Request& request, Response& response) {
  auto body = http::JsonInput::parse(request);
  if (!body) co_return write_problem(response, body.error(), request.request_id);
  RehearsalDesk::Crowd crowd;
  crowd.buyers = body->integer("buyers", 1, limits::max_button_rehearsal);
  crowd.stock = body->integer("stock", 1, limits::max_button_rehearsal);
  if (auto failure = body->finish()) co_return write_problem(response, *failure, request.request_id);
  const auto begun = desk.begin(crowd);
  if (!begun) co_return write_problem(response, begun.error(), request.request_id);
  response.body = desk.report();
}

Awaitable<void> show_rehearsal(RehearsalDesk& desk, const Request&, Response& response) {
  response.body = desk.report();
  co_return;
}

constexpr http::Endpoint<RehearsalDesk> table[] = {
    {Method::post, "/api/admin/rehearsals", Access::admin, begin_rehearsal},
    {Method::get, "/api/admin/rehearsals", Access::admin, show_rehearsal},
};

}  // namespace

std::span<const http::Endpoint<RehearsalDesk>> rehearsal_endpoints() {
  return table;
}

}  // namespace buyme::app
