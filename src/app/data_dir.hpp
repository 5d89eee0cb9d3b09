// The directory of one shop: its databases, its token key, its lock and its control socket.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "audit/snapshot.hpp"

namespace buyme::app {

// Somebody else works in the directory. what() names the directory and the process.
class DataDirInUse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Owns the directory: while it lives no other process (and no other DataDir of this one) can have it. The
// lock goes with the process, however it ends, so a lock that can be taken proves that the former owner is
// gone.
class DataDir {
 public:
  enum class Missing { create, refuse };

  // Throws DataDirInUse, or std::runtime_error when the directory cannot be created, opened or written.
  explicit DataDir(const std::filesystem::path& path, Missing missing = Missing::create);
  ~DataDir();
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database(audit::File file) const { return path_ / audit::file_name(file); }
  std::filesystem::path token_key() const { return path_ / audit::token_key_name; }

 private:
  std::filesystem::path path_;  // absolute
  int lock_ = -1;
};

}  // namespace buyme::app
