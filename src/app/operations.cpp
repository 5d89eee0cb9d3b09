#include "app/operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <optional>

#include "app/assemble.hpp"
#include "app/order_desk.hpp"
#include "app/places.hpp"
#include "app/user_desk.hpp"
#include "audit/audit.hpp"
#include "audit/snapshot.hpp"
#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme::app {

namespace fs = std::filesystem;

namespace {

// --- reading requests

std::string text_of(const json::object& request, std::string_view name) {
  const auto* value = request.if_contains(name);
  if (value == nullptr || !value->is_string()) throw ControlError(fmt::format("{} is missing", name));
  return std::string(value->as_string());
}

std::int64_t number_of(const json::object& request, std::string_view name) {
  const auto* value = request.if_contains(name);
  if (value == nullptr || !value->is_int64()) throw ControlError(fmt::format("{} is missing", name));
  return value->as_int64();
}

bool flag_of(const json::object& request, std::string_view name) {
  const auto* value = request.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

// --- calling a service from a thread that may block

template <class T>
Awaitable<void> keep_outcome(Awaitable<T> work, std::optional<T>& outcome) {
  outcome.emplace(co_await std::move(work));
}

// Runs `work` on an event loop of this thread alone; a failure becomes a ControlError.
template <class T>
T wait_here(Awaitable<Result<T>> work) {
  ExecutionContext context(1);
  std::optional<Result<T>> outcome;
  std::exception_ptr thrown;
  asio::co_spawn(context, keep_outcome(std::move(work), outcome),
                 [&](std::exception_ptr error) { thrown = error; });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  if (outcome->has_error()) {
    const Failure& failure = outcome->error();
    std::string reason = failure.detail;
    for (const FieldError& field : failure.fields)
      reason += fmt::format(" {}: {}", field.field, field.detail);
    throw ControlError(reason);
  }
  return std::move(**outcome);
}

// --- the operations

json::object create_admin(user::UserService& users, const json::object& request) {
  const user::User admin =
      wait_here(users.create_admin(text_of(request, "email"), text_of(request, "password")));
  return {{"userId", admin.id.value}};
}

// An account whose password nobody knows: only the token that is handed out here can act for it.
std::string rehearsal_admin_token(user::UserService& users) {
  const std::string email = fmt::format("admin-{}@rehearsal.invalid", secure_random_hex(6));
  const std::string password = secure_random_hex(32);
  wait_here(users.create_admin(email, password));
  return wait_here(users.log_in(email, password)).access;
}

json::object make_tokens(user::UserService& users, const json::object& request) {
  const std::int64_t count = number_of(request, "count");
  if (count > limits::control_tokens) throw ControlError("too many tokens for one answer");
  json::object answer;
  json::array buyers;
  for (const auto& [buyer, token] : wait_here(users.create_rehearsal_buyers(count))) {
    buyers.push_back(json::array{buyer.value, token});
  }
  answer["buyers"] = std::move(buyers);
  if (flag_of(request, "adminToken")) answer["adminToken"] = rehearsal_admin_token(users);
  return answer;
}

json::object audited(const audit::Books& books) {
  const audit::Report report = audit::make_report(books);
  return {{"report", json::parse(audit::render_json(report))}, {"text", audit::render_text(report)}};
}

json::object back_up_shop(const DataDir& directory, const json::object& request, Clock& clock) {
  const fs::path to = text_of(request, "to");
  audit::back_up(audit::Snapshot(directory.path()), directory.path(), to);
  return audited(audit::read_books(audit::Snapshot(to), clock.now()));
}

Time as_of(const json::object& request) {
  const std::string text = text_of(request, "asOf");
  const auto time = parse_time(text);
  if (!time) {
    throw ControlError(
        fmt::format("\"{}\" is no time with an offset, such as 2026-03-01T12:00:00+09:00", text));
  }
  return *time;
}

using Users = std::function<user::UserService&()>;
using Ship = std::function<std::int64_t(Time)>;

// Without a directory: of a shop whose state is in databases that servers share.
ControlServer::Handlers operations(Users users, Ship ship, const Config& config, const DataDir* directory,
                                   Clock& clock) {
  ControlServer::Handlers handlers;
  handlers["create-admin"] = [users](const json::object& request) { return create_admin(users(), request); };
  handlers["tokens"] = [users](const json::object& request) { return make_tokens(users(), request); };
  handlers["ship"] = [ship](const json::object& request) -> json::object {
    return {{"moved", ship(as_of(request))}};
  };
  handlers["audit"] = [&](const json::object&) { return audited(books_of(config, clock.now())); };
  handlers["backup"] = [&, directory](const json::object& request) {
    if (config.shares_database()) throw ControlError("back up the database server with its own tools");
    return back_up_shop(*directory, request, clock);
  };
  return handlers;
}

}  // namespace

ControlServer::Handlers operations_of(Shop& shop, const Config& config, const DataDir& directory,
                                      Clock& clock) {
  const auto users = [&shop]() -> user::UserService& {
    if (shop.users() != nullptr) return *shop.users();
    throw ControlError("this server has no accounts: ask one of the role user");
  };
  return operations(
      users, [&shop](Time time) { return shop.ship(time); }, config, &directory, clock);
}

json::object perform(const Config& config, const json::object& request, DataDir::Missing missing) {
  const auto clock = make_system_clock();
  std::optional<DataDir> directory;
  try {
    if (!config.shares_database()) directory.emplace(config.data_dir, missing);
  } catch (const DataDirInUse& in_use) {
    try {
      return ask_shop(config.data_dir, request, *clock);
    } catch (const NoShopAnswers& silent) {
      throw ControlError(fmt::format("{}, and {}", in_use.what(), silent.what()));
    }
  }
  std::unique_ptr<UserDesk> desk;  // opened only by the commands that need it
  const auto users = [&]() -> user::UserService& {
    if (!desk) desk = std::make_unique<UserDesk>(config, make_stderr_log(config.log.level));
    return desk->users();
  };
  const auto ship = [&](Time time) { return ship_at_desk(config, time, make_stderr_log(config.log.level)); };
  const DataDir* locked = directory ? &*directory : nullptr;
  return operations(users, ship, config, locked, *clock).at(text_of(request, "command"))(request);
}

RehearsalAccounts make_rehearsal_accounts(const Config& config, std::int64_t buyers, bool with_admin) {
  RehearsalAccounts accounts;
  while (std::ssize(accounts.buyers) < buyers) {
    const std::int64_t portion = std::min(buyers - std::ssize(accounts.buyers), limits::control_tokens);
    const bool admin_now = with_admin && accounts.buyers.empty();
    const json::object request{{"command", "tokens"}, {"count", portion}, {"adminToken", admin_now}};
    const json::object answer = perform(config, request, DataDir::Missing::create);
    for (const auto& buyer : answer.at("buyers").as_array()) {
      accounts.buyers.push_back({buyer.at(0).as_int64(), std::string(buyer.at(1).as_string())});
    }
    if (admin_now) accounts.admin_token = std::string(answer.at("adminToken").as_string());
  }
  return accounts;
}

}  // namespace buyme::app
