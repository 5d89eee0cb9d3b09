// An HTTP/1.1 client for calls between our own servers: keep-alive connections, several addresses of one
// upstream, a deadline, repeats where they do no harm, and a circuit breaker per address.
//
// What a caller must know of a call that failed is whether it may have been done:
//   overloaded, store_unavailable   certainly not (too many calls are under way; no address takes calls)
//   outcome_unknown                 it was sent, and no answer came; only of calls that change something
// Whatever the upstream answers as a problem comes back as the Failure that it was made of.
//
// Thread safety: a call runs on the executor of the coroutine that makes it, which must be one of `homes`.
// Each home has connections, breakers and a turn of its own, touched by its thread alone; so nothing is
// locked, and each thread finds out for itself that an address is dead. Destroy it after the homes' threads
// have stopped and before their contexts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "core/trace.hpp"
#include "http/message.hpp"

namespace buyme::http {

enum class Effect : std::uint8_t {
  read,        // changes nothing
  idempotent,  // a repeat changes nothing more, and is answered as the first
  once,        // must not be done twice: repeated only when it certainly did not arrive
};

struct HttpCall {
  Method method = Method::get;
  std::string target;  // "/internal/stock"; visible ASCII
  std::string body;    // JSON; empty: none
  Effect effect = Effect::once;
  Milliseconds deadline = limits::service_deadline;  // repeats included
  Trace trace;                                       // as X-Request-Id and traceparent
};

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};

struct ClientSettings {
  std::string name;                    // of the upstream, for messages: "order"
  std::vector<std::string> addresses;  // "host:port", asked in turn; names are looked up at each connect
  std::string credential;              // shown as X-Buyme-Service; empty: none
  std::size_t in_flight = limits::service_in_flight;  // per home
  int breaker_failures = limits::breaker_failures;
  Milliseconds breaker_pause = limits::breaker_pause;
};

class HttpClient {
 public:
  // Throws std::invalid_argument for an address that is not host:port, or a credential that is_credential
  // refuses.
  HttpClient(ClientSettings settings, std::vector<Executor> homes, Clock& clock, Log log);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // A 2xx answer, or why there is none. Answers of 500 and more that are no problem of ours count as none;
  // Error::internal for other answers that cannot be understood. Throws std::logic_error off its homes, and
  // for a target or header value that is not visible ASCII.
  Awaitable<Result<HttpAnswer>> call(HttpCall call);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// limits::min_credential_bytes to max_credential_bytes of visible ASCII. Pure.
bool is_credential(std::string_view text);

}  // namespace buyme::http
