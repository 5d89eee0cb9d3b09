// Where a service's database is: a SQLite file, or a schema on a MySQL (or MariaDB) server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>

namespace buyme::db {

struct MysqlAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3306;
  std::string user;
  std::string password;  // never logged
  std::string database;  // exists already; its tables are made by the migrations
  std::string tls_ca;    // file of the authorities that the server's certificate is checked by; empty: no TLS
};

class DatabaseAddress {
 public:
  DatabaseAddress() = default;  // nowhere: to be assigned
  DatabaseAddress(std::string file) : place_(std::move(file)) {}
  DatabaseAddress(const char* file) : place_(std::string(file)) {}
  DatabaseAddress(const std::filesystem::path& file) : place_(file.string()) {}
  DatabaseAddress(MysqlAddress server) : place_(std::move(server)) {}

  // Exactly one of them is not null.
  const std::string* file() const& { return std::get_if<std::string>(&place_); }
  const MysqlAddress* mysql() const& { return std::get_if<MysqlAddress>(&place_); }
  const std::string* file() && = delete;  // it would point into what is gone
  const MysqlAddress* mysql() && = delete;

 private:
  std::variant<std::string, MysqlAddress> place_;
};

}  // namespace buyme::db
