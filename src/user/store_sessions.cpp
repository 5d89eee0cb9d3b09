#include "user/store_sessions.hpp"

#include <algorithm>

#include "core/limits.hpp"
#include "db/sql.hpp"

namespace buyme::user {

namespace {

constexpr auto lock_user = "SELECT user_id FROM users WHERE user_id = :id FOR UPDATE";
constexpr auto insert_session_row =
    "INSERT INTO sessions(session_id, user_id, started_at, access_expires_at, over_at, ended_at) "
    "VALUES(:id, :user, :started_at, :access_expires_at, :over_at, :ended_at)";
constexpr auto insert_token =
    "INSERT INTO refresh_tokens(token_hash, session_id, number, expires_at) "
    "VALUES(:hash, :session, :number, :expires_at)";
constexpr auto select_live_sessions =
    "SELECT session_id, access_expires_at FROM sessions WHERE user_id = :user AND ended_at IS NULL "
    "ORDER BY started_at DESC, session_id";
constexpr auto end_session_row =
    "UPDATE sessions SET ended_at = :now, over_at = access_expires_at WHERE session_id = :id";
constexpr auto select_session = "SELECT access_expires_at FROM sessions WHERE session_id = :id";
constexpr auto select_token =
    "SELECT t.session_id, t.number, t.expires_at, t.spent_at, s.user_id, s.ended_at, s.access_expires_at, "
    "u.role, u.ended_at "
    "FROM refresh_tokens t JOIN sessions s ON s.session_id = t.session_id "
    "JOIN users u ON u.user_id = s.user_id WHERE t.token_hash = :hash";
constexpr auto select_unspent =
    "SELECT COUNT(*) FROM refresh_tokens WHERE token_hash = :hash AND spent_at IS NULL";
constexpr auto spend_token = "UPDATE refresh_tokens SET spent_at = :now WHERE token_hash = :hash";
constexpr auto delete_old_tokens =
    "DELETE FROM refresh_tokens WHERE session_id = :session AND number <= :number";
constexpr auto prolong_session =
    "UPDATE sessions SET access_expires_at = :access_expires_at, over_at = :over_at WHERE session_id = :id";
constexpr auto select_denied =
    "SELECT session_id, access_expires_at FROM sessions WHERE ended_at IS NOT NULL AND over_at > :now";
constexpr auto select_over = "SELECT session_id FROM sessions WHERE over_at <= :now LIMIT :maximum";
constexpr auto delete_tokens = "DELETE FROM refresh_tokens WHERE session_id = :id";
constexpr auto delete_session = "DELETE FROM sessions WHERE session_id = :id";

struct TokenRow {
  std::string session, role;
  long long number = 0, expires_at = 0, spent_at = 0, user = 0, session_ended_at = 0, access_expires_at = 0,
            account_ended_at = 0;
  soci::indicator spent = soci::i_null, session_ended = soci::i_null, account_ended = soci::i_null;

  bool is_over(Time now) const {
    return session_ended == soci::i_ok || account_ended == soci::i_ok || from_unix_ms(expires_at) <= now;
  }
};

std::optional<TokenRow> find_token(soci::session& sql, const std::string& hash) {
  TokenRow row;
  sql << select_token, soci::use(hash), soci::into(row.session), soci::into(row.number),
      soci::into(row.expires_at), soci::into(row.spent_at, row.spent), soci::into(row.user),
      soci::into(row.session_ended_at, row.session_ended), soci::into(row.access_expires_at),
      soci::into(row.role), soci::into(row.account_ended_at, row.account_ended);
  if (!sql.got_data()) return std::nullopt;
  return row;
}

bool is_unspent(soci::session& sql, const std::string& hash) {
  long long count = 0;
  sql << select_unspent, soci::use(hash), soci::into(count);
  return count > 0;
}

void insert_token_row(soci::session& sql, const std::string& hash, const std::string& session,
                      long long number, Time expires) {
  const long long expires_at = to_unix_ms(expires);
  sql << insert_token, soci::use(hash), soci::use(session), soci::use(number), soci::use(expires_at);
}

Denial end_row(soci::session& sql, const std::string& session, UserId user, long long access_expires_at,
               Time now) {
  const long long ended_at = to_unix_ms(now);
  sql << end_session_row, soci::use(ended_at), soci::use(session);
  return {session, user, from_unix_ms(access_expires_at)};
}

// Of sessions: their ids and the ends of their access tokens.
Denials read_denials(soci::session& sql, const char* query, long long parameter, UserId user) {
  std::string id;
  long long until = 0;
  soci::statement select = (sql.prepare << query, soci::use(parameter), soci::into(id), soci::into(until));
  select.execute();
  Denials denials;
  while (select.fetch()) denials.push_back({id, user, from_unix_ms(until)});
  return denials;
}

}  // namespace

bool lock_account(soci::session& sql, UserId user) {
  if (!db::is_mysql(sql)) return false;
  const long long id = user.value;
  long long locked = 0;
  sql << lock_user, soci::use(id), soci::into(locked);
  return true;
}

Denials insert_session(soci::session& sql, const NewSession& session) {
  Denials live = read_denials(sql, select_live_sessions, session.user.value, session.user);
  Denials ended;
  for (std::size_t i = limits::max_sessions - 1; i < live.size(); ++i) {
    ended.push_back(end_row(sql, live[i].session, session.user, to_unix_ms(live[i].until), session.now));
  }
  const long long user = session.user.value, started_at = to_unix_ms(session.now);
  const long long access_expires_at = to_unix_ms(session.access_expires_at);
  const long long over_at = std::max<long long>(access_expires_at, to_unix_ms(session.refresh_expires_at));
  const long long not_ended = 0;
  soci::indicator null = soci::i_null;
  sql << insert_session_row, soci::use(session.id), soci::use(user), soci::use(started_at),
      soci::use(access_expires_at), soci::use(over_at), soci::use(not_ended, null);
  insert_token_row(sql, session.token_hash, session.id, 1, session.refresh_expires_at);
  return ended;
}

Result<Refreshed> refresh_session(soci::session& sql, const Refresh& refresh, std::optional<Stolen>& stolen) {
  const Failure refused(Error::unauthenticated, "This refresh token is not good any more. Log in again.");
  stolen.reset();
  auto token = find_token(sql, refresh.token_hash);
  if (token && lock_account(sql, UserId{token->user})) token = find_token(sql, refresh.token_hash);
  if (!token || token->is_over(refresh.now)) return refused;

  const UserId user{token->user};
  if (token->spent == soci::i_ok) {
    const bool just_now = refresh.now - from_unix_ms(token->spent_at) <= limits::refresh_grace;
    if (!just_now || !is_unspent(sql, refresh.successor_hash)) {
      stolen = Stolen{user, {end_row(sql, token->session, user, token->access_expires_at, refresh.now)}};
      return refused;
    }
  } else {
    const long long now = to_unix_ms(refresh.now), kept_from = token->number - limits::spent_tokens_kept;
    sql << spend_token, soci::use(now), soci::use(refresh.token_hash);
    insert_token_row(sql, refresh.successor_hash, token->session, token->number + 1,
                     refresh.refresh_expires_at);
    sql << delete_old_tokens, soci::use(token->session), soci::use(kept_from);
  }
  const long long access_expires_at =
      std::max<long long>(token->access_expires_at, to_unix_ms(refresh.access_expires_at));
  const long long over_at = std::max<long long>(access_expires_at, to_unix_ms(refresh.refresh_expires_at));
  sql << prolong_session, soci::use(access_expires_at), soci::use(over_at), soci::use(token->session);
  return Refreshed{token->session, user, token->role == "ADMIN" ? Role::admin : Role::user};
}

Denial end_one_session(soci::session& sql, const std::string& session, UserId user, Time token_expires_at,
                       Time now) {
  lock_account(sql, user);
  long long access_expires_at = 0;
  sql << select_session, soci::use(session), soci::into(access_expires_at);
  if (sql.got_data()) return end_row(sql, session, user, access_expires_at, now);

  const long long user_id = user.value, ended_at = to_unix_ms(now), expires_at = to_unix_ms(token_expires_at);
  sql << insert_session_row, soci::use(session), soci::use(user_id), soci::use(ended_at),
      soci::use(expires_at), soci::use(expires_at), soci::use(ended_at);
  return {session, user, token_expires_at};
}

Denials end_sessions(soci::session& sql, UserId user, const std::string& spared, Time now) {
  Denials denials = read_denials(sql, select_live_sessions, user.value, user);
  std::erase_if(denials, [&](const Denial& denial) { return denial.session == spared; });
  for (const Denial& denial : denials) end_row(sql, denial.session, user, to_unix_ms(denial.until), now);
  return denials;
}

Denials denied_sessions(soci::session& sql, Time now) {
  return read_denials(sql, select_denied, to_unix_ms(now), UserId{});
}

std::vector<std::string> sessions_over(soci::session& sql, Time now, std::size_t maximum) {
  const long long latest = to_unix_ms(now), most = static_cast<long long>(maximum);
  std::string id;
  soci::statement select = (sql.prepare << select_over, soci::use(latest), soci::use(most), soci::into(id));
  select.execute();
  std::vector<std::string> over;
  while (select.fetch()) over.push_back(id);
  return over;
}

void delete_sessions(soci::session& sql, const std::vector<std::string>& sessions) {
  for (const std::string& id : sessions) {
    sql << delete_tokens, soci::use(id);
    sql << delete_session, soci::use(id);
  }
}

}  // namespace buyme::user
