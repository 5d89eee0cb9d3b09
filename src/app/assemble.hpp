// Puts a shop together. assemble.cpp is the only file that knows which shape runs: it hands every service its
// ports.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

namespace buyme::user {
class UserService;
}

namespace buyme::app {

// A shop in this process, or one service of it (config.server.role): contexts, stores, services, HTTP.
// Several can live beside each other.
//
// Thread safety: start, stop and the destructor belong to one thread; users() and ship() may be used from
// any.
class Shop {
 public:
  // Opens the stores in config.data_dir (which the caller has locked), serves, and only then returns.
  // Throws when a store cannot be opened or the address is taken.
  static std::unique_ptr<Shop> start(const Config& config, Log log);
  ~Shop();  // stops, if nobody has

  std::string address() const;  // "http://127.0.0.1:8080"
  std::uint16_t port() const;

  // Graceful: no new requests, those under way are answered, what the order writer has not started is refused
  // with 503, the last round is committed. True when all of it was done within `deadline`.
  bool stop(std::chrono::milliseconds deadline);

  user::UserService* users();  // nullptr in a role without users

  // Moves on what is due at `as_of`, and answers how many moves that were. From any thread but the shop's
  // own, between start and stop; throws std::runtime_error when the shop cannot do it now, or has no orders.
  std::int64_t ship(Time as_of);

 private:
  struct Parts;
  explicit Shop(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace buyme::app
