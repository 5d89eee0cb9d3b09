// A file system of a few megabytes that a test can fill.
#pragma once

#include <cstdint>
#include <filesystem>

#include "support/temp_dir.hpp"

namespace buyme::test {

// A tmpfs in a mount namespace of this process and its children, so that nothing stays behind however the
// test ends. Needs root, or a kernel that lets users make namespaces; throws std::runtime_error, saying so,
// where neither holds.
class SmallDisk {
 public:
  explicit SmallDisk(std::int64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return place_.path(); }
  std::int64_t free_bytes() const;
  void fill_up_to(std::int64_t bytes_left);  // with a file of no use
  void empty();                              // removes that file

 private:
  std::filesystem::path ballast() const { return place_.path() / "ballast"; }

  TempDir place_;
};

}  // namespace buyme::test
