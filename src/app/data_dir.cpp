#include "app/data_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace buyme::app {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw std::system_error(errno, std::generic_category(),
                          fmt::format("cannot {} data directory {}", what, path.string()));
}

// Parents get the usual mode, the directory itself is its owner's alone.
void create(const fs::path& path) {
  if (path.has_parent_path()) {
    std::error_code ignored;  // mkdir below says what is wrong
    fs::create_directories(path.parent_path(), ignored);
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail(path, "create");
}

std::string owner_of(int lock) {
  char text[32] = {};
  const auto size = pread(lock, text, sizeof text - 1, 0);
  const std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto digits = pid.find_first_not_of("0123456789");
  return pid.empty() || digits == 0 ? "another process" : "process " + pid.substr(0, digits);
}

}  // namespace

DataDir::DataDir(const fs::path& path, Missing missing)
    : path_((fs::absolute(path) / "").lexically_normal().parent_path()) {
  if (missing == Missing::create) create(path_);
  if (missing == Missing::refuse && !fs::is_directory(path_)) {
    throw std::runtime_error("there is no data directory " + path_.string());
  }
  // Close-on-exec: a child must not keep the directory locked.
  lock_ = open((path_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) fail(path_, "open the lock of");
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const bool in_use = errno == EWOULDBLOCK;
    const std::string owner = owner_of(lock_);
    close(std::exchange(lock_, -1));
    if (!in_use) fail(path_, "lock");
    throw DataDirInUse(fmt::format("data directory {} is in use by {}", path_.string(), owner));
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock_, 0) != 0 || pwrite(lock_, pid.data(), pid.size(), 0) < 0) {
    const int error = errno;
    close(std::exchange(lock_, -1));
    errno = error;
    fail(path_, "write to");
  }
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
  // The file stays: removing it would let two processes lock two files of the same name.
  if (lock_ >= 0) close(lock_);
}

}  // namespace buyme::app
