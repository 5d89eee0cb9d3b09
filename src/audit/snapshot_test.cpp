#include "audit/snapshot.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "audit/audit.hpp"
#include "audit/test_shop.hpp"

namespace buyme::audit {
namespace {

namespace fs = std::filesystem;

// A business that counts first in the order file and then in the payment file, one commit each.
class CountingShop {
 public:
  explicit CountingShop(const fs::path& directory)
      : order_(directory / "order.sqlite", db::Access::read_write),
        payment_(directory / "payment.sqlite", db::Access::read_write) {
    for (db::Sqlite* database : {&order_, &payment_}) {
      database->execute("CREATE TABLE counter(value INTEGER NOT NULL); INSERT INTO counter VALUES (0)");
      database->execute("PRAGMA synchronous=OFF");  // more commits in the time of the test
    }
    thread_ = std::thread([this] {
      while (!stop_) {
        order_.execute("UPDATE counter SET value = value + 1");
        payment_.execute("UPDATE counter SET value = value + 1");
        ++rounds_;
      }
    });
  }
  ~CountingShop() {
    stop_ = true;
    thread_.join();
  }
  std::int64_t rounds() const { return rounds_; }

 private:
  db::Sqlite order_;
  db::Sqlite payment_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::int64_t> rounds_ = 0;
  std::thread thread_;
};

std::int64_t count_in(const Snapshot& snapshot, File file) {
  return snapshot.database(file).query_integer("SELECT value FROM counter");
}

class SnapshotTest : public ShopTest {};

TEST_F(SnapshotTest, ShowsAllFilesAtOneMomentWhileTheShopWrites) {
  CountingShop business(shop_);
  std::int64_t last = 0;
  for (int i = 0; i < 30; ++i) {
    while (business.rounds() < last + 20) std::this_thread::yield();
    last = business.rounds();
    const Snapshot snapshot(shop_);
    const std::int64_t payments = count_in(snapshot, File::payment);
    const std::int64_t before = business.rounds();
    while (business.rounds() < before + 5) std::this_thread::yield();  // the shop goes on meanwhile
    const std::int64_t orders = count_in(snapshot, File::order);
    EXPECT_GE(payments, last);
    EXPECT_GE(orders, payments);
    EXPECT_LE(orders, payments + 1);
  }
}

TEST_F(SnapshotTest, WaitsForAWriteUnderWayAndLetsNobodyElseCommit) {
  const db::Sqlite order(shop_ / "order.sqlite", db::Access::read_write);
  const db::Sqlite payment(shop_ / "payment.sqlite", db::Access::read_write);
  for (const db::Sqlite* database : {&order, &payment}) {
    database->execute("PRAGMA synchronous=OFF");
    database->execute("CREATE TABLE counter(value INTEGER)");
  }
  payment.execute("PRAGMA busy_timeout=0");
  order.execute("BEGIN IMMEDIATE; INSERT INTO counter VALUES (1)");

  std::int64_t orders = -1, payments = -1;
  std::thread taker([&] {
    const Snapshot snapshot(shop_);
    orders = snapshot.database(File::order).query_integer("SELECT count(*) FROM counter");
    payments = snapshot.database(File::payment).query_integer("SELECT count(*) FROM counter");
  });
  // The payment file is locked before the order file, so from some moment on nobody can write it.
  std::int64_t committed = 0;
  bool refused = false;
  for (int i = 0; i < 20'000 && !refused; ++i) {
    try {
      payment.execute("INSERT INTO counter VALUES (1)");
      ++committed;
    } catch (const db::SqliteError&) {
      refused = true;
    }
  }
  order.execute("COMMIT");
  taker.join();
  EXPECT_TRUE(refused);
  EXPECT_EQ(orders, 1);
  EXPECT_EQ(payments, committed);
}

TEST_F(SnapshotTest, BackupIsOfOneMomentAndPassesTheAudit) {
  std::ofstream(shop_ / "token.key") << "secret";
  const fs::path copy = root_ / "copy";
  {
    CountingShop business(shop_);
    while (business.rounds() < 20) std::this_thread::yield();
    const Snapshot snapshot(shop_);
    const std::int64_t before = business.rounds();
    while (business.rounds() < before + 5) std::this_thread::yield();
    back_up(snapshot, shop_, copy);
  }
  const Snapshot copied(copy);
  const std::int64_t payments = count_in(copied, File::payment);
  EXPECT_GE(payments, 20);
  EXPECT_GE(count_in(copied, File::order), payments);
  EXPECT_LE(count_in(copied, File::order), payments + 1);
  EXPECT_TRUE(make_report(read_books(copied, from_unix_ms(0))).passed());
  std::string key;
  std::ifstream(copy / "token.key") >> key;
  EXPECT_EQ(key, "secret");
}

TEST_F(SnapshotTest, BackupIsItsOwnersAlone) {
  std::ofstream(shop_ / "token.key") << "secret";
  back_up(Snapshot(shop_), shop_, root_ / "copy");
  struct stat info {};
  ASSERT_EQ(stat((root_ / "copy").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const auto& entry : fs::directory_iterator(root_ / "copy")) {
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777 & 0077, 0u) << entry.path();
  }
}

TEST_F(SnapshotTest, BackupRefusesADirectoryThatHoldsSomething) {
  fs::create_directory(root_ / "copy");
  EXPECT_NO_THROW(back_up(Snapshot(shop_), shop_, root_ / "copy"));
  EXPECT_THROW(back_up(Snapshot(shop_), shop_, root_ / "copy"), std::runtime_error);
  std::ofstream(root_ / "file") << "x";
  EXPECT_THROW(back_up(Snapshot(shop_), shop_, root_ / "file"), std::runtime_error);
}

TEST_F(SnapshotTest, MissingFileIsNamedAndNotMade) {
  fs::remove(shop_ / "payment.sqlite");
  try {
    const Snapshot snapshot(shop_);
    FAIL() << "taken without a file";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("payment.sqlite"), std::string::npos);
  }
  EXPECT_FALSE(fs::exists(shop_ / "payment.sqlite"));
}

TEST_F(SnapshotTest, NobodyWaitsOnceItIsTaken) {
  const Snapshot snapshot(shop_);
  const db::Sqlite writer(shop_ / "order.sqlite", db::Access::read_write);
  writer.execute("PRAGMA busy_timeout=0");
  EXPECT_NO_THROW(writer.execute("CREATE TABLE later(value INTEGER)"));
  EXPECT_EQ(
      snapshot.database(File::order).query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'later'"),
      0);
}

TEST_F(SnapshotTest, CannotBeWrittenThrough) {
  const Snapshot snapshot(shop_);
  EXPECT_THROW(snapshot.database(File::order).execute("DELETE FROM orders"), db::SqliteError);
}

}  // namespace
}  // namespace buyme::audit
