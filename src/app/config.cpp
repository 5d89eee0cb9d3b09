#include "app/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <variant>

#include "app/config_table.hpp"

namespace buyme::app {

namespace {

using namespace table;

// --- putting a value into its place

using Value = std::variant<std::int64_t, double, std::string>;

template <class Number>
std::optional<Number> number_from_text(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Text from a flag or a variable as the type that the row wants; text as it is when it is no such thing.
Value value_from_text(const Row& row, const std::string& text) {
  if (std::holds_alternative<Integer>(row.kind)) {
    if (const auto number = number_from_text<std::int64_t>(text)) return *number;
  } else if (std::holds_alternative<Real>(row.kind)) {
    if (const auto number = number_from_text<double>(text)) return *number;
  }
  return text;
}

bool put(const Integer& kind, Config& config, const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || *number < kind.least || *number > kind.most) return false;
  kind.at(config) = *number;
  return true;
}

bool put(const Real& kind, Config& config, const Value& value) {
  double number = std::nan("");
  if (const auto* real = std::get_if<double>(&value)) number = *real;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) number = static_cast<double>(*whole);
  if (!(number >= kind.least && number <= kind.most)) return false;  // not-a-number is refused here, too
  kind.at(config) = number;
  return true;
}

bool put(const Text& kind, Config& config, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->empty() || text->find('\0') != std::string::npos) return false;
  kind.at(config) = kind.needed || *text != none ? *text : std::string();
  return true;
}

bool put(const Secret& kind, Config& config, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->find('\0') != std::string::npos) return false;
  const bool given = *text != none;
  if (given && (text->size() < kind.least || text->size() > limits::max_token_bytes)) return false;
  kind.at(config) = given ? *text : std::string();
  return true;
}

bool put(const List& kind, Config& config, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->find('\0') != std::string::npos) return false;
  auto& entries = kind.at(config);
  entries.clear();
  if (*text == none) return true;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find(',', at), text->size());
    const std::size_t first = text->find_first_not_of(' ', at);
    std::string entry = first < end ? text->substr(first, end - first) : std::string();
    while (entry.ends_with(' ')) entry.pop_back();
    if (entry.empty()) return false;
    entries.push_back(std::move(entry));
    at = end + 1;
  }
  return true;
}

bool put(const Choice& kind, Config& config, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return false;
  const auto found = std::ranges::find(kind.names, std::string_view(*text));
  if (found == kind.names.end()) return false;
  kind.set(config, static_cast<std::size_t>(found - kind.names.begin()));
  return true;
}

// `where` is what the person has to look at: file and line, variable or flag.
void apply(const Row& row, Config& config, const Value& value, const std::string& where) {
  if (std::visit([&](const auto& kind) { return put(kind, config, value); }, row.kind)) return;
  if (std::holds_alternative<Secret>(row.kind)) {
    throw ConfigError(fmt::format("{}: must be {}", where, range_of(row)));
  }
  const std::string shown =
      std::visit(Overloaded{[](const std::string& text) { return fmt::format("\"{}\"", text); },
                            [](const auto& number) { return fmt::format("{}", number); }},
                 value);
  throw ConfigError(fmt::format("{}: must be {}, not {}", where, range_of(row), shown));
}

// --- the file

std::optional<Value> value_of(const toml::node& node, const Row& row) {
  if (const auto* integer = node.as_integer()) return Value{integer->get()};
  if (const auto* real = node.as_floating_point()) return Value{real->get()};
  if (const auto* text = node.as_string()) return Value{text->get()};
  if (const auto* array = node.as_array(); array && std::holds_alternative<List>(row.kind)) {
    std::string joined;
    for (const auto& each : *array) {
      const auto* entry = each.as_string();
      const auto* number = each.as_integer();
      if (entry == nullptr && number == nullptr) return std::nullopt;
      if (!joined.empty()) joined += ',';
      joined += entry != nullptr ? entry->get() : fmt::to_string(number->get());
    }
    return Value{joined};
  }
  return std::nullopt;
}

bool is_section(std::string_view path) {
  return std::ranges::any_of(rows(), [&](const Row& row) {
    return row.path.size() > path.size() && row.path.starts_with(path) && row.path[path.size()] == '.';
  });
}

void apply_table(const toml::table& table, const std::string& prefix, const std::string& file,
                 Config& config) {
  for (const auto& [key, node] : table) {
    const std::string path = prefix + std::string(key.str());
    const std::string where = fmt::format("{}:{}: {}", file, key.source().begin.line, path);
    if (const auto* section = node.as_table(); section != nullptr && is_section(path)) {
      apply_table(*section, path + ".", file, config);
      continue;
    }
    const Row* row = find_row(path);
    if (row == nullptr) {
      throw ConfigError(where + ": there is no such setting; `buyme serve --help` lists them");
    }
    const auto value = value_of(node, *row);
    if (!value) throw ConfigError(fmt::format("{}: must be {}", where, range_of(*row)));
    apply(*row, config, *value, where);
  }
}

void apply_file(const std::string& file, Config& config) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream.is_open() || stream.bad() || text.fail()) {
    throw ConfigError(fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  }
  toml::table table;
  try {
    table = toml::parse(text.str(), file);
  } catch (const toml::parse_error& error) {
    throw ConfigError(fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
  apply_table(table, "", file, config);
}

// --- environment and flags

void apply_environment(const std::vector<std::string>& environment, Config& config) {
  for (const std::string& entry : environment) {
    const auto equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (!name.starts_with("BUYME_") || equals == std::string::npos) continue;
    const auto row =
        std::ranges::find_if(rows(), [&](const Row& each) { return environment_name(each.path) == name; });
    if (row == rows().end()) {
      throw ConfigError(name + ": no setting has this environment variable; `buyme serve --help` lists them");
    }
    apply(*row, config, value_from_text(*row, entry.substr(equals + 1)), name);
  }
}

void apply_flags(const std::vector<FlagValue>& flags, Config& config) {
  for (const FlagValue& flag : flags) {
    const Row* row = find_row(flag.path);
    if (row == nullptr) {
      throw ConfigError(fmt::format("{}: there is no setting \"{}\"; `buyme serve --help` lists them",
                                    flag.flag, flag.path));
    }
    apply(*row, config, value_from_text(*row, flag.value), flag.flag);
  }
}

}  // namespace

std::int64_t default_io_threads() {
  return std::max(2u, std::thread::hardware_concurrency() / 2);
}

std::pair<std::string, std::uint16_t> host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, std::min(colon, text.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = colon == std::string_view::npos
                        ? std::nullopt
                        : number_from_text<std::int64_t>(std::string(text.substr(colon + 1)));
  if (host.empty() || !port || *port < 1 || *port > 65'535) {
    throw std::invalid_argument(fmt::format("\"{}\" is not HOST:PORT", text));
  }
  return {std::string(host), static_cast<std::uint16_t>(*port)};
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const Row& row : rows()) all.push_back({row.path, row.flag, row.help, range_of(row), default_of(row)});
  return all;
}

std::string environment_name(std::string_view path) {
  std::string name = "BUYME_";
  for (const char letter : path) {
    name +=
        letter == '.' ? '_' : static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
  }
  return name;
}

Config load_config(const Sources& sources) {
  Config config;
  if (!sources.file.empty()) apply_file(sources.file, config);
  apply_environment(sources.environment, config);
  apply_flags(sources.flags, config);
  check(config);
  return config;
}

std::vector<std::string> process_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

}  // namespace buyme::app
