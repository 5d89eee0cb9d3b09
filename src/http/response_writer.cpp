#include "http/response_writer.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>

namespace buyme::http {

namespace {

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

}  // namespace

void append_answer(std::string& out, const Response& response, const AnswerFrame& frame) {
  append_status_line(out, response.status);
  out += frame.date;
  out += "X-Content-Type-Options: nosniff\r\n";
  bool cache_control = false;
  for (const auto& [name, value] : response.headers) {
    append_header(out, name, value);
    cache_control = cache_control || boost::beast::iequals(name, "Cache-Control");
  }
  if (!cache_control) out += "Cache-Control: no-store\r\n";

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
  out += "X-Request-Id: ";
  out += frame.request_id;
  out += "\r\n\r\n";
  if (has_body && !frame.head_only) out += response.body;
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
