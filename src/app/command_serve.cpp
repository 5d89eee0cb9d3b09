// buyme serve
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "app/assemble.hpp"
#include "app/command_line.hpp"
#include "app/operations.hpp"
#include "app/signals.hpp"
#include "core/limits.hpp"

namespace buyme::app {

namespace {

// A connection is a file; the usual soft limit of 1,024 would refuse the rest of a crowd.
void allow_connections(std::int64_t connections, const Log& log) {
  constexpr rlim_t other_files = 256;
  const rlim_t wanted = static_cast<rlim_t>(connections) + other_files;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    log->warn("only {} files may be open at once, {} connections need {}: raise the limit (ulimit -n)",
              limit.rlim_cur, connections, wanted);
  }
}

int serve(Config config) {
  const Log log = make_stderr_log(config.log.level, config.log.format);
  const auto clock = make_system_clock();
  const StopSignals signals;
  signal(SIGPIPE, SIG_IGN);
  allow_connections(config.server.max_connections, log);

  const DataDir directory(config.data_dir);
  config.data_dir = directory.path();
  const std::unique_ptr<Shop> shop = Shop::start(config, log);
  auto control = std::make_unique<ControlServer>(
      directory.path(), operations_of(*shop, config, directory, *clock), *clock, log);
  std::cout << "listening on " << shop->address() << std::endl;

  const int number = signals.wait();
  log->info("stopping on {}; another signal ends the shop at once", number == SIGINT ? "SIGINT" : "SIGTERM");
  signals.let_next_kill();
  control.reset();
  if (!shop->stop(limits::shutdown_deadline)) log->warn("not every connection was closed in time");
  return 0;
}

// On the command line of this start alone: a file or a variable could be left behind.
void demand_guards(const Config& config, bool oversell) {
  if (oversell) return;
  if (config.order.strategy == order::Strategy::none) {
    throw ConfigError(
        "order.strategy: none sells more than there is, which is what it is there to show; whoever wants "
        "that "
        "starts with --i-want-to-oversell");
  }
  if (config.payment.lock == payment::LockKind::none) {
    throw ConfigError(
        "payment.lock: none charges orders twice, which is what it is there to show; whoever wants that "
        "starts "
        "with --i-want-to-oversell");
  }
}

std::string table_of_settings() {
  std::string text = "Every setting, in the file (--config) under its path, and in the environment:\n";
  for (const Setting& setting : settings()) {
    fmt::format_to(std::back_inserter(text), "  {} = {}\n      {}; {}\n      {}\n", setting.path,
                   setting.default_value, setting.help, setting.range, environment_name(setting.path));
  }
  return text + "Flags beat the environment, which beats the file.";
}

}  // namespace

void add_serve(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("serve", "run a shop until SIGINT or SIGTERM");
  const ConfigFlags flags(*command, ConfigFlags::Which::all);
  const auto oversell = std::make_shared<bool>(false);
  command->add_flag(
      "--i-want-to-oversell", *oversell,
      "needed for order.strategy and payment.lock = none, which sell and charge more than they may");
  command->footer(table_of_settings());
  command->callback([flags, oversell, &chosen] {
    chosen = [flags, oversell] {
      Config config = flags.load();
      demand_guards(config, *oversell);
      return serve(std::move(config));
    };
  });
}

}  // namespace buyme::app
