#include "app/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <thread>
#include <variant>

namespace buyme::app {

namespace {

// --- the table of settings

struct Integer {
  std::int64_t& (*at)(Config&);
  std::int64_t least;
  std::int64_t most;
};
struct Real {
  double& (*at)(Config&);
  double least;
  double most;
};
struct Text {
  std::string& (*at)(Config&);
};
constexpr std::string_view none = "none";  // the default of every list and secret
constexpr std::size_t min_secret_bytes = 16;
struct List {  // in text its entries stand between commas
  std::vector<std::string>& (*at)(Config&);
};
struct Secret {  // never shown
  std::string& (*at)(Config&);
};
struct Choice {
  std::span<const std::string_view> names;
  void (*set)(Config&, std::size_t);
  std::size_t (*get)(const Config&);
};

struct Row {
  std::string_view path;
  std::string_view flag;
  std::variant<Integer, Real, Text, Secret, List, Choice> kind;
  std::string_view help;
};

constexpr std::string_view auth_names[] = {"required", "trusted"};
constexpr std::string_view level_names[] = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::string_view format_names[] = {"text", "json"};
constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t ten_minutes_ms = 600'000;
constexpr std::int64_t any_positive = std::numeric_limits<std::int64_t>::max();

void set_auth(Config& config, std::size_t choice) {
  config.auth = static_cast<Auth>(choice);
}
std::size_t get_auth(const Config& config) {
  return static_cast<std::size_t>(config.auth);
}
void set_level(Config& config, std::size_t choice) {
  config.log.level = level_names[choice];
}
std::size_t get_level(const Config& config) {
  return static_cast<std::size_t>(std::ranges::find(level_names, config.log.level) - level_names);
}

void set_format(Config& config, std::size_t choice) {
  config.log.format = static_cast<LogFormat>(choice);
}
std::size_t get_format(const Config& config) {
  return static_cast<std::size_t>(config.log.format);
}

constexpr std::string_view forwarded_names[] = {"x-forwarded-for", "forwarded"};
void set_forwarded_by(Config& config, std::size_t choice) {
  config.server.forwarded_by = static_cast<http::ForwardedBy>(choice);
}
std::size_t get_forwarded_by(const Config& config) {
  return static_cast<std::size_t>(config.server.forwarded_by);
}

// `member` of `section` as the accessor that a row wants
#define BUYME_AT(type, member) +[](Config& config) -> type& { return config.member; }

const std::array rows{
    Row{"data_dir", "--data-dir", Text{BUYME_AT(std::string, data_dir)},
        "directory of the databases; one process at a time"},
    Row{"auth", "--auth", Choice{auth_names, set_auth, get_auth},
        "required: buyers come with a token; trusted: the body says who buys (load tests, loopback only)"},
    Row{"server.host", "--host", Text{BUYME_AT(std::string, server.host)}, "IP address to listen on"},
    Row{"server.port", "--port", Integer{BUYME_AT(std::int64_t, server.port), 0, 65'535},
        "port to listen on; 0 takes a free one"},
    Row{"server.io_threads", "--io-threads", Integer{BUYME_AT(std::int64_t, server.io_threads), 1, 256},
        "threads that serve connections"},
    Row{"server.max_connections", "", Integer{BUYME_AT(std::int64_t, server.max_connections), 1, 1'000'000},
        "connections at once; more are answered 503"},
    Row{"server.allowed_origins", "", List{BUYME_AT(std::vector<std::string>, server.allowed_origins)},
        "other sites whose pages may call this shop (CORS), as https://shop.example.com; * is any"},
    Row{"server.trusted_proxies", "", List{BUYME_AT(std::vector<std::string>, server.trusted_proxies)},
        "addresses and networks that say in server.forwarded_by who asks; nobody else is believed"},
    Row{"server.forwarded_by", "", Choice{forwarded_names, set_forwarded_by, get_forwarded_by},
        "the header in which they say it"},
    Row{"server.operator_token", "", Secret{BUYME_AT(std::string, server.operator_token)},
        "bearer token with which Prometheus may read /metrics; none: admins alone may"},
    Row{"rate.account_per_second", "", Integer{BUYME_AT(std::int64_t, rate.account_per_second), 0, 1'000'000},
        "changing requests that one account may send; more are answered 429; 0 is any number"},
    Row{"rate.account_burst", "", Integer{BUYME_AT(std::int64_t, rate.account_burst), 1, 1'000'000},
        "and at once, after a pause"},
    Row{"rate.address_per_second", "", Integer{BUYME_AT(std::int64_t, rate.address_per_second), 0, 1'000'000},
        "changing requests from one address, loopback apart; 0 is any number"},
    Row{"rate.address_burst", "", Integer{BUYME_AT(std::int64_t, rate.address_burst), 1, 1'000'000},
        "and at once, after a pause"},
    Row{"rate.address_streams", "", Integer{BUYME_AT(std::int64_t, rate.address_streams), 0, 1'000'000},
        "listeners to live stock from one address, loopback apart; more are answered 429; 0 is any number"},
    Row{"order.hold_seconds", "", Integer{BUYME_AT(std::int64_t, order.hold_seconds), 1, 30 * day_seconds},
        "how long an unpaid order keeps its units"},
    Row{"order.payment_grace_seconds", "",
        Integer{BUYME_AT(std::int64_t, order.payment_grace_seconds), 0, day_seconds},
        "how much the first payment attempt extends the hold"},
    Row{"order.queue", "", Integer{BUYME_AT(std::int64_t, order.queue), 1, 1'000'000},
        "orders that may wait for the writer; more are answered 503"},
    Row{"payment.success_rate", "--payment-success-rate", Real{BUYME_AT(double, payment.success_rate), 0, 1},
        "share of simulated payments that succeed"},
    Row{"payment.latency_ms", "", Integer{BUYME_AT(std::int64_t, payment.latency_ms), 0, ten_minutes_ms},
        "how long a simulated payment takes"},
    Row{"payment.timeout_ms", "", Integer{BUYME_AT(std::int64_t, payment.timeout_ms), 1, ten_minutes_ms},
        "after this a payment's outcome is unknown and is asked for again"},
    Row{"payment.seed", "", Integer{BUYME_AT(std::int64_t, payment.seed), 0, any_positive},
        "decides which simulated payments succeed"},
    Row{"payment.decline_amounts", "", List{BUYME_AT(std::vector<std::string>, payment.decline_amounts)},
        "amounts that a simulated payment is always declined for"},
    Row{"payment.timeout_amounts", "", List{BUYME_AT(std::vector<std::string>, payment.timeout_amounts)},
        "amounts that are always charged and whose first answer is lost"},
    Row{"user.access_token_seconds", "",
        Integer{BUYME_AT(std::int64_t, user.access_token_seconds), 1,
                std::chrono::seconds{limits::longest_access_token}.count()},
        "how long an access token is good for"},
    Row{"user.refresh_token_seconds", "",
        Integer{BUYME_AT(std::int64_t, user.refresh_token_seconds), 1, 365 * day_seconds},
        "how long a log-in lasts unless it is refreshed"},
    Row{"user.hash_threads", "", Integer{BUYME_AT(std::int64_t, user.hash_threads), 1, 64},
        "threads that hash passwords"},
    Row{"pools.read_threads", "", Integer{BUYME_AT(std::int64_t, pools.read_threads), 1, 64},
        "threads for reads and catalogue writes"},
    Row{"shop.time_zone", "", Text{BUYME_AT(std::string, shop.time_zone)},
        "where days begin and end for shipping, as the time zone database names it"},
    Row{"log.level", "", Choice{level_names, set_level, get_level}, "what is logged to standard error"},
    Row{"log.format", "", Choice{format_names, set_format, get_format},
        "one line of text or one JSON object each"},
};

#undef BUYME_AT

const Row* find_row(std::string_view path) {
  const auto* row = std::ranges::find(rows, path, &Row::path);
  return row == rows.end() ? nullptr : row;
}

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string range_of(const Row& row) {
  return std::visit(
      Overloaded{
          [](const Integer& kind) {
            if (kind.most == any_positive) return fmt::format("a whole number from {}", kind.least);
            return fmt::format("a whole number from {} to {}", kind.least, kind.most);
          },
          [](const Real& kind) { return fmt::format("a number from {} to {}", kind.least, kind.most); },
          [](const Text&) { return std::string("text that is not empty"); },
          [](const Secret&) {
            return fmt::format("{} to {} bytes, or none", min_secret_bytes, limits::max_token_bytes);
          },
          [](const List&) { return std::string("entries between commas, or none"); },
          [](const Choice& kind) { return fmt::format("one of {}", fmt::join(kind.names, ", ")); },
      },
      row.kind);
}

std::string default_of(const Row& row) {
  Config config;
  return std::visit(Overloaded{
                        [&](const Choice& kind) { return std::string(kind.names[kind.get(config)]); },
                        [](const List&) { return std::string(none); },
                        [](const Secret&) { return std::string(none); },
                        [&](const auto& kind) { return fmt::format("{}", kind.at(config)); },
                    },
                    row.kind);
}

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
  kind.at(config) = *text;
  return true;
}

bool put(const Secret& kind, Config& config, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->find('\0') != std::string::npos) return false;
  const bool given = *text != none;
  if (given && (text->size() < min_secret_bytes || text->size() > limits::max_token_bytes)) return false;
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
  return std::ranges::any_of(rows, [&](const Row& row) {
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
    const auto* row =
        std::ranges::find_if(rows, [&](const Row& each) { return environment_name(each.path) == name; });
    if (row == rows.end()) {
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

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const Row& row : rows) all.push_back({row.path, row.flag, row.help, range_of(row), default_of(row)});
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
