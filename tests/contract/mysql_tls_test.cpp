// Talking to a real MariaDB over TLS, with certificates of authorities that only these tests have.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/clock.hpp"
#include "db/health.hpp"
#include "db/mysql.hpp"
#include "db/sql_mysql.hpp"
#include "support/mariadb_server.hpp"

namespace buyme::test {

namespace {

// An authority and a server's certificate in one. `name`: as subjectAltName says it.
struct Certificate {
  Certificate(const TempDir& place, const std::string& called, std::string_view name)
      : file(place.file(called + ".pem")), key(place.file(called + ".key")) {
    const std::string command = fmt::format(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={} -addext subjectAltName={} -keyout {} "
        "-out {} 2>/dev/null",
        called, name, key, file);
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl made no certificate");
  }
  std::string file, key;
};

class MysqlTls : public ::testing::Test {
 protected:
  db::MysqlSettings settings_with(const std::string& authority) const {
    return {.port = server.port(),
            .user = server.user(),
            .password = server.password(),
            .database = "mysql",
            .tls = true,
            .tls_ca = authority};
  }
  static bool connects(const db::MysqlSettings& settings) {
    return db::look_at(db::DatabaseAddress(settings), *make_system_clock()).answers;
  }
  // What the services but for the order service use.
  static std::string cipher_of(const db::MysqlSettings& settings) {
    soci::session session;
    db::open_mysql(session, settings);
    std::string name, cipher;
    session << "SHOW SESSION STATUS LIKE 'Ssl_cipher'", soci::into(name), soci::into(cipher);
    return cipher;
  }

  TempDir place;
  Certificate good{place, "shop", "IP:127.0.0.1"}, foreign{place, "other", "IP:127.0.0.1"};
  MariadbServer server{{"--ssl-cert=" + good.file, "--ssl-key=" + good.key}};
};

TEST_F(MysqlTls, IsSpokenWithAServerOfTheAuthorityAlone) {
  EXPECT_TRUE(connects(settings_with(good.file)));
  EXPECT_FALSE(connects(settings_with(foreign.file)));
  EXPECT_NE(cipher_of(settings_with(good.file)), "");
  EXPECT_THROW(cipher_of(settings_with(foreign.file)), std::runtime_error);
}

TEST_F(MysqlTls, IsNotSpokenWithAServerOfAnotherName) {
  const Certificate elsewhere(place, "elsewhere", "DNS:elsewhere.example");
  const MariadbServer impostor({"--ssl-cert=" + elsewhere.file, "--ssl-key=" + elsewhere.key});
  auto settings = settings_with(elsewhere.file);
  settings.port = impostor.port();
  EXPECT_FALSE(connects(settings));
}

TEST_F(MysqlTls, IsNotGivenUpForAServerThatHasNone) {
  const MariadbServer plain({"--skip-ssl"});
  auto settings = settings_with(good.file);
  settings.port = plain.port();
  EXPECT_FALSE(connects(settings));
  EXPECT_THROW(cipher_of(settings), std::runtime_error);
}

}  // namespace

}  // namespace buyme::test
