#include "db/sql_mysql.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <soci/mysql/soci-mysql.h>

#include "core/limits.hpp"
#include "db/mysql.hpp"
#include "db/mysql_migrations.hpp"
#include "db/sql.hpp"

namespace buyme::db {

namespace {

// A value of SOCI's connection string.
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

// SOCI asks for TLS and checks the chain of certificates, and talks in the clear to a server without TLS. The
// name in the certificate is checked once at each start, by prepare_mysql.
void require_cipher(soci::session& session) {
  std::string variable, cipher;
  session << "SHOW SESSION STATUS LIKE 'Ssl_cipher'", soci::into(variable), soci::into(cipher);
  if (cipher.empty()) {
    throw soci::mysql_soci_error("the database server does not speak TLS", CR_SSL_CONNECTION_ERROR);
  }
}

}  // namespace

void open_mysql(soci::session& session, const MysqlSettings& server) {
  std::string text = fmt::format(
      "user={} password={} dbname={} charset=utf8mb4 connect_timeout={} read_timeout={} write_timeout={}",
      quoted(server.user), quoted(server.password), quoted(server.database), server.connect_timeout.count(),
      server.answer_timeout.count(), server.answer_timeout.count());
  if (server.socket.empty()) {
    text += fmt::format(" host={} port={}", quoted(server.host), server.port);
  } else {
    text += " unix_socket=" + quoted(server.socket);
  }
  if (!server.tls_ca.empty()) text += " sslca=" + quoted(server.tls_ca);
  session.open(soci::mysql, text);
  if (server.tls) require_cipher(session);
  session << "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
  session << fmt::format(
      "SET SESSION innodb_lock_wait_timeout = {}, wait_timeout = {}, "
      "sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
      limits::sql_lock_wait.count(), limits::database_silence.count());
}

void prepare_mysql(const MysqlSettings& server, std::span<const Migration> migrations) {
  Mysql database(server);
  require_durable(database);
  if (!migrations.empty()) migrate(server, migrations);
}

}  // namespace buyme::db
