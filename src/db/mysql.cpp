#include "db/mysql.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace buyme::db {

namespace {

// Of servers that the header of this client does not know.
constexpr unsigned mariadb_check_violated = 4'025;
constexpr unsigned mysql_check_violated = 3'819;
constexpr unsigned mariadb_connection_killed = 1'927;
constexpr unsigned mysql_session_killed = 3'169;
constexpr unsigned mysql_idle_too_long = 4'031;
constexpr unsigned first_client_code = 2'000, last_client_code = 2'999;

template <std::size_t size>
bool is_one_of(unsigned code, const unsigned (&codes)[size]) {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

// Once per process, before the first connection, which may be made on any thread.
void initialize_once() {
  [[maybe_unused]] static const int initialized = mysql_library_init(0, nullptr, nullptr);
}

const char* or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

}  // namespace

bool MysqlError::is_lost() const {
  static constexpr unsigned codes[] = {
      ER_SERVER_SHUTDOWN,       ER_NET_READ_ERROR,         ER_NET_READ_INTERRUPTED, ER_NET_ERROR_ON_WRITE,
      ER_NET_WRITE_INTERRUPTED, mariadb_connection_killed, mysql_session_killed,    mysql_idle_too_long};
  return (first_client_code <= code_ && code_ <= last_client_code) || is_one_of(code_, codes);
}

bool MysqlError::is_duplicate() const {
  static constexpr unsigned codes[] = {ER_DUP_ENTRY, ER_DUP_KEY, ER_DUP_ENTRY_WITH_KEY_NAME};
  return is_one_of(code_, codes);
}

bool MysqlError::is_constraint() const {
  static constexpr unsigned codes[] = {
      mariadb_check_violated, mysql_check_violated,      ER_NO_REFERENCED_ROW,
      ER_NO_REFERENCED_ROW_2, ER_ROW_IS_REFERENCED,      ER_ROW_IS_REFERENCED_2,
      ER_BAD_NULL_ERROR,      ER_WARN_DATA_OUT_OF_RANGE, ER_DATA_TOO_LONG};
  return is_duplicate() || is_one_of(code_, codes);
}

bool MysqlError::is_deadlock() const {
  return code_ == ER_LOCK_DEADLOCK;
}

bool MysqlError::is_lock_wait() const {
  return code_ == ER_LOCK_WAIT_TIMEOUT;
}

bool MysqlError::already_exists() const {
  static constexpr unsigned codes[] = {ER_TABLE_EXISTS_ERROR, ER_DUP_FIELDNAME, ER_DUP_KEYNAME};
  return is_duplicate() || is_one_of(code_, codes);
}

// --- results

MysqlResult::MysqlResult(st_mysql_res* rows, std::uint64_t affected, std::uint64_t insert_id)
    : rows_(rows), affected_(affected), insert_id_(insert_id) {}

void MysqlResult::Free::operator()(st_mysql_res* rows) const {
  mysql_free_result(rows);
}

bool MysqlResult::next() {
  row_ = rows_ ? mysql_fetch_row(rows_.get()) : nullptr;
  if (row_ != nullptr) lengths_ = mysql_fetch_lengths(rows_.get());
  return row_ != nullptr;
}

bool MysqlResult::is_null(unsigned column) const {
  return row_[column] == nullptr;
}

std::string_view MysqlResult::text(unsigned column) const {
  if (is_null(column)) return {};
  return {row_[column], lengths_[column]};
}

std::int64_t MysqlResult::integer(unsigned column) const {
  const std::string_view digits = text(column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (!digits.empty() && (error != std::errc{} || end != digits.data() + digits.size())) {
    throw std::logic_error(fmt::format("column {} holds no integer", column));
  }
  return value;
}

std::size_t MysqlPacket::add(std::string statement) {
  statements_.push_back(std::move(statement));
  return statements_.size() - 1;
}

// --- the connection

void Mysql::Close::operator()(st_mysql* connection) const {
  mysql_close(connection);
}

Mysql::Mysql(const MysqlSettings& settings) : round_trips_(settings.round_trips) {
  initialize_once();
  connection_.reset(mysql_init(nullptr));
  if (!connection_) throw std::bad_alloc();
  MYSQL* connection = connection_.get();
  const auto connect_timeout = static_cast<unsigned>(settings.connect_timeout.count());
  const auto answer_timeout = static_cast<unsigned>(settings.answer_timeout.count());
  mysql_optionsv(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
  mysql_optionsv(connection, MYSQL_OPT_READ_TIMEOUT, &answer_timeout);
  mysql_optionsv(connection, MYSQL_OPT_WRITE_TIMEOUT, &answer_timeout);
  mysql_optionsv(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const unsigned local_files = 0;  // a server may not ask for files of ours
  mysql_optionsv(connection, MYSQL_OPT_LOCAL_INFILE, &local_files);
  const my_bool enforce = settings.tls;
  mysql_optionsv(connection, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &enforce);
  if (settings.tls) mysql_optionsv(connection, MYSQL_OPT_SSL_CA, or_null(settings.tls_ca));
  const char* host = settings.socket.empty() ? settings.host.c_str() : nullptr;
  if (mysql_real_connect(connection, host, settings.user.c_str(), settings.password.c_str(),
                         or_null(settings.database), settings.port, or_null(settings.socket),
                         CLIENT_MULTI_STATEMENTS | CLIENT_FOUND_ROWS) == nullptr) {
    fail(0);
  }
  set_up_session();
}

void Mysql::set_up_session() {
  const auto seconds = [](std::chrono::seconds time) { return time.count(); };
  MysqlPacket set_up;
  set_up.add("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  set_up.add(
      "SET SESSION autocommit=1, foreign_key_checks=1, unique_checks=1,"
      " sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'");
  // The session of a process that stands still, or was cut off, lets go of its locks.
  set_up.add(
      fmt::format("SET SESSION innodb_lock_wait_timeout={0}, lock_wait_timeout={0}, wait_timeout={1}, "
                  "net_read_timeout={1},"
                  " net_write_timeout={1}",
                  seconds(limits::database_lock_wait), seconds(limits::database_silence)));
  // Long lists of rows are looked up one by one, in their order.
  if (is_mariadb()) set_up.add("SET SESSION check_constraint_checks=1, in_predicate_conversion_threshold=0");
  run(set_up);
}

void Mysql::fail(std::size_t statement) const {
  throw MysqlError(mysql_errno(connection_.get()), statement,
                   fmt::format("{} ({})", mysql_error(connection_.get()), mysql_errno(connection_.get())));
}

std::vector<MysqlResult> Mysql::send(std::string_view statements) {
  MYSQL* connection = connection_.get();
  std::vector<MysqlResult> results;
  if (round_trips_) round_trips_->fetch_add(1, std::memory_order_relaxed);
  if (mysql_real_query(connection, statements.data(), statements.size()) != 0) fail(0);
  for (;;) {
    MYSQL_RES* rows = mysql_store_result(connection);
    if (rows == nullptr && mysql_field_count(connection) != 0) fail(results.size());
    results.emplace_back(rows, mysql_affected_rows(connection), mysql_insert_id(connection));
    const int more = mysql_next_result(connection);
    if (more < 0) return results;
    if (more > 0) fail(results.size());
  }
}

MysqlResult Mysql::query(std::string_view statement) {
  return std::move(send(statement).front());
}

std::vector<MysqlResult> Mysql::run(const MysqlPacket& packet, bool one_by_one) {
  const auto& statements = packet.statements();
  if (!one_by_one) return send(fmt::format("{}", fmt::join(statements, ";\n")));
  std::vector<MysqlResult> results;
  for (const auto& statement : statements) {
    try {
      results.push_back(query(statement));
    } catch (const MysqlError& error) {
      throw MysqlError(error.code(), results.size(), error.what());
    }
  }
  return results;
}

bool Mysql::answers() {
  return mysql_ping(connection_.get()) == 0;
}

std::string Mysql::quote(std::string_view text) const {
  std::string quoted(2 * text.size() + 3, '\'');
  const unsigned long size = mysql_real_escape_string(connection_.get(), quoted.data() + 1, text.data(),
                                                      static_cast<unsigned long>(text.size()));
  quoted.resize(size + 1);
  quoted += '\'';
  return quoted;
}

bool Mysql::is_mariadb() const {
  return mariadb_connection(connection_.get()) != 0;
}

unsigned long Mysql::server_version() const {
  return mysql_get_server_version(connection_.get());
}

std::uint64_t Mysql::session_id() const {
  return mysql_thread_id(connection_.get());
}

}  // namespace buyme::db
