// buyme drop: the rehearsal, against a shop that runs or one of its own
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "app/child_shop.hpp"
#include "app/command_line.hpp"
#include "app/operations.hpp"
#include "app/signals.hpp"
#include "app/temporary_dir.hpp"
#include "core/limits.hpp"
#include "drop/drop.hpp"

namespace buyme::app {

namespace {

struct DropFlags {
  drop::Settings settings;
  bool embedded = false;
  std::string arrival = "burst";
  std::string tokens;
  std::string admin_token;
  std::int64_t product = 0;
};

std::string read_first_line(const std::string& path) {
  std::ifstream stream(path);
  std::string line;
  if (!std::getline(stream, line) || line.empty())
    throw std::runtime_error(path + ": cannot be read, or is empty");
  return line;
}

drop::Settings complete(const DropFlags& flags) {
  drop::Settings settings = flags.settings;
  const auto arrival = drop::parse_arrival(flags.arrival);
  if (!arrival)
    throw std::runtime_error("--arrival must be burst, ramp:SECONDS or poisson:RATE, not " + flags.arrival);
  settings.arrival = *arrival;
  if (flags.product > 0) settings.product_id = flags.product;
  settings.terminal = isatty(STDOUT_FILENO) != 0;
  return settings;
}

int drop_on_running_shop(const DropFlags& flags) {
  drop::Settings settings = complete(flags);
  if (!settings.trusted) {
    if (flags.tokens.empty() || flags.admin_token.empty()) {
      throw std::runtime_error(
          "a shop that asks for tokens needs --tokens and --admin-token (`buyme admin tokens` writes both "
          "files); for "
          "one that runs with --auth trusted say --trusted; --embedded starts a shop of its own");
    }
    auto buyers = drop::read_tokens_csv(flags.tokens);
    if (buyers.has_error()) throw std::runtime_error(buyers.error().detail);
    settings.buyer_list = std::move(*buyers);
    settings.admin_token = read_first_line(flags.admin_token);
  }
  const auto clock = make_system_clock();
  return drop::report(settings, drop::run(settings, *clock, std::cout), std::cout);
}

// The shop has stopped: are its books what the buyers' verdict says?
bool audit_afterwards(const Config& config) {
  const json::object outcome = perform(config, {{"command", "audit"}}, DataDir::Missing::refuse);
  std::cout << "\nThe shop's own books, recounted:\n" << std::string_view(outcome.at("text").as_string());
  return outcome.at("report").at("passed").as_bool();
}

int drop_on_own_shop(const DropFlags& flags, const ConfigFlags& shop_flags) {
  drop::Settings settings = complete(flags);
  settings.trusted = false;
  Config config = shop_flags.load();
  const TemporaryDir directory("buyme-drop");
  config.data_dir = directory.path() / "shop";
  config.auth = Auth::required;

  std::vector<std::string> arguments = shop_flags.as_arguments();
  arguments.insert(arguments.end(), {"--host", "127.0.0.1", "--port", "0", "--auth", "required", "--data-dir",
                                     config.data_dir, "--set", "log.level=warn"});
  ChildShop shop(arguments);
  const CleanUpOnSignal cleaning([&] {
    shop.kill_now();
    directory.remove_now();
  });
  settings.url = shop.url();
  const auto clock = make_system_clock();
  RehearsalAccounts accounts = make_rehearsal_accounts(config, settings.buyers, true);
  settings.buyer_list = std::move(accounts.buyers);
  settings.admin_token = std::move(accounts.admin_token);
  const int verdict = drop::report(settings, drop::run(settings, *clock, std::cout), std::cout);
  const int stopped = shop.stop();
  if (stopped != 0) std::cout << fmt::format("the shop ended with status {}\n", stopped);
  const bool books = audit_afterwards(config);
  return verdict == 0 && stopped == 0 && books ? 0 : 1;
}

void add_crowd(CLI::App& command, DropFlags& flags) {
  drop::Settings& settings = flags.settings;
  const auto share = CLI::Range(0.0, 1.0);
  command.add_option("--buyers", settings.buyers, "how many buyers come")
      ->check(CLI::Range(std::int64_t{1}, limits::max_rehearsal_buyers))
      ->capture_default_str();
  command.add_option("--connections", settings.connections, "connections that they share")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command
      .add_option("--arrival", flags.arrival,
                  "when they click: burst, ramp:SECONDS or poisson:RATE per second")
      ->capture_default_str();
  command.add_option("--seed", settings.seed, "the same seed gives the same crowd")->capture_default_str();
  command.add_flag("--pay", settings.pay, "winners pay");
  command.add_option("--abandon", settings.abandon, "share of winners who never pay")
      ->check(share)
      ->capture_default_str();
  command.add_option("--double-click", settings.double_click, "share of buyers who click twice at once")
      ->check(share)
      ->capture_default_str();
  command
      .add_option("--retry", settings.retry,
                  "share whose connection is cut before the answer, who click again")
      ->check(share)
      ->capture_default_str();
  command.add_option("--greedy", settings.greedy, "share of winners who try for more than the limit")
      ->check(share)
      ->capture_default_str();
}

void add_sale(CLI::App& command, DropFlags& flags) {
  drop::Settings& settings = flags.settings;
  command.add_option("--stock", settings.stock, "units for sale")
      ->check(CLI::Range(std::int64_t{1}, limits::max_total_units))
      ->capture_default_str();
  command.add_option("--per-user-limit", settings.per_user_limit, "units that one buyer may hold; 0: any")
      ->check(CLI::Range(std::int64_t{0}, limits::max_line_units))
      ->capture_default_str();
  command.add_option("--price", settings.price, "of one unit")
      ->check(CLI::Range(std::int64_t{0}, limits::max_price))
      ->capture_default_str();
  command.add_option("--product", flags.product, "sell this product of the shop instead of a new one")
      ->check(CLI::PositiveNumber)
      ->type_name("ID");
}

}  // namespace

void add_drop(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "drop",
      "rehearse a sale: a crowd of buyers over real HTTP, then a verdict. Exit 0 only when all adds up");
  const auto flags = std::make_shared<DropFlags>();
  auto* url =
      command->add_option("--url", flags->settings.url, "the shop to buy from")->capture_default_str();
  auto* embedded =
      command->add_flag("--embedded", flags->embedded, "start a shop of its own, and audit it afterwards");
  auto* tokens =
      command->add_option("--tokens", flags->tokens, "buyers, as `buyme admin tokens` writes them");
  auto* admin =
      command->add_option("--admin-token", flags->admin_token, "file with an admin's token, from there, too");
  auto* trusted =
      command->add_flag("--trusted", flags->settings.trusted, "the shop runs with --auth trusted");
  for (auto* option : {url, tokens, admin}) option->type_name(option == url ? "URL" : "FILE");
  for (auto* option : {url, tokens, admin, trusted}) embedded->excludes(option);
  add_sale(*command, *flags);
  add_crowd(*command, *flags);
  command->add_option("--json", flags->settings.json_path, "write the verdict here as JSON")
      ->type_name("FILE");
  command->add_option("--html", flags->settings.html_path, "write a page here with the sale drawn over time")
      ->type_name("FILE");
  const ConfigFlags shop_flags(*command, ConfigFlags::Which::embedded_shop);
  command->callback([=, &chosen] {
    chosen = [=] {
      return flags->embedded ? drop_on_own_shop(*flags, shop_flags) : drop_on_running_shop(*flags);
    };
  });
}

}  // namespace buyme::app
