// The SQL of sessions and refresh tokens, for the transactions of store_sql.cpp.
#pragma once

#include <soci/soci.h>

#include "user/store.hpp"

namespace buyme::user {

// Whoever changes an account or its sessions has its row in `users` locked before he reads what he decides
// by, so that nothing of it changes until his transaction ends. True when it had to be: what was read before
// must be read again. SQLite's transactions do not need it.
bool lock_account(soci::session& sql, UserId user);

// Inserts the session and its first token, and ends the oldest over limits::max_sessions. The account is
// locked by the caller.
Denials insert_session(soci::session& sql, const NewSession& session);

Result<Refreshed> refresh_session(soci::session& sql, const Refresh& refresh, std::optional<Stolen>& stolen);

Denial end_one_session(soci::session& sql, const std::string& session, UserId user, Time token_expires_at,
                       Time now);

// All of the account but `spared`. The account is locked by the caller.
Denials end_sessions(soci::session& sql, UserId user, const std::string& spared, Time now);

Denials denied_sessions(soci::session& sql, Time now);
std::vector<std::string> sessions_over(soci::session& sql, Time now, std::size_t maximum);
void delete_sessions(soci::session& sql, const std::vector<std::string>& sessions);

}  // namespace buyme::user
