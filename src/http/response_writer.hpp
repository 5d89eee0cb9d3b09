// Formats an answer for the wire, header and body in one buffer, so that one system call sends it.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace buyme::http {

// What the connection adds to a handler's response.
struct AnswerFrame {
  std::string_view date;  // a whole header line; empty for none
  std::string_view request_id;
  bool keep_alive = true;
  bool http_1_0 = false;   // the client speaks HTTP/1.0: keeping the connection must be said
  bool head_only = false;  // the answer to HEAD: the header of the body, not the body
};

// Appends. Line breaks and other control characters in header values become spaces.
void append_answer(std::string& out, const Response& response, const AnswerFrame& frame);

// "Date: Sun, 01 Mar 2026 03:00:00 GMT\r\n"
std::string date_header(Time now);

}  // namespace buyme::http
