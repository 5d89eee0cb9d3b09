// What commands do with a shop, in the process that has its directory: the running shop on behalf of a
// command that came through the control socket, or the command itself when no shop runs there.
#pragma once

#include "app/config.hpp"
#include "app/control.hpp"
#include "app/data_dir.hpp"
#include "drop/tokens.hpp"

namespace buyme::app {

class Shop;

// The commands that a running shop serves. All of them must outlive the handlers.
ControlServer::Handlers operations_of(Shop& shop, const Config& config, const DataDir& directory,
                                      Clock& clock);

// Does `request` on the shop in config.data_dir: by asking the process that runs it, or here when none does.
// A directory that does not exist is created or refused, as `missing` says. A shop whose servers share a
// database has no directory: it is done here, on the database, whether servers run or not. Throws
// ControlError and what DataDir and the database throw.
json::object perform(const Config& config, const json::object& request, DataDir::Missing missing);

// Accounts for a rehearsal, made on the shop in config.data_dir by perform().
struct RehearsalAccounts {
  std::vector<drop::Buyer> buyers;
  std::string admin_token;  // empty unless asked for
};
RehearsalAccounts make_rehearsal_accounts(const Config& config, std::int64_t buyers, bool with_admin);

}  // namespace buyme::app
