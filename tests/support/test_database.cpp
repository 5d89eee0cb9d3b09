#include "support/test_database.hpp"

#include <soci/soci.h>

#include "db/sql_mysql.hpp"
#include "db/sqlite.hpp"

namespace buyme::test {

namespace {

void connect(soci::session& session, const db::MysqlSettings& server) {
  db::open_mysql(session, server);
}

db::DatabaseAddress make_schema(MariadbServer& server) {
  db::MysqlSettings address{server.host(), server.port(), server.user(), server.password(), "mysql"};
  soci::session session;
  connect(session, address);
  address.database = MariadbServer::new_database_name();
  session << "CREATE DATABASE " << address.database << " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
  return address;
}

}  // namespace

TestDatabase::TestDatabase(DatabaseKind kind, MariadbServer* server)
    : address_(kind == DatabaseKind::sqlite
                   ? db::DatabaseAddress(place_.file("test.sqlite"))
                   : make_schema(server != nullptr ? *server : MariadbServer::shared())) {}

void TestDatabase::execute(const std::string& sql) const {
  if (const auto* file = address_.file()) {
    return db::Sqlite(*file, db::Access::read_write).execute(sql);
  }
  soci::session session;
  connect(session, *address_.mysql());
  session << sql;
}

std::int64_t TestDatabase::integer(const std::string& query) const {
  if (const auto* file = address_.file()) {
    return db::Sqlite(*file, db::Access::read_only).query_integer(query);
  }
  soci::session session;
  connect(session, *address_.mysql());
  long long number = 0;
  session << query, soci::into(number);
  return number;
}

}  // namespace buyme::test
