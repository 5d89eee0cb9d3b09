#include "drop/tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <unordered_map>

namespace buyme::drop {

namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Neither cell can hold a comma or a quote, so quotes are only ever around it.
std::string_view unquoted(std::string_view cell) {
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') return cell.substr(1, cell.size() - 2);
  return cell;
}

std::optional<std::int64_t> parse_user_id(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

// It goes into a header line as it is, so a space or a control character would change the request.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != ','; });
}

}  // namespace

Result<std::vector<Buyer>> parse_tokens_csv(std::string_view text, std::string_view file_name) {
  std::vector<Buyer> buyers;
  std::unordered_map<std::int64_t, int> line_of_user;
  int line_number = 1;
  const auto fail = [&](std::string reason) {
    return Failure{Error::invalid, fmt::format("{}:{}: {}", file_name, line_number, reason)};
  };

  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (next_line(text) != "userId,token") return fail("the first line must be \"userId,token\"");
  while (!text.empty()) {
    ++line_number;
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return fail("expected \"userId,token\", found no comma");
    const auto user = parse_user_id(unquoted(line.substr(0, comma)));
    if (!user) return fail("the user id must be a positive whole number");
    const std::string_view token = unquoted(line.substr(comma + 1));
    if (!is_token(token)) return fail("the token is empty or has characters that no token has");
    const auto [seen, fresh] = line_of_user.emplace(*user, line_number);
    if (!fresh) return fail(fmt::format("user {} stands in line {} already", *user, seen->second));
    buyers.push_back({*user, std::string(token)});
  }
  return buyers;
}

Result<std::vector<Buyer>> read_tokens_csv(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failure{Error::invalid, fmt::format("{}: cannot be opened", path)};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return Failure{Error::invalid, fmt::format("{}: cannot be read", path)};
  return parse_tokens_csv(text, path);
}

}  // namespace buyme::drop
