#include "app/command_line.hpp"

#include <memory>

namespace buyme::app {

namespace {

bool is_offered(const Setting& setting, ConfigFlags::Which which) {
  if (setting.flag.empty()) return false;
  switch (which) {
    case ConfigFlags::Which::all:
      return true;
    case ConfigFlags::Which::directory:
      return setting.path == "data_dir";
    case ConfigFlags::Which::embedded_shop:
      return setting.path == "payment.success_rate";
  }
  return false;
}

}  // namespace

ConfigFlags::ConfigFlags(CLI::App& command, Which which) : given_(std::make_shared<Given>()) {
  for (const Setting& setting : settings()) {
    if (!is_offered(setting, which)) continue;
    const std::string flag(setting.flag);
    const std::string path(setting.path);
    command
        .add_option_function<std::string>(
            flag,
            [=, given = given_](const std::string& value) {
              given->flags.push_back({flag, path, value});
            },
            std::string(setting.help))
        ->type_name(setting.default_value);
  }
  command.add_option("--config", given_->file, "settings from this TOML file")->type_name("FILE");
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [given = given_](const std::vector<std::string>& assignments) {
            for (const std::string& assignment : assignments) {
              const auto equals = assignment.find('=');
              if (equals == std::string::npos) throw CLI::ValidationError("--set", "wants PATH=VALUE");
              given->flags.push_back({"--set " + assignment.substr(0, equals), assignment.substr(0, equals),
                                      assignment.substr(equals + 1)});
            }
          },
          "any setting by its path in the file, as order.hold_seconds=300; may be repeated")
      ->type_name("PATH=VALUE")
      ->take_all();
}

Config ConfigFlags::load() const {
  return load_config({given_->file, process_environment(), given_->flags});
}

std::vector<std::string> ConfigFlags::as_arguments() const {
  std::vector<std::string> arguments;
  if (!given_->file.empty()) arguments = {"--config", given_->file};
  for (const FlagValue& flag : given_->flags) {
    arguments.insert(arguments.end(), {"--set", flag.path + "=" + flag.value});
  }
  return arguments;
}

}  // namespace buyme::app
