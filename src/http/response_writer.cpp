#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>

namespace buyme::http {

namespace {

constexpr std::string_view exposed_headers =
    "Access-Control-Expose-Headers: Location, ETag, Retry-After, Idempotent-Replayed, X-Request-Id, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset\r\n";

void append_number(std::string& out, std::size_t value) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value);
  out.append(digits, end.ptr);
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(status));
  out += ' ';
  out.append(reason.data(), reason.size());
  out += "\r\n";
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out += "\r\n";
}

void append_rate(std::string& out, const RateLimiter::Verdict& rate) {
  out += "RateLimit-Limit: ";
  append_number(out, rate.limit);
  out += "\r\nRateLimit-Remaining: ";
  append_number(out, rate.remaining);
  out += "\r\nRateLimit-Reset: ";
  append_number(out, rate.reset);
  out += "\r\n";
}

// What every answer says beside its own headers.
void append_common(std::string& out, const Response& response, const AnswerFrame& frame) {
  out += frame.date;
  out += "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
  bool cache_control = false, policy = false;
  for (const auto& [name, value] : response.headers) {
    append_header(out, name, value);
    cache_control = cache_control || boost::beast::iequals(name, "Cache-Control");
    policy = policy || boost::beast::iequals(name, "Content-Security-Policy");
  }
  if (!cache_control) out += "Cache-Control: no-store\r\n";
  if (!policy && response.content_type.starts_with("text/html")) {
    out += "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
  }
  if (frame.varies_by_origin) out += "Vary: Origin\r\n";
  if (!frame.allowed_origin.empty()) {
    append_header(out, "Access-Control-Allow-Origin", frame.allowed_origin);
    out += exposed_headers;
  }
  if (frame.rate) append_rate(out, *frame.rate);
}

void append_request_id(std::string& out, const AnswerFrame& frame) {
  out += "X-Request-Id: ";
  out += frame.request_id;
  out += "\r\n\r\n";
}

}  // namespace

void append_answer(std::string& out, const Response& response, const AnswerFrame& frame) {
  append_status_line(out, response.status);
  append_common(out, response, frame);

  const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
  if (has_body) {
    if (!response.body.empty()) {
      out += "Content-Type: ";
      out += response.content_type;
      out += "\r\n";
    }
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  }
  if (!frame.keep_alive) {
    out += "Connection: close\r\n";
  } else if (frame.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  append_request_id(out, frame);
  if (has_body && !frame.head_only) out += response.body;
}

void append_stream_head(std::string& out, const Response& response, const AnswerFrame& frame) {
  append_status_line(out, response.status);
  append_common(out, response, frame);
  // The last line is nginx's: it would gather events before it sends them on.
  out += "Content-Type: text/event-stream\r\nConnection: close\r\nX-Accel-Buffering: no\r\n";
  append_request_id(out, frame);
}

std::string date_header(Time now) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(now - day)};
  return fmt::format("Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
                     days[std::chrono::weekday{day}.c_encoding()], unsigned(date.day()),
                     months[unsigned(date.month()) - 1], int(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace buyme::http
