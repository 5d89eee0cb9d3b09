// buyme audit, buyme backup
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "app/command_line.hpp"
#include "app/operations.hpp"

namespace buyme::app {

namespace {

// Both commands end with an audit and have its outcome as theirs.
int show(const json::object& outcome, bool as_json) {
  if (as_json) {
    std::cout << json::serialize(outcome.at("report")) << '\n';
  } else {
    std::cout << std::string_view(outcome.at("text").as_string());
  }
  return outcome.at("report").at("passed").as_bool() ? 0 : 1;
}

}  // namespace

void add_audit(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "audit",
      "recount the books of a shop from its rows; exit 0 only when all add up. The shop may be running");
  const ConfigFlags flags(*command, ConfigFlags::Which::directory);
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "one line of JSON instead of a table");
  command->callback([=, &chosen] {
    chosen = [=] {
      return show(perform(flags.load(), {{"command", "audit"}}, DataDir::Missing::refuse), *as_json);
    };
  });
}

void add_backup(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand(
      "backup",
      "copy a shop into another directory, at one moment, and audit the copy. The shop may be running");
  const ConfigFlags flags(*command, ConfigFlags::Which::directory);
  const auto to = std::make_shared<std::string>();
  const auto as_json = std::make_shared<bool>(false);
  command->add_option("--to", *to, "directory to copy to; must not exist, or be empty")
      ->required()
      ->type_name("DIR");
  command->add_flag("--json", *as_json, "the audit of the copy as one line of JSON");
  command->callback([=, &chosen] {
    chosen = [=] {
      // The shop that does it may have another working directory.
      const std::string target = std::filesystem::absolute(*to).lexically_normal();
      return show(perform(flags.load(), {{"command", "backup"}, {"to", target}}, DataDir::Missing::refuse),
                  *as_json);
    };
  });
}

}  // namespace buyme::app
