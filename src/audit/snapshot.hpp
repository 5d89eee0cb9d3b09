// One moment of all of a shop's databases.
//
// Each service commits to a file of its own, so files that are read one after the other show different
// moments, and books that are right would look wrong. Therefore: take the write lock of every file (now
// nothing can commit anywhere), open a read transaction on each, let the locks go. The locks are held for
// milliseconds, in which the shop's writers wait (their busy timeout covers it); the read transactions keep
// showing that moment.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "db/sqlite.hpp"

namespace buyme::audit {

enum class File { user, product, provider, payment, order };  // the order in which they are locked
inline constexpr File all_files[] = {File::user, File::product, File::provider, File::payment, File::order};
std::string_view file_name(File file);  // "order.sqlite"
inline constexpr std::string_view token_key_name = "token.key";

// One thread at a time. While it lives the write-ahead logs cannot be emptied: keep it short.
class Snapshot {
 public:
  // Throws std::runtime_error naming the file when one is missing, db::SqliteError when one stays locked for
  // longer than the busy timeout (5 s).
  explicit Snapshot(const std::filesystem::path& directory);
  ~Snapshot();
  Snapshot(Snapshot&&) noexcept;

  const db::Sqlite& database(File file) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Copies the snapshot and the token key of `directory` into `to`, which must not exist or be empty, and
// returns when all of it is on disk. The copy is a data directory of its own (0700, files 0600). Throws
// std::runtime_error; what was written until then stays for a person to look at.
void back_up(const Snapshot& snapshot, const std::filesystem::path& directory,
             const std::filesystem::path& to);

}  // namespace buyme::audit
