#include "audit/snapshot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

namespace buyme::audit {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw std::system_error(errno, std::generic_category(), fmt::format("cannot {} {}", what, path.string()));
}

void sync_to_disk(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open");
  const bool synced = fsync(descriptor) == 0;
  close(descriptor);
  if (!synced) fail(path, "sync");
}

void make_empty_directory(const fs::path& to) {
  if (mkdir(to.c_str(), 0700) == 0) return;
  if (errno != EEXIST) fail(to, "create");
  if (!fs::is_directory(to) || !fs::is_empty(to)) {
    throw std::runtime_error(to.string() + " exists and is not an empty directory; name another one");
  }
  if (chmod(to.c_str(), 0700) != 0) fail(to, "change the mode of");
}

// An empty file that only its owner can read, before anything is in it.
void create_private(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) fail(path, "create");
  close(descriptor);
}

void copy_database(const db::Sqlite& source, const fs::path& to) {
  create_private(to);
  sqlite3* target = nullptr;
  int code = sqlite3_open_v2(to.c_str(), &target, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> owner(target, sqlite3_close_v2);
  if (code == SQLITE_OK) {
    // The source has a read transaction open, so the copy is of its moment, whatever is committed meanwhile.
    sqlite3_backup* backup = sqlite3_backup_init(target, "main", source.handle(), "main");
    if (backup != nullptr) sqlite3_backup_step(backup, -1);
    code = backup != nullptr ? sqlite3_backup_finish(backup) : sqlite3_errcode(target);
  }
  if (code != SQLITE_OK) {
    throw std::runtime_error(fmt::format("cannot copy to {}: {}", to.string(), sqlite3_errstr(code)));
  }
}

}  // namespace

struct Snapshot::State {
  std::vector<db::Sqlite> readers;  // in the order of all_files
};

std::string_view file_name(File file) {
  switch (file) {
    case File::user:
      return "user.sqlite";
    case File::product:
      return "product.sqlite";
    case File::provider:
      return "provider.sqlite";
    case File::payment:
      return "payment.sqlite";
    case File::order:
      return "order.sqlite";
  }
  return "?";
}

Snapshot::Snapshot(const fs::path& directory) : state_(std::make_unique<State>()) {
  std::vector<db::Sqlite> lockers;
  for (const File file : all_files) {
    const fs::path path = directory / file_name(file);
    if (!fs::exists(path)) throw std::runtime_error(fmt::format("there is no {}", path.string()));
    lockers.emplace_back(path, db::Access::read_write);
    state_->readers.emplace_back(path, db::Access::read_write);
    state_->readers.back().execute("PRAGMA query_only=ON");
  }
  // The order file comes last, so that buyers do not wait while this waits for a slow write of another
  // service.
  for (const auto& locker : lockers) locker.execute("BEGIN IMMEDIATE");
  for (const auto& reader : state_->readers) {
    reader.execute("BEGIN");
    reader.query_integer("SELECT count(*) FROM sqlite_schema");  // a transaction begins with its first read
  }
  for (const auto& locker : lockers) locker.execute("ROLLBACK");
}

Snapshot::~Snapshot() = default;
Snapshot::Snapshot(Snapshot&&) noexcept = default;

const db::Sqlite& Snapshot::database(File file) const {
  return state_->readers[static_cast<std::size_t>(file)];
}

void back_up(const Snapshot& snapshot, const fs::path& directory, const fs::path& to) {
  make_empty_directory(to);
  for (const File file : all_files) {
    copy_database(snapshot.database(file), to / file_name(file));
    sync_to_disk(to / file_name(file));
  }
  const fs::path key = directory / token_key_name;
  if (fs::exists(key)) {
    create_private(to / token_key_name);
    std::ifstream from(key, std::ios::binary);
    std::ofstream copy(to / token_key_name, std::ios::binary);
    copy << from.rdbuf();
    copy.close();
    if (!from || !copy) throw std::runtime_error("cannot copy " + key.string());
    sync_to_disk(to / token_key_name);
  }
  sync_to_disk(to);
  const fs::path parent = fs::absolute(to).lexically_normal().parent_path();
  sync_to_disk(parent.empty() ? fs::path("/") : parent);
}

}  // namespace buyme::audit
