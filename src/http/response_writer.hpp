// Formats an answer for the wire, header and body in one buffer, so that one system call sends it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/rate_limiter.hpp"

namespace buyme::http {

// What the connection adds to a handler's response.
struct AnswerFrame {
  std::string_view date;  // a whole header line; empty for none
  std::string_view request_id;
  bool keep_alive = true;
  bool http_1_0 = false;            // the client speaks HTTP/1.0: keeping the connection must be said
  bool head_only = false;           // the answer to HEAD: the header of the body, not the body
  std::string_view allowed_origin;  // the page that may read the answer (CORS); empty: none but our own
  bool varies_by_origin = false;
  std::optional<RateLimiter::Verdict> rate;
};

// Appends. Line breaks and other control characters in header values become spaces.
void append_answer(std::string& out, const Response& response, const AnswerFrame& frame);

// The head of an answer whose body has no length: it goes on until the connection closes.
void append_stream_head(std::string& out, const Response& response, const AnswerFrame& frame);

// "Date: Sun, 01 Mar 2026 03:00:00 GMT\r\n"
std::string date_header(Time now);

}  // namespace buyme::http
