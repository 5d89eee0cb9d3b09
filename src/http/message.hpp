// What a handler reads and writes. No Beast type crosses this line, so endpoints compile without it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/caller.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/trace.hpp"
#include "http/event_stream.hpp"

namespace buyme::http {

enum class Method : std::uint8_t { get, post, put, patch, delete_, other };

// One request, fully read and within limits. Views point into the connection's buffer and live until the
// response has been written.
struct Request {
  Method method = Method::other;
  std::string_view target;  // as sent: "/api/orders?limit=20"
  std::string_view path;    // "/api/orders", percent-encoding untouched
  std::string_view query;   // "limit=20"
  std::string_view body;
  std::string_view content_type;
  std::string_view idempotency_key;  // header Idempotency-Key, empty when absent
  std::string_view if_match;         // header If-Match as sent, empty when absent
  std::string_view request_id;       // from X-Request-Id when well formed, else made here
  std::string_view trace_id;         // of a well-formed W3C traceparent: 32 hexadecimal digits; else empty
  std::string_view trace_flags;      // of the same
  std::string_view last_event_id;    // header Last-Event-ID, empty when absent
  std::string_view if_none_match;    // header If-None-Match as sent, empty when absent
  std::string_view accept_encoding;  // header Accept-Encoding as sent, empty when absent
  std::string_view remote_address;   // of the client; behind a trusted proxy the one it forwarded
  std::array<std::string_view, 3> params;  // what the {braces} of the route matched, left to right
  Caller caller;
  std::string_view session;  // the log-in that the caller's token belongs to; empty without a token
  Time token_expires_at;     // meaningful with a session
  Monotonic arrived;

  Trace trace() const { return {request_id, trace_id, trace_flags}; }  // for calls that are made for it
};

// The answer. The body's buffer is reused from request to request of a connection.
struct Response {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // beside those the server sets itself
  bool korean = false;  // the caller reads Korean rather than English; set before the handler runs
  // Set by a handler that answers 200 with server-sent events: the connection ends with them.
  std::unique_ptr<EventStream> stream;

  void header(std::string_view name, std::string value) { headers.emplace_back(name, std::move(value)); }
  void clear() {
    status = 200;
    content_type = "application/json";
    body.clear();
    headers.clear();
    stream.reset();
  }
};

// Turns the response into application/problem+json (RFC 9457) for `failure`, in the caller's language.
void write_problem(Response& response, const Failure& failure, std::string_view request_id);

}  // namespace buyme::http
