// Problem answers (RFC 9457). "Sold out" is the most frequent answer of a sale, so they are appended by hand.
#include <charconv>

#include "http/json_input.hpp"
#include "http/utf8.hpp"

namespace buyme::http {

namespace {

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value);
  out.append(digits, end.ptr);
}

// "SOLD_OUT" as "sold-out"
void append_slug(std::string& out, std::string_view code) {
  for (const char c : code) {
    out += c == '_' ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  }
}

void append_members(std::string& out, const Failure& failure) {
  if (!failure.fields.empty()) {
    out += ",\"errors\":[";
    for (const FieldError& error : failure.fields) {
      out += &error == failure.fields.data() ? "{\"field\":" : ",{\"field\":";
      append_json_string(out, error.field);
      out += ",\"detail\":";
      append_json_string(out, error.detail);
      out += '}';
    }
    out += ']';
  }
  for (const auto& [name, value] : failure.members) {
    out += ',';
    append_json_string(out, name);
    out += ':';
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      append_number(out, *number);
    } else {
      append_json_string(out, std::get<std::string>(value));
    }
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // where the run of characters begins that need no escape
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    const std::size_t sequence = c < 0x80 ? 0 : utf8_sequence(text.substr(i));
    if (sequence > 0) {
      i += sequence;
      continue;
    }
    out.append(text, plain, i - plain);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c >= 0x80) {
      out += "\\ufffd";  // not UTF-8: an answer must stay readable whatever it quotes
    } else {
      static constexpr char hex[] = "0123456789abcdef";
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    }
    plain = ++i;
  }
  out.append(text, plain);
  out += '"';
}

void write_problem(Response& response, const Failure& failure, std::string_view request_id) {
  const ErrorInfo& info = error_info(failure.error);
  response.clear();
  response.status = info.http_status;
  response.content_type = "application/problem+json";

  std::string& out = response.body;
  out += "{\"type\":\"/problems/";
  append_slug(out, info.code);
  const KoreanText korean = response.korean ? korean_text(failure.error) : KoreanText{};
  const bool in_korean = !korean.title.empty();
  out += "\",\"title\":\"";
  out += in_korean ? korean.title : info.title;
  out += "\",\"status\":";
  append_number(out, info.http_status);
  out += ",\"detail\":";
  append_json_string(out, in_korean ? korean.detail : std::string_view(failure.detail));
  out += ",\"code\":\"";
  out += info.code;
  out += "\",\"requestId\":";
  append_json_string(out, request_id);
  append_members(out, failure);
  out += '}';

  if (in_korean) response.header("Content-Language", "ko");
  if (failure.retry_after.count() > 0) {
    response.header("Retry-After", std::to_string(failure.retry_after.count()));
  }
  if (info.http_status == 401) response.header("WWW-Authenticate", "Bearer");
  if (failure.error != Error::method_not_allowed) return;
  for (const auto& [name, value] : failure.members) {
    if (name == "allow") response.header("Allow", std::get<std::string>(value));
  }
}

}  // namespace buyme::http
