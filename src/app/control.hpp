// How a command reaches the shop that runs in a data directory: a Unix socket in that directory.
//
// One request and one answer per connection, each one line of JSON:
//   {"command":"tokens","count":100}  ->  {"result":{...}}  or  {"error":"what is wrong"}
// Only the shop's own user and root are served.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/clock.hpp"
#include "core/log.hpp"

namespace buyme::app {

namespace json = boost::json;

// What a handler cannot do, or what the shop answered that it cannot do. what() is for the person at the
// terminal.
class ControlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Nothing listens on the socket: the process that has the directory is no shop, or one that has just begun or
// ended.
class NoShopAnswers : public ControlError {
 public:
  using ControlError::ControlError;
};

// Serves requests on one thread of its own, one after the other, so handlers may block. What a handler throws
// becomes the "error" of the answer.
class ControlServer {
 public:
  using Handler = std::function<json::object(const json::object& request)>;
  using Handlers = std::map<std::string, Handler, std::less<>>;

  // `directory` must be locked by this process: a socket that lies there is one of a dead shop and is
  // replaced. Throws std::system_error.
  ControlServer(const std::filesystem::path& directory, Handlers handlers, Clock& clock, Log log);
  ~ControlServer();  // waits for the request under way, removes the socket

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Asks the shop that runs in `directory`. Throws ControlError with the shop's reason, or when no shop answers
// there.
json::object ask_shop(const std::filesystem::path& directory, const json::object& request, Clock& clock);

}  // namespace buyme::app
