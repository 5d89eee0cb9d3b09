#include "app/data_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

namespace buyme::app {
namespace {

namespace fs = std::filesystem;

class DataDirTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "buyme-dir-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }
  fs::path root_;
};

TEST_F(DataDirTest, IsCreatedForItsOwnerAlone) {
  const DataDir directory(root_ / "deep" / "shop");
  struct stat info {};
  ASSERT_EQ(stat((root_ / "deep" / "shop").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((root_ / "deep" / "shop" / "lock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(directory.database(audit::File::order), root_ / "deep" / "shop" / "order.sqlite");
}

TEST_F(DataDirTest, OneInUseIsRefusedByName) {
  const DataDir first(root_ / "shop");
  try {
    const DataDir second(root_ / "shop/");
    FAIL() << "both have it";
  } catch (const DataDirInUse& error) {
    EXPECT_EQ(error.what(),
              fmt::format("data directory {}/shop is in use by process {}", root_.string(), getpid()));
  }
}

TEST_F(DataDirTest, IsFreeAgainAfterItsOwner) {
  { const DataDir first(root_ / "shop"); }
  EXPECT_NO_THROW(DataDir(root_ / "shop"));
}

TEST_F(DataDirTest, IsFreeAgainWhenItsOwnerWasKilled) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const DataDir owner(root_ / "shop");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_THROW(DataDir(root_ / "shop"), DataDirInUse);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(DataDir(root_ / "shop"));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(DataDirTest, MissingOneIsNotMadeWhenItMustBeThere) {
  EXPECT_THROW(DataDir(root_ / "absent", DataDir::Missing::refuse), std::runtime_error);
  EXPECT_FALSE(fs::exists(root_ / "absent"));
}

TEST_F(DataDirTest, FileInItsPlaceIsRefused) {
  close(open((root_ / "file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_THROW(DataDir(root_ / "file"), std::runtime_error);
}

}  // namespace
}  // namespace buyme::app
