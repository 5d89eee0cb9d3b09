#include "support/mariadb_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "support/free_port.hpp"

namespace buyme::test {

namespace {

using std::chrono::milliseconds;
using Wall = std::chrono::steady_clock;

constexpr int start_tries = 5;  // another process may take the port that was free a moment ago
constexpr milliseconds look_pause{5};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// A socket that is closed at the end of the scope.
struct Socket {
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Socket() {
    if (descriptor < 0) fail("socket");
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(descriptor); }
};

// The child's output goes to the end of `output`.
pid_t launch(std::vector<std::string> words, const std::string& output) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int log = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (log < 0 || nothing < 0) fail("open");
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);  // a Ctrl-C at the tests is not meant for it
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(log);
  close(nothing);
  if (process < 0) fail("fork");
  return process;
}

// Its status, or 128 + the signal that ended it; nullopt when it still runs.
std::optional<int> ended(pid_t process) {
  int status = 0;
  const pid_t found = waitpid(process, &status, WNOHANG);
  if (found < 0 && errno != EINTR) fail("waitpid");
  if (found != process) return std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::optional<int> await_end(pid_t process, milliseconds deadline) {
  const auto latest = Wall::now() + deadline;
  for (;;) {
    if (const auto status = ended(process)) return status;
    if (Wall::now() >= latest) return std::nullopt;
    std::this_thread::sleep_for(look_pause);
  }
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The server's directory of programs is not in everybody's PATH.
std::string server_binary() {
  for (const char* path : {"/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/usr/local/bin/mariadbd"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "mariadbd";
}

void add_account(std::vector<std::string>& words) {
  if (geteuid() == 0) words.emplace_back("--user=root");  // mariadbd refuses to be root without being told
}

// System tables, installed once and copied by every server: installing takes seconds, copying milliseconds.
// It stands in the directory of temporary files for as long as those do; a second process that installs at
// the same time finds the place taken and uses what stands there.
std::filesystem::path system_tables() {
  const auto kept = std::filesystem::temp_directory_path() / fmt::format("buyme-mariadb-{}", geteuid());
  if (std::filesystem::exists(kept)) return kept;
  const TempDir place;
  const std::string data = place.file("data"), log = place.file("log");
  std::vector<std::string> words{"mariadb-install-db", "--no-defaults",
                                 "--datadir=" + data,  "--auth-root-authentication-method=normal",
                                 "--skip-test-db",     "--innodb-log-file-size=8M"};
  add_account(words);
  const auto status = await_end(launch(words, log), MariadbServer::start_deadline);
  if (status != 0) throw std::runtime_error("mariadb-install-db failed\n" + content_of(log));
  std::error_code taken;
  std::filesystem::rename(data, kept, taken);
  if (!std::filesystem::exists(kept)) throw std::system_error(taken, "keeping the system tables");
  return kept;
}

}  // namespace

MariadbServer::MariadbServer(std::vector<std::string> more, std::filesystem::path data)
    : data_(data.empty() ? place_.path() / "data" : std::move(data)), more_(std::move(more)) {
  std::filesystem::copy(system_tables(), data_, std::filesystem::copy_options::recursive);
  std::string quoted = password_;
  for (std::size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 2) quoted.insert(at, "'");
  std::ofstream accounts(place_.file("accounts.sql"));  // run at each start, before the port opens
  for (const char* from : {"127.0.0.1", "localhost"}) {
    accounts << fmt::format(
        "CREATE USER IF NOT EXISTS '{0}'@'{1}' IDENTIFIED BY '{2}';\n"
        "GRANT ALL ON *.* TO '{0}'@'{1}' WITH GRANT OPTION;\n",
        user_, from, quoted);
  }
  accounts.close();
  for (int tries = 1; process_ < 0; ++tries) {
    port_ = free_port();
    try {
      start();
    } catch (const std::runtime_error&) {
      if (tries == start_tries || log().find("Address already in use") == std::string::npos) throw;
    }
  }
}

MariadbServer::~MariadbServer() {
  if (process_ > 0) kill();
}

MariadbServer& MariadbServer::shared() {
  static MariadbServer server;
  return server;
}

std::string MariadbServer::new_database_name() {
  static int count = 0;
  return fmt::format("shop{}", ++count);
}

void MariadbServer::start() {
  if (process_ > 0) throw std::logic_error("the database server runs already");
  std::vector<std::string> words{server_binary(),
                                 "--no-defaults",
                                 "--datadir=" + data_.string(),
                                 "--socket=" + socket(),
                                 "--pid-file=" + place_.file("pid"),
                                 "--tmpdir=" + place_.path().string(),  // one that starts empties it
                                 "--bind-address=" + host_,
                                 fmt::format("--port={}", port_),
                                 "--skip-networking=0",
                                 "--skip-name-resolve",
                                 "--init-file=" + place_.file("accounts.sql"),
                                 "--innodb-flush-log-at-trx-commit=1",
                                 "--innodb-log-file-size=8M",
                                 "--innodb-buffer-pool-size=64M",
                                 "--innodb-buffer-pool-load-at-startup=0",
                                 "--innodb-buffer-pool-dump-at-shutdown=0",
                                 "--key-buffer-size=64K",
                                 "--aria-pagecache-buffer-size=8M",
                                 "--skip-log-bin",
                                 "--character-set-server=utf8mb4",
                                 "--max-connections=200"};
  add_account(words);
  words.insert(words.end(), more_.begin(), more_.end());
  process_ = launch(words, place_.file("log"));
  const auto latest = Wall::now() + start_deadline;
  while (!answers()) {
    const bool gone = ended(process_).has_value();
    if (gone) process_ = -1;
    if (!gone && Wall::now() < latest) {
      std::this_thread::sleep_for(look_pause);
      continue;
    }
    if (!gone) kill();
    throw std::runtime_error("mariadbd does not serve\n" + log());
  }
}

void MariadbServer::stop() {
  if (process_ <= 0) throw std::logic_error("there is no database server to stop");
  ::kill(process_, SIGTERM);
  if (!await_end(std::exchange(process_, -1), stop_deadline)) {
    throw std::runtime_error("mariadbd has not ended in time\n" + log());
  }
}

void MariadbServer::kill() {
  if (process_ <= 0) throw std::logic_error("there is no database server to kill");
  ::kill(process_, SIGKILL);
  await_end(std::exchange(process_, -1), stop_deadline);
}

void MariadbServer::pause() {
  if (process_ <= 0 || ::kill(process_, SIGSTOP) != 0) throw std::logic_error("no database server to pause");
  siginfo_t stopped{};
  waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED);  // all of its threads
}

void MariadbServer::resume() {
  if (process_ <= 0 || ::kill(process_, SIGCONT) != 0) throw std::logic_error("no database server to resume");
}

bool MariadbServer::has_ended() {
  if (process_ > 0 && ended(process_)) process_ = -1;
  return process_ <= 0;
}

std::string MariadbServer::log() const {
  return content_of(place_.file("log"));
}

// A server greets whoever connects, once it serves.
bool MariadbServer::answers() const {
  const Socket socket;
  const sockaddr_in address = loopback(port_);
  if (connect(socket.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return false;
  pollfd readable{socket.descriptor, POLLIN, 0};
  char greeting = 0;
  return poll(&readable, 1, 1'000) == 1 && read(socket.descriptor, &greeting, 1) == 1;
}

}  // namespace buyme::test
