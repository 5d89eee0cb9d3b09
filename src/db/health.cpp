#include "db/health.hpp"

#include "db/mysql.hpp"
#include "db/sqlite.hpp"

namespace buyme::db {

namespace {

constexpr auto its_time = "SELECT CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000 AS SIGNED)";

Health look_at_file(const std::string& path) {
  try {
    const Sqlite database(path, Access::read_only);
    return {.answers = database.query_integer("SELECT COUNT(*) FROM sqlite_schema") > 0};
  } catch (const SqliteError&) {
    return {};
  }
}

Health look_at_server(const MysqlSettings& server, const Clock& clock) {
  try {
    Mysql database(server);
    const Time asked = clock.now();
    auto row = database.query(its_time);
    const Time answered = clock.now();
    if (!row.next()) return {};
    Health health{.answers = true};
    const Time there = from_unix_ms(row.integer(0));
    if (asked > there) health.clock_ahead = asked - there;
    if (answered < there) health.clock_ahead = answered - there;
    return health;
  } catch (const MysqlError&) {
    return {};
  }
}

}  // namespace

Health look_at(const DatabaseAddress& address, const Clock& clock) {
  if (const std::string* file = address.file()) return look_at_file(*file);
  return look_at_server(*address.mysql(), clock);
}

}  // namespace buyme::db
