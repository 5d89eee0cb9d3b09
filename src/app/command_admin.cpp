// buyme admin create, tokens, ship
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>

#include "app/command_line.hpp"
#include "app/operations.hpp"

namespace buyme::app {

namespace {

// A file that only its owner can read, also when it was there before with another mode.
void write_secret(const std::string& path, std::string_view text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = descriptor >= 0 && fchmod(descriptor, 0600) == 0;
  while (written && !text.empty()) {
    const auto size = write(descriptor, text.data(), text.size());
    written = size > 0;
    if (written) text.remove_prefix(static_cast<std::size_t>(size));
  }
  if (descriptor >= 0 && close(descriptor) != 0) written = false;
  if (!written)
    throw std::runtime_error(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

// The first line of standard input, without its end: a password in argv could be read by every process.
std::string read_password() {
  std::string password;
  if (!std::getline(std::cin, password)) throw std::runtime_error("there is no password on standard input");
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

struct CreateFlags {
  std::string email;
  bool password_stdin = false;
};

int create_admin(const ConfigFlags& flags, const CreateFlags& given) {
  const json::object request{
      {"command", "create-admin"}, {"email", given.email}, {"password", read_password()}};
  const json::object answer = perform(flags.load(), request, DataDir::Missing::create);
  std::cout << fmt::format("admin {} is user {}\n", given.email, answer.at("userId").as_int64());
  return 0;
}

struct TokenFlags {
  std::int64_t count = 0;
  std::string csv;
  std::string admin_token;
};

int make_tokens(const ConfigFlags& flags, const TokenFlags& given) {
  const RehearsalAccounts accounts =
      make_rehearsal_accounts(flags.load(), given.count, !given.admin_token.empty());
  std::string text = "userId,token\n";
  for (const drop::Buyer& buyer : accounts.buyers) {
    fmt::format_to(std::back_inserter(text), "{},{}\n", buyer.user_id, buyer.token);
  }
  write_secret(given.csv, text);
  std::cout << fmt::format("{} buyers with tokens are in {}\n", accounts.buyers.size(), given.csv);
  if (!given.admin_token.empty()) {
    write_secret(given.admin_token, accounts.admin_token + "\n");
    std::cout << fmt::format("an admin's token is in {}\n", given.admin_token);
  }
  return 0;
}

int ship(const ConfigFlags& flags, const std::string& as_of) {
  const json::object request{{"command", "ship"}, {"asOf", as_of}};
  const json::object answer = perform(flags.load(), request, DataDir::Missing::refuse);
  std::cout << fmt::format("{} orders moved on, as of {}\n", answer.at("moved").as_int64(), as_of);
  return 0;
}

void add_ship(CLI::App& admin, Chosen& chosen) {
  CLI::App* command =
      admin.add_subcommand("ship", "ship and deliver what is due; a running shop does so by itself");
  const ConfigFlags shop(*command, ConfigFlags::Which::directory);
  const auto as_of = std::make_shared<std::string>(format_time(make_system_clock()->now()));
  command->add_option("--as-of", *as_of, "as if it were this time, with an offset; default: now")
      ->type_name("TIME");
  command->callback([=, &chosen] { chosen = [=] { return ship(shop, *as_of); }; });
}

}  // namespace

void add_admin(CLI::App& app, Chosen& chosen) {
  CLI::App* admin = app.add_subcommand("admin", "what an operator does to a shop, running or not");
  admin->require_subcommand(1);

  CLI::App* create =
      admin->add_subcommand("create", "make an admin; the password is read from standard input");
  const ConfigFlags create_shop(*create, ConfigFlags::Which::directory);
  const auto account = std::make_shared<CreateFlags>();
  create->add_option("--email", account->email, "what the admin logs in with")
      ->required()
      ->type_name("EMAIL");
  create->add_flag("--password-stdin", account->password_stdin, "take the password from standard input")
      ->required();
  create->callback([=, &chosen] { chosen = [=] { return create_admin(create_shop, *account); }; });

  CLI::App* tokens =
      admin->add_subcommand("tokens", "make buyers with ready bearer tokens, for rehearsals and load tests");
  const ConfigFlags tokens_shop(*tokens, ConfigFlags::Which::directory);
  const auto wanted = std::make_shared<TokenFlags>();
  tokens->add_option("--count", wanted->count, "how many buyers")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, limits::max_rehearsal_buyers));
  tokens->add_option("--csv", wanted->csv, "file to write them to, readable by its owner alone")
      ->required()
      ->type_name("FILE");
  tokens
      ->add_option("--admin-token", wanted->admin_token,
                   "also make an admin and write a token of his to this file")
      ->type_name("FILE");
  add_ship(*admin, chosen);
  tokens->callback([=, &chosen] { chosen = [=] { return make_tokens(tokens_shop, *wanted); }; });
}

}  // namespace buyme::app
