#include "product/cursor.hpp"

#include <fmt/format.h>

#include "core/random.hpp"
#include "http/utf8.hpp"

namespace buyme::product {

namespace {

constexpr std::size_t number_bytes = 8;

void append_bytes(std::string& out, std::uint64_t number) {
  for (std::size_t i = 0; i < number_bytes; ++i) out += static_cast<char>(number >> (56 - 8 * i));
}

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < number_bytes; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(number_bytes);
  return number;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]), low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace

std::string encode_cursor(const Position& position, std::uint64_t scope) {
  std::string place;
  append_bytes(place, static_cast<std::uint64_t>(position.id));
  append_bytes(place, static_cast<std::uint64_t>(position.price));
  place += position.name;
  std::string bytes;
  append_bytes(bytes, hash_bytes(place, scope));
  bytes += place;

  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::optional<Position> decode_cursor(std::string_view text, std::uint64_t scope) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() < 3 * number_bytes) return std::nullopt;
  std::string_view rest = *bytes;
  const std::uint64_t check = take_number(rest);
  if (check != hash_bytes(rest, scope)) return std::nullopt;
  Position position;
  position.id = static_cast<std::int64_t>(take_number(rest));
  position.price = static_cast<std::int64_t>(take_number(rest));
  position.name = rest;
  if (position.id <= 0 || position.price < 0 || !http::valid_utf8(position.name)) return std::nullopt;
  return position;
}

std::uint64_t scope_of(const ListQuery& query) {
  return hash_bytes(fmt::format("products/{}/{}/{}/{}/{}/{}", query.type ? int(*query.type) : 0,
                                query.state ? int(*query.state) : 0, int(query.sort),
                                query.min_price.value_or(-1), query.max_price.value_or(-1), query.words));
}

std::uint64_t scope_of(std::string_view list, std::int64_t owner) {
  return hash_bytes(fmt::format("{}/{}", list, owner));
}

}  // namespace buyme::product
