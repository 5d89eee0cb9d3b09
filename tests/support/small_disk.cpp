#include "support/small_disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

namespace buyme::test {

namespace {

// Once per process: a second name space would hide nothing more.
bool has_own_mounts() {
  static const bool own = [] {
    const uid_t user = getuid();
    const gid_t group = getgid();
    if (unshare(CLONE_NEWNS) != 0) {
      if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << fmt::format("0 {} 1", user);
      std::ofstream("/proc/self/gid_map") << fmt::format("0 {} 1", group);
    }
    return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  return own;
}

}  // namespace

SmallDisk::SmallDisk(std::int64_t bytes) {
  const std::string options = fmt::format("size={},mode=0700", bytes);
  if (!has_own_mounts() || mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
    throw std::runtime_error(
        fmt::format("cannot mount a small tmpfs to fill ({}): run the tests as root, or in a container with "
                    "CAP_SYS_ADMIN, or allow user namespaces",
                    std::strerror(errno)));
  }
}

SmallDisk::~SmallDisk() {
  umount2(path().c_str(), MNT_DETACH);
}

std::int64_t SmallDisk::free_bytes() const {
  struct statvfs now {};
  if (statvfs(path().c_str(), &now) != 0) throw std::runtime_error("statvfs");
  return static_cast<std::int64_t>(now.f_bavail * now.f_frsize);
}

void SmallDisk::fill_up_to(std::int64_t bytes_left) {
  const int file = open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::vector<char> block(4096, 'x');
  while (file >= 0 && free_bytes() > bytes_left && write(file, block.data(), block.size()) > 0) {
  }
  close(file);
}

void SmallDisk::empty() {
  std::filesystem::remove(ballast());
}

}  // namespace buyme::test
