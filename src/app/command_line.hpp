// What the commands share: how they are added to the command line, and the flags that name a shop.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace buyme::app {

// What the chosen command does; returns the exit status. Set while the command line is parsed.
using Chosen = std::function<int()>;

void add_serve(CLI::App& app, Chosen& chosen);
void add_drop(CLI::App& app, Chosen& chosen);
void add_audit(CLI::App& app, Chosen& chosen);
void add_backup(CLI::App& app, Chosen& chosen);
void add_admin(CLI::App& app, Chosen& chosen);

// The settings as flags of a command. Copied into the command's action, so it holds what was parsed by value
// behind one pointer.
class ConfigFlags {
 public:
  enum class Which {
    all,            // every setting that has a flag
    directory,      // --data-dir, unless the servers of the shop share a database
    embedded_shop,  // of a shop of the command's own: --payment-success-rate
  };
  ConfigFlags(CLI::App& command, Which which);

  // Throws ConfigError.
  Config load() const;
  // The same again as arguments for `buyme serve`.
  std::vector<std::string> as_arguments() const;

 private:
  struct Given {
    std::string file;
    std::vector<FlagValue> flags;
  };
  std::shared_ptr<Given> given_;
};

}  // namespace buyme::app
