// Where a service's database is: a SQLite file, or a schema on a MySQL (or MariaDB) server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/limits.hpp"

namespace buyme::db {

// Questions that a program has waited for the answer of: a packet of statements is one.
using RoundTrips = std::shared_ptr<std::atomic<std::int64_t>>;

struct MysqlSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3'306;
  std::string user;
  std::string password;  // never logged
  std::string database;  // exists already; its tables are made by the migrations
  bool tls = false;    // refuse to talk in the clear, or to a server whose certificate is not good for `host`
  std::string tls_ca;  // PEM file of the authorities to trust; empty: the system's
  std::string socket;  // a Unix socket, instead of host and port
  RoundTrips round_trips;  // counts those of every connection that is made with it; none: nobody counts
  std::chrono::seconds connect_timeout = limits::database_connect_timeout;
  std::chrono::seconds answer_timeout = limits::database_answer_timeout;
};

class DatabaseAddress {
 public:
  DatabaseAddress() = default;  // nowhere: to be assigned
  DatabaseAddress(std::string file) : place_(std::move(file)) {}
  DatabaseAddress(const char* file) : place_(std::string(file)) {}
  DatabaseAddress(const std::filesystem::path& file) : place_(file.string()) {}
  DatabaseAddress(MysqlSettings server) : place_(std::move(server)) {}

  // Exactly one of them is not null.
  const std::string* file() const& { return std::get_if<std::string>(&place_); }
  const MysqlSettings* mysql() const& { return std::get_if<MysqlSettings>(&place_); }
  const std::string* file() && = delete;  // it would point into what is gone
  const MysqlSettings* mysql() && = delete;

 private:
  std::variant<std::string, MysqlSettings> place_;
};

}  // namespace buyme::db
