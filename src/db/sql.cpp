#include "db/sql.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>
#include <soci/mysql/soci-mysql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <atomic>
#include <thread>

#include "core/limits.hpp"
#include "core/random.hpp"
#include "db/sql_mysql.hpp"

namespace buyme::db {

SqlDatabase::SqlDatabase(DatabaseAddress address, std::size_t sessions, const Schema& schema)
    : address_(std::move(address)),
      sessions_(std::make_unique<soci::connection_pool>(sessions)),
      connected_(sessions, false) {
  if (const std::string* path = address_.file()) {
    {
      Sqlite database(*path, Access::read_write);
      migrate(database, schema.sqlite);
    }
    open_file(*path);
  } else {
    prepare_mysql(*address_.mysql(), schema.mysql);  // sessions connect when they are needed
  }
}

SqlDatabase::~SqlDatabase() = default;

void SqlDatabase::open_file(const std::string& path) {
  for (std::size_t i = 0; i < connected_.size(); ++i) {
    soci::session& session = sessions_->at(i);
    session.open(soci::sqlite3, "dbname=\"" + path + "\" timeout=5 synchronous=full");
    auto* backend = static_cast<soci::sqlite3_session_backend*>(session.get_backend());
    sqlite_api::sqlite3_extended_result_codes(backend->conn_, 1);  // they tell one constraint from another
    session << "PRAGMA journal_mode=WAL";
    session << "PRAGMA foreign_keys=ON";
    connected_[i] = true;
  }
}

void SqlDatabase::connect(std::size_t position) {
  if (reachability_.is_away())
    throw soci::mysql_soci_error("the database server cannot be reached", CR_CONN_HOST_ERROR);
  soci::session& session = sessions_->at(position);
  session.close();
  reachability_.reach([&] {
    open_mysql(session, *address_.mysql());
    return true;
  });
  connected_[position] = true;
}

// --- leases

SqlDatabase::Lease::Lease(SqlDatabase& database)
    : database_(database), position_(database.sessions_->lease()) {}

SqlDatabase::Lease::~Lease() {
  database_.sessions_->give_back(position_);
}

soci::session& SqlDatabase::Lease::session() {
  if (!database_.connected_[position_]) database_.connect(position_);
  return database_.sessions_->at(position_);
}

void SqlDatabase::Lease::met(const soci::soci_error& error) {
  if (is_lost(error)) database_.connected_[position_] = false;
}

void SqlDatabase::Lease::roll_back() {
  if (!database_.connected_[position_]) return;  // the server undoes what a lost connection has left
  try {
    database_.sessions_->at(position_) << "ROLLBACK";
  } catch (const soci::soci_error& error) {
    // SQLite has rolled back by itself (a full disk does that); there is nothing left to undo.
    met(error);
  }
}

// --- running

namespace {

// Grows with the tries, and differs between those who collided.
void pause_after(int tries) {
  static std::atomic<std::uint64_t> calls{0};
  const auto self = std::hash<std::thread::id>{}(std::this_thread::get_id());
  Random random(self + calls.fetch_add(1), "repeated transactions");
  std::this_thread::sleep_for(limits::sql_retry_pause * tries * (0.5 + random.uniform()));
}

}  // namespace

// On one session throughout: after a restart of the server every session of the pool is stale.
void SqlDatabase::run(Bounds bounds, const Step& step) {
  Lease lease(*this);
  for (int tries = 1;; ++tries) {
    try {
      return run_once(lease, bounds, step);
    } catch (const soci::soci_error& error) {
      lease.met(error);
      if (!is_transient(error) || tries == limits::sql_tries) throw;
    }
    pause_after(tries);
  }
}

void SqlDatabase::run_once(Lease& lease, Bounds bounds, const Step& step) {
  soci::session& session = lease.session();
  if (bounds == Bounds::none) return step(session);
  session << begin_text(session);
  bool committing = false;
  try {
    step(session);
    committing = true;
    session << "COMMIT";
  } catch (const soci::soci_error& error) {
    lease.met(error);
    lease.roll_back();
    if (committing && may_have_committed(error)) throw CommitUnknown(error.what());
    throw;
  } catch (...) {
    lease.roll_back();
    throw;
  }
}

// --- what differs

bool is_mysql(soci::session& session) {
  return session.get_backend_name() == "mysql";
}

const char* begin_text(soci::session& session) {
  return is_mysql(session) ? "START TRANSACTION" : "BEGIN IMMEDIATE";
}

const char* for_update(soci::session& session) {
  return is_mysql(session) ? " FOR UPDATE" : "";
}

void check_fence(soci::session& session, const Fence& fence) {
  if (fence.token == 0) return;
  long long token = 0;
  session << "SELECT token FROM job_leases WHERE job = :job LOCK IN SHARE MODE", soci::use(fence.job),
      soci::into(token);
  if (!session.got_data() || token != fence.token) throw FenceLost(fence);
}

namespace {

constexpr int no_code = -1;

// SQLite's extended result code; its low byte is the primary one.
int sqlite_code(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite != nullptr ? sqlite->result() : no_code;
}

int mysql_code(const soci::soci_error& error) {
  const auto* mysql = dynamic_cast<const soci::mysql_soci_error*>(&error);
  return mysql != nullptr ? static_cast<int>(mysql->err_num_) : no_code;
}

// Of servers that the header of this client does not know.
constexpr int mysql_session_killed = 3'169;
constexpr int mysql_idle_too_long = 4'031;

bool is_collision(int mysql) {
  return mysql == ER_LOCK_DEADLOCK || mysql == ER_LOCK_WAIT_TIMEOUT;
}

bool is_duplicate(int mysql) {
  return mysql == ER_DUP_ENTRY || mysql == ER_DUP_ENTRY_WITH_KEY_NAME;
}

bool is_foreign_key(int mysql) {
  return mysql == ER_NO_REFERENCED_ROW_2 || mysql == ER_ROW_IS_REFERENCED_2;
}

}  // namespace

bool is_unique_violation(const soci::soci_error& error) {
  const int code = sqlite_code(error), mysql = mysql_code(error);
  return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
         code == SQLITE_CONSTRAINT_ROWID || is_duplicate(mysql);
}

bool is_transient(const soci::soci_error& error) {
  return is_collision(mysql_code(error)) || is_lost(error);
}

bool is_lost(const soci::soci_error& error) {
  switch (mysql_code(error)) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_COMMANDS_OUT_OF_SYNC:  // an answer is still on its way: this connection cannot be used any more
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_CON_COUNT_ERROR:
    case mysql_session_killed:
    case mysql_idle_too_long:  // said by MySQL before it hangs up, where MariaDB says nothing
      return true;
    default:
      return false;
  }
}

bool may_have_committed(const soci::soci_error& error) {
  if (const int mysql = mysql_code(error); mysql != no_code) {
    return !is_collision(mysql) && !is_duplicate(mysql) && !is_foreign_key(mysql);
  }
  const int code = sqlite_code(error);
  if (code == no_code) return true;
  const int primary = code & 0xff;
  return primary != SQLITE_BUSY && primary != SQLITE_FULL && primary != SQLITE_CONSTRAINT;
}

}  // namespace buyme::db
