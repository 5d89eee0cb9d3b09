#include "support/shop_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "support/temp_dir.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;
using Wall = std::chrono::steady_clock;

constexpr std::string_view binary = BUYME_BINARY;
constexpr std::chrono::seconds command_deadline{120};
constexpr std::size_t shown_errors = 20'000;  // of a shop whose test failed

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int memory_file(const char* name) {
  const int descriptor = memfd_create(name, MFD_CLOEXEC);
  if (descriptor < 0) fail("memfd_create");
  return descriptor;
}

std::string content_of(int descriptor) {
  std::string text;
  char block[4096];
  for (;;) {
    const auto size = pread(descriptor, block, sizeof block, static_cast<off_t>(text.size()));
    if (size <= 0) return text;
    text.append(block, static_cast<std::size_t>(size));
  }
}

// What a child is given; everything is made before the fork, after which little is allowed.
class Launch {
 public:
  Launch(const Arguments& arguments, const std::vector<std::string>& more_environment) {
    words_.emplace_back(binary);
    words_.insert(words_.end(), arguments.begin(), arguments.end());
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;  // a shop refuses BUYME_ variables that it does not know
      if (!text.starts_with("BUYME_")) environment_.emplace_back(text);
    }
    environment_.insert(environment_.end(), more_environment.begin(), more_environment.end());
    for (auto& word : words_) argv_.push_back(word.data());
    for (auto& entry : environment_) envp_.push_back(entry.data());
    argv_.push_back(nullptr);
    envp_.push_back(nullptr);
  }

  pid_t start(int input, int output, int errors) {
    const pid_t process = fork();
    if (process < 0) fail("fork");
    if (process > 0) return process;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGXFSZ, SIG_IGN);  // a write past RLIMIT_FSIZE is then an error, as one of a disk is
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execve(argv_[0], argv_.data(), envp_.data());
    _exit(127);
  }

 private:
  std::vector<std::string> words_, environment_;
  std::vector<char*> argv_, envp_;
};

// Its status, or 128 + the signal that ended it; nullopt when it still runs at the deadline.
std::optional<int> await_end(pid_t process, milliseconds deadline) {
  const auto latest = Wall::now() + deadline;
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == process) return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended < 0 && errno != EINTR) fail("waitpid");
    if (Wall::now() >= latest) return std::nullopt;
    std::this_thread::sleep_for(milliseconds{2});
  }
}

}  // namespace

ShopProcess::ShopProcess(std::filesystem::path directory, Arguments arguments)
    : directory_(std::move(directory)), arguments_(std::move(arguments)), errors_(memory_file("errors")) {
  const int flags = fcntl(errors_, F_GETFL);
  fcntl(errors_, F_SETFL, flags | O_APPEND);
}

ShopProcess::~ShopProcess() {
  kill();
  if (testing::Test::HasFailure() || std::uncaught_exceptions() > 0)
    std::cerr << errors().substr(0, shown_errors);
  close(errors_);
}

void ShopProcess::start() {
  if (process_ > 0) throw std::logic_error("the shop runs already");
  // Tests press one account's button as a crowd would; those of the limit itself set one.
  Arguments all{
      "serve", "--port", "0", "--data-dir", directory_.string(), "--set", "rate.account_per_second=0"};
  all.insert(all.end(), arguments_.begin(), arguments_.end());
  Launch launch(all, environment_);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  process_ = launch.start(nothing, ends[1], errors_);
  close(nothing);
  close(ends[1]);
  const std::string line = read_first_line(ends[0]);
  close(ends[0]);
  constexpr std::string_view greeting = "listening on http://";
  if (!line.starts_with(greeting)) {
    kill();
    throw ShopDidNotStart(fmt::format("said \"{}\" instead of its address\n{}", line, errors()));
  }
  port_ = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

std::string ShopProcess::read_first_line(int descriptor) {
  const auto latest = Wall::now() + start_deadline;
  std::string line;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(latest - Wall::now());
    pollfd readable{descriptor, POLLIN, 0};
    if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) return line;
    char letter = 0;
    if (read(descriptor, &letter, 1) <= 0 || letter == '\n') return line;
    line += letter;
  }
}

void ShopProcess::signal(int number) const {
  if (process_ <= 0 || ::kill(process_, number) != 0) throw std::logic_error("there is no shop to signal");
}

void ShopProcess::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  await_end(std::exchange(process_, -1), stop_deadline);
}

int ShopProcess::stop() {
  signal(SIGTERM);
  return wait();
}

int ShopProcess::wait(milliseconds deadline) {
  const auto status = await_end(process_, deadline);
  if (!status) throw std::runtime_error("the shop has not ended in time\n" + errors());
  process_ = -1;
  return *status;
}

std::string ShopProcess::errors() const {
  return content_of(errors_);
}

CommandResult run_buyme(const Arguments& arguments, std::string_view input) {
  const int in = memory_file("input"), out = memory_file("output"), err = memory_file("errors");
  if (pwrite(in, input.data(), input.size(), 0) != static_cast<ssize_t>(input.size())) fail("pwrite");
  Launch launch(arguments, {});
  const pid_t process = launch.start(in, out, err);
  const auto status = await_end(process, command_deadline);
  if (!status) {
    ::kill(process, SIGKILL);
    await_end(process, command_deadline);
  }
  CommandResult result{status.value_or(-1), content_of(out), content_of(err)};
  for (const int descriptor : {in, out, err}) close(descriptor);
  if (!status) throw std::runtime_error("a command has not ended in time\n" + result.errors);
  return result;
}

Accounts make_accounts(const std::filesystem::path& directory, int buyers) {
  const TempDir place;
  const std::string csv = place.file("buyers.csv"), admin = place.file("admin.txt");
  const CommandResult made = run_buyme({"admin", "tokens", "--data-dir", directory.string(), "--count",
                                        std::to_string(buyers), "--csv", csv, "--admin-token", admin});
  if (made.status != 0) throw std::runtime_error("no tokens: " + made.errors);
  Accounts accounts;
  std::ifstream lines(csv);
  std::string line;
  std::getline(lines, line);  // the names of the columns
  while (std::getline(lines, line)) {
    const auto comma = line.find(',');
    accounts.buyers.push_back({std::stoll(line.substr(0, comma)), line.substr(comma + 1)});
  }
  std::ifstream token(admin);
  std::getline(token, accounts.admin_token);
  return accounts;
}

AuditResult audit_shop(const std::filesystem::path& directory) {
  const CommandResult audited = run_buyme({"audit", "--json", "--data-dir", directory.string()});
  AuditResult result{audited.status, {}, audited.output + audited.errors};
  boost::system::error_code failed;
  const json::value report = json::parse(audited.output, failed);
  if (!failed && report.is_object()) result.report = report.as_object();
  return result;
}

std::int64_t make_product(HttpClient& admin, std::int64_t stock, std::string_view more) {
  const HttpReply made = admin.post(
      "/api/products", fmt::format(R"({{"productName":"Figure","productDescription":"Limited",)"
                                   R"("productPrice":1000,"productStock":{},"productType":"NORMAL"{}}})",
                                   stock, more));
  if (made.status != 201) throw std::runtime_error("no product: " + made.body);
  return made.integer("productId");
}

}  // namespace buyme::test
