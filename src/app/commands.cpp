#include "app/commands.hpp"

#include <sys/stat.h>

#include <exception>
#include <iostream>

#include "app/command_line.hpp"

namespace buyme::app {

namespace {

constexpr int not_understood = 2;

int parse_and_run(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Asking for help is "thrown", too, with a status of 0.
    return app.exit(error) == 0 ? 0 : not_understood;
  }
  return chosen();
}

}  // namespace

int run_command(int argc, char** argv) {
  umask(0077);  // whatever a shop writes is its owner's alone
  CLI::App app{"BuyMe: a shop for flash sales. It sells exactly what there is, first come first served."};
  app.name("buyme");
  app.require_subcommand(1);
  Chosen chosen;
  add_serve(app, chosen);
  add_drop(app, chosen);
  add_audit(app, chosen);
  add_backup(app, chosen);
  add_admin(app, chosen);
  app.add_subcommand("version", "print the version")->callback([&] {
    chosen = [] {
      std::cout << "buyme " BUYME_VERSION "\n";
      return 0;
    };
  });
  try {
    return parse_and_run(app, chosen, argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "buyme: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace buyme::app
