#include "http/request_reader.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "core/limits.hpp"

namespace buyme::http {

namespace beast_http = boost::beast::http;
using boost::beast::iequals;

namespace {

// Any of Beast's errors that means "stop": what the client is told stands in failure_ by then.
const beast_http::error refused = beast_http::error::bad_field;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

constexpr std::size_t flags_at = 53;  // in a traceparent

// The trace id of "00-TRACE-PARENT-FLAGS" (W3C Trace Context); later versions may go on behind a dash.
std::string_view trace_id_of(std::string_view text) {
  constexpr std::size_t trace_at = 3, trace_size = 32, parent_at = 36, size = 55;
  if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  if (text.size() > size && (text.starts_with("00") || text[size] != '-')) return {};
  const auto is_hex = [&](std::size_t at, std::size_t count) {
    const std::string_view part = text.substr(at, count);
    return std::all_of(part.begin(), part.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  };
  if (!is_hex(0, 2) || !is_hex(trace_at, trace_size) || !is_hex(parent_at, 16) || !is_hex(flags_at, 2))
    return {};
  const std::string_view trace = text.substr(trace_at, trace_size);
  const bool is_zero = trace.find_first_not_of('0') == std::string_view::npos;
  return text.starts_with("ff") || is_zero ? std::string_view() : trace;
}

}  // namespace

RequestReader::RequestReader(std::string& body) : collected_(body) {
  collected_.clear();
  header_limit(limits::max_header_bytes);
  body_limit(limits::max_body_bytes);
  eager(true);
}

// Line by line: Beast would read a head piece by piece, and its limit would then hold for each piece alone;
// it also unfolds continued lines, which proxies read in different ways.
RequestReader::Scan RequestReader::scan_head(std::string_view bytes) {
  std::size_t line = scanned_;
  while (line < bytes.size()) {
    const auto* found = static_cast<const char*>(std::memchr(bytes.data() + line, '\n', bytes.size() - line));
    if (found == nullptr) break;
    const auto end = static_cast<std::size_t>(found - bytes.data());
    if (end == line || bytes[end - 1] != '\r') return Scan::broken;
    const bool folded = line > 0 && (bytes[line] == ' ' || bytes[line] == '\t');
    if (folded) return Scan::broken;
    if (end == line + 1) {
      head_bytes_ = end + 1;
      return Scan::complete;
    }
    line = end + 1;
  }
  scanned_ = line;
  return Scan::incomplete;
}

RequestReader::Progress RequestReader::refuse(Error error, std::string_view detail) {
  failure_ = Failure(error, std::string(detail));
  return Progress::failed;
}

RequestReader::Progress RequestReader::refuse(const Code& code) {
  if (!failure_.detail.empty()) return Progress::failed;  // by one of the callbacks
  if (code == beast_http::error::body_limit) {
    return refuse(Error::too_large, "The body is larger than this server accepts.");
  }
  if (code == beast_http::error::header_limit) {
    return refuse(Error::too_large, "The header is larger than this server accepts.");
  }
  return refuse(Error::malformed, "This is not valid HTTP/1.1: " + code.message() + ".");
}

RequestReader::Progress RequestReader::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (!head_complete_) {
    // A client may send an empty line between requests (RFC 9112, 2.2).
    while (scanned_ == 0 && bytes.substr(0, 2) == "\r\n") {
      bytes.remove_prefix(2);
      consumed += 2;
    }
    const Scan scan = scan_head(bytes);
    if (scan == Scan::broken) {
      return refuse(Error::malformed, "Every line of the header must end in CR LF and stand on its own.");
    }
    if (scan == Scan::incomplete) {
      if (bytes.size() < limits::max_header_bytes) return Progress::head;
      return refuse(Error::too_large, "The header is larger than this server accepts.");
    }
    head_bytes_ += consumed;
  }
  Code code;
  const std::size_t used = put({bytes.data(), bytes.size()}, code);
  consumed += used;
  if (code && code != beast_http::error::need_more) return refuse(code);
  if (is_done()) return Progress::done;
  if (!head_complete_) return refuse(Error::malformed, "The header is not complete.");
  if (!whole_body_.empty()) {  // a part of it only: the buffer will be used again
    collected_.append(whole_body_);
    whole_body_ = {};
  }
  return Progress::body;
}

void RequestReader::rebase(const char* from, std::size_t size, const char* to) {
  for (std::string_view& header : headers_) {
    if (header.data() >= from && header.data() + header.size() <= from + size) {
      header = {to + (header.data() - from), header.size()};
    }
  }
}

void RequestReader::on_request_impl(beast_http::verb verb, Text, Text target, int version, Code& code) {
  switch (verb) {
    case beast_http::verb::head:
      is_head_ = true;
      method_ = Method::get;
      break;
    case beast_http::verb::get:
      method_ = Method::get;
      break;
    case beast_http::verb::post:
      method_ = Method::post;
      break;
    case beast_http::verb::put:
      method_ = Method::put;
      break;
    case beast_http::verb::patch:
      method_ = Method::patch;
      break;
    case beast_http::verb::delete_:
      method_ = Method::delete_;
      break;
    case beast_http::verb::options:
      is_options_ = true;
      method_ = Method::other;
      break;
    default:
      method_ = Method::other;
  }
  if (version != 10 && version != 11) {
    refuse(Error::malformed, "Only HTTP/1.0 and HTTP/1.1 are served.");
    code = refused;
    return;
  }
  is_http_1_0_ = version == 10;
  read_target(view(target), code);
}

void RequestReader::read_target(std::string_view target, Code& code) {
  if (target.size() > limits::max_target_bytes) {
    refuse(Error::too_large, "The request target is longer than this server accepts.");
    code = refused;
    return;
  }
  // The absolute form, which every server must accept (RFC 9112, 3.2.2).
  constexpr std::string_view scheme = "http://";
  if (iequals(target.substr(0, scheme.size()), scheme)) {
    const std::size_t path = target.find('/', scheme.size());
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  const bool valid = !target.empty() && target.front() == '/' &&
                     std::all_of(target.begin(), target.end(),
                                 [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (!valid) {
    refuse(Error::malformed, "The request target must be a path.");
    code = refused;
    return;
  }
  headers_[target_] = target;
}

// Of those that Beast has no number for.
RequestReader::Header RequestReader::header_named(Text name) {
  if (iequals(name, "Last-Event-ID")) return last_event_id_;
  if (iequals(name, "traceparent")) return traceparent_;
  if (iequals(name, "X-Forwarded-For")) return x_forwarded_for_;
  if (iequals(name, "Idempotency-Key")) return idempotency_key_;
  if (iequals(name, "X-Request-Id")) return request_id_;
  if (iequals(name, "X-Buyme-Service")) return service_credential_;
  return header_count_;
}

void RequestReader::on_field_impl(Field field, Text name, Text text, Code& code) {
  if (head_complete_) return;  // a trailer: never believed
  const std::string_view value = view(text);
  const auto reject = [&](std::string_view detail) {
    refuse(Error::malformed, detail);
    code = refused;
  };
  Header header = header_count_;
  switch (field) {
    case Field::host:
      header = host_;
      break;
    case Field::content_type:
      header = content_type_;
      break;
    case Field::authorization:
      header = authorization_;
      break;
    case Field::content_length:
      header = content_length_;
      if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return reject("Content-Length must be one number.");
      }
      break;
    case Field::transfer_encoding:
      header = transfer_encoding_;
      if (!iequals(text, "chunked")) return reject("The only Transfer-Encoding served is chunked.");
      break;
    case Field::expect:
      if (!iequals(text, "100-continue")) {
        refuse(Error::expectation_failed, "The only expectation served is 100-continue.");
        code = refused;
        return;
      }
      expects_continue_ = true;
      return;
    case Field::if_match:
      header = if_match_;
      break;
    case Field::origin:
      header = origin_;
      break;
    case Field::accept_language:
      header = accept_language_;
      break;
    case Field::accept_encoding:
      header = accept_encoding_;
      break;
    case Field::if_none_match:
      header = if_none_match_;
      break;
    case Field::forwarded:
      header = forwarded_;
      break;
    case Field::unknown:
      header = header_named(name);
      break;
    default:
      break;
  }
  if (header == header_count_) return;
  const bool sent = (seen_ >> header & 1) != 0;
  if (sent && header < traceparent_) return reject("A header that may stand once was sent twice.");
  seen_ |= 1u << header;
  headers_[header] = value;
}

void RequestReader::on_header_impl(Code& code) {
  const auto sent = [this](Header header) { return (seen_ >> header & 1) != 0; };
  head_complete_ = true;
  if (!is_http_1_0_ && !sent(host_)) {
    refuse(Error::malformed, "A Host header is required.");
    code = refused;
  } else if (is_http_1_0_ && sent(transfer_encoding_)) {
    refuse(Error::malformed, "HTTP/1.0 has no Transfer-Encoding.");
    code = refused;
  } else if (is_http_1_0_ || is_done()) {
    expects_continue_ = false;
  }
}

std::size_t RequestReader::on_body_impl(Text part, Code&) {
  if (whole_body_.empty() && collected_.empty()) {
    whole_body_ = view(part);
  } else {
    collected_.append(part.data(), part.size());
  }
  return part.size();
}

std::size_t RequestReader::on_chunk_body_impl(std::uint64_t, Text part, Code&) {
  collected_.append(part.data(), part.size());
  return part.size();
}

void RequestReader::fill(Request& request) const {
  const std::string_view target = headers_[target_];
  const std::size_t question = std::min(target.find('?'), target.size());
  request.method = method_;
  request.target = target;
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(target.size(), question + 1));
  request.body = whole_body_.empty() ? std::string_view(collected_) : whole_body_;
  request.content_type = headers_[content_type_];
  request.idempotency_key = headers_[idempotency_key_];
  request.if_match = headers_[if_match_];
  request.last_event_id = headers_[last_event_id_];
  request.if_none_match = headers_[if_none_match_];
  request.accept_encoding = headers_[accept_encoding_];
  request.trace_id = trace_id_of(headers_[traceparent_]);
  request.trace_flags =
      request.trace_id.empty() ? std::string_view() : headers_[traceparent_].substr(flags_at, 2);
}

std::string_view RequestReader::bearer_token() const {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view value = headers_[authorization_];
  if (!iequals(value.substr(0, scheme.size()), scheme)) return {};
  const std::size_t token = value.find_first_not_of(' ', scheme.size());
  return token == std::string_view::npos ? std::string_view() : value.substr(token);
}

std::string_view RequestReader::client_request_id() const {
  return is_request_id(headers_[request_id_]) ? headers_[request_id_] : std::string_view();
}

}  // namespace buyme::http
