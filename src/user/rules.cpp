#include "user/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "http/utf8.hpp"

namespace buyme::user {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string wrong_length(std::string_view text, std::size_t min_chars, std::size_t max_chars) {
  const std::size_t count = http::count_characters(text);
  if (count >= min_chars && count <= max_chars) return {};
  return fmt::format("Must have {} to {} characters.", min_chars, max_chars);
}

// A text for people to read.
std::string wrong_text(std::string_view text, std::size_t max_chars) {
  if (text.find_first_not_of(' ') == std::string_view::npos) return "Must not be blank.";
  return wrong_length(text, 1, max_chars);
}

// The unquoted form of RFC 5322: no dot at an end or beside another.
bool is_local_part(std::string_view text) {
  constexpr std::size_t max_bytes = 64;
  constexpr std::string_view others = "!#$%&'*+/=?^_`{|}~-.";
  if (text.empty() || text.size() > max_bytes || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_domain_label(std::string_view text) {
  constexpr std::size_t max_bytes = 63;
  if (text.empty() || text.size() > max_bytes || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// Two labels or more.
bool is_domain(std::string_view text) {
  std::size_t labels = 0;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_domain_label(text.substr(0, dot))) return false;
    ++labels;
    if (dot == std::string_view::npos) return labels >= 2;
    text.remove_prefix(dot + 1);
  }
}

// The digits of groups that single spaces or hyphens part; empty when there is anything else.
std::string digits_of(std::string_view text) {
  std::string digits;
  bool group_ended = true;  // a separator may not come first, nor last
  for (const char c : text) {
    const bool separator = c == ' ' || c == '-';
    if (separator ? group_ended : !is_digit(c)) return {};
    if (!separator) digits += c;
    group_ended = separator;
  }
  return group_ended ? std::string() : digits;
}

bool is_korean_phone(std::string_view text) {
  const std::string digits =
      digits_of(text);  // 02-123-4567 has 9, 010-1234-5678 has 11, 0505-1234-5678 has 12
  return digits.size() >= 9 && digits.size() <= 12 && digits[0] == '0' && digits[1] != '0';
}

bool is_international_phone(std::string_view text) {
  if (!text.starts_with('+')) return false;
  const std::string digits = digits_of(text.substr(1));
  return digits.size() >= 8 && digits.size() <= 15 && digits[0] != '0';  // ITU-T E.164
}

}  // namespace

std::string wrong_name(std::string_view name) {
  return wrong_text(name, limits::max_user_name_chars);
}

std::string wrong_email(std::string_view email) {
  const std::size_t at = email.find('@');
  const bool plausible = email.size() <= limits::max_email_bytes && at != std::string_view::npos &&
                         is_local_part(email.substr(0, at)) && is_domain(email.substr(at + 1));
  return plausible ? "" : "Must be an e-mail address such as name@example.com.";
}

std::string wrong_password(std::string_view password) {
  return wrong_length(password, limits::min_password_chars, limits::max_password_chars);
}

std::string wrong_phone(std::string_view phone) {
  const bool right =
      phone.size() <= limits::max_phone_bytes && (is_korean_phone(phone) || is_international_phone(phone));
  return right ? "" : "Must be a phone number such as 010-1234-5678 or +82 10 1234 5678.";
}

std::string wrong_address(std::string_view address) {
  return wrong_text(address, limits::max_address_chars);
}

std::string normalized_email(std::string_view email) {
  std::string normalized(email);
  for (char& c : normalized) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normalized;
}

}  // namespace buyme::user
