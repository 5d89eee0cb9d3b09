#include <fmt/format.h>

#include <limits>

#include "core/limits.hpp"
#include "db/sql.hpp"
#include "embedded/user_schema.hpp"
#include "embedded/user_schema_mysql.hpp"
#include "embedded/user_schema_sessions.hpp"
#include "embedded/user_schema_wishes.hpp"
#include "user/store_sessions.hpp"

namespace buyme::user {

namespace {

constexpr db::Migration sqlite_steps[] = {{1, "accounts", embedded::user_schema},
                                          {2, "sessions", embedded::user_schema_sessions},
                                          {3, "wishes of ended accounts", embedded::user_schema_wishes}};
constexpr db::Migration mysql_steps[] = {{1, "accounts and sessions", embedded::user_schema_mysql}};
constexpr db::Schema schema{sqlite_steps, mysql_steps};

#define BUYME_USER_COLUMNS "user_id, email, name, phone, address, role, created_at, password_hash"

constexpr auto insert_user =
    "INSERT INTO users(user_id, email, name, phone, address, password_hash, role, created_at) "
    "VALUES(:id, :email, :name, :phone, :address, :password_hash, :role, :created_at)";
constexpr auto select_by_email =
    "SELECT " BUYME_USER_COLUMNS " FROM users WHERE email = :email AND ended_at IS NULL";
constexpr auto select_by_id =
    "SELECT " BUYME_USER_COLUMNS " FROM users WHERE user_id = :id AND ended_at IS NULL";
constexpr auto select_page =
    "SELECT " BUYME_USER_COLUMNS
    " FROM users WHERE user_id < :before AND ended_at IS NULL ORDER BY user_id DESC LIMIT :maximum";
constexpr auto select_matching_page = "SELECT " BUYME_USER_COLUMNS
                                      " FROM users WHERE user_id < :before AND ended_at IS NULL "
                                      "AND (LOWER(name) LIKE LOWER(:name) ESCAPE '!' OR LOWER(email) LIKE "
                                      "LOWER(:email) ESCAPE '!') ORDER BY user_id DESC LIMIT :maximum";
constexpr auto update_user =
    "UPDATE users SET email = :email, name = :name, phone = :phone, address = :address, role = :role "
    "WHERE user_id = :id";
constexpr auto update_password =
    "UPDATE users SET password_hash = :hash WHERE user_id = :id AND ended_at IS NULL";
// An address of a rehearsal has no person behind it who could administer anything.
constexpr auto select_admins =
    "SELECT user_id FROM users WHERE role = 'ADMIN' AND ended_at IS NULL "
    "AND email NOT LIKE '%@rehearsal.invalid' ORDER BY user_id";
// What takes the place of the address is no address, so nobody can be in its way.
constexpr auto end_user =
    "UPDATE users SET ended_at = :now, email = :nothing, name = '', phone = '', address = '', "
    "password_hash = :no_password WHERE user_id = :id";
constexpr auto insert_ending = "INSERT INTO account_endings(user_id, since) VALUES(:id, :now)";
constexpr auto select_endings =
    "SELECT user_id, since FROM account_endings WHERE user_id > :after ORDER BY user_id LIMIT :maximum";
constexpr auto delete_ending = "DELETE FROM account_endings WHERE user_id = :id";
constexpr auto select_ended = "SELECT user_id, ended_at FROM users WHERE ended_at > :since";

#undef BUYME_USER_COLUMNS

const char* role_text(Role role) {
  return role == Role::admin ? "ADMIN" : "USER";
}

// One row in the order of the columns above. Typed variables: soci::row would make an int of an INTEGER
// column.
struct Row {
  long long id = 0, created_at = 0;
  std::string email, name, phone, address, role, password_hash;

  void define_in(soci::statement& select) {
    select.exchange(soci::into(id));
    for (auto* text : {&email, &name, &phone, &address, &role}) select.exchange(soci::into(*text));
    select.exchange(soci::into(created_at));
    select.exchange(soci::into(password_hash));
  }
  Account account() const {
    Account account;
    account.user = {UserId{id},
                    name,
                    email,
                    phone,
                    address,
                    role == role_text(Role::admin) ? Role::admin : Role::user,
                    from_unix_ms(created_at)};
    account.password_hash = password_hash;
    return account;
  }
};

// Rows of `query`; `bind` says its parameters, in their order.
template <class Bind>
std::vector<Account> select(soci::session& session, const std::string& query, Bind bind) {
  soci::statement statement(session);
  Row row;
  row.define_in(statement);
  bind(statement);
  statement.alloc();
  statement.prepare(query);
  statement.define_and_bind();
  statement.execute();
  std::vector<Account> accounts;
  while (statement.fetch()) accounts.push_back(row.account());
  return accounts;
}

template <class Key>
std::optional<Account> find(soci::session& session, const std::string& query, const Key& key) {
  auto found = select(session, query, [&key](soci::statement& of) { of.exchange(soci::use(key)); });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::optional<Account> find(soci::session& session, UserId id) {
  return find(session, select_by_id, static_cast<long long>(id.value));
}

// Its row stays as it is until the transaction ends, and so do its sessions: see lock_account().
std::optional<Account> find_and_lock(soci::session& session, UserId id) {
  return find(session, std::string(select_by_id) + db::for_update(session), static_cast<long long>(id.value));
}

std::vector<Account> find_page(soci::session& session, const UserQuery& query) {
  const long long before = query.before ? query.before.value : std::numeric_limits<long long>::max();
  const long long maximum = static_cast<long long>(query.limit);
  std::string pattern = "%";
  for (const char c : query.text) {
    if (c == '!' || c == '%' || c == '_') pattern += '!';
    pattern += c;
  }
  pattern += '%';
  const bool searches = !query.text.empty();
  return select(session, searches ? select_matching_page : select_page, [&](soci::statement& of) {
    of.exchange(soci::use(before));
    if (searches) of.exchange(soci::use(pattern));
    if (searches) of.exchange(soci::use(pattern));
    of.exchange(soci::use(maximum));
  });
}

Failure no_such_account() {
  return {Error::not_found, "There is no such account."};
}

Failure another_password() {
  return {Error::wrong_credentials, "The password was changed meanwhile. Log in with the new one."};
}

// Without an admin nobody could make another one over HTTP. The rows of all of them are locked: of two who
// resign at once, the second finds the first gone.
std::optional<Failure> refused_as_last_admin(soci::session& session, UserId id) {
  long long admin = 0;
  bool others = false;
  soci::statement select =
      (session.prepare << std::string(select_admins) + db::for_update(session), soci::into(admin));
  select.execute();
  while (select.fetch()) others = others || admin != id.value;
  if (others) return std::nullopt;
  return Failure(Error::illegal_state,
                 "This is the last admin of the shop: make another account an admin first, then repeat.");
}

Result<ChangedAccount> change_in(soci::session& session, UserId id, const AccountChange& change, Time now) {
  auto account = find_and_lock(session, id);
  if (!account) return no_such_account();
  User& user = account->user;
  const bool other_role = change.role && *change.role != user.role;
  if (other_role && user.role == Role::admin) {
    if (auto refused = refused_as_last_admin(session, id)) return std::move(*refused);
  }
  if (change.name) user.name = *change.name;
  if (change.email) user.email = *change.email;
  if (change.phone) user.phone = *change.phone;
  if (change.address) user.address = *change.address;
  if (change.role) user.role = *change.role;
  const std::string role = role_text(user.role);
  const long long user_id = id.value;
  session << update_user, soci::use(user.email), soci::use(user.name), soci::use(user.phone),
      soci::use(user.address), soci::use(role), soci::use(user_id);
  ChangedAccount changed{user, {}};
  if (other_role) changed.denials = end_sessions(session, id, "", now);
  return changed;
}

Result<void> end_in(soci::session& session, UserId id, Time now) {
  const auto account = find_and_lock(session, id);
  if (!account) return no_such_account();
  if (account->user.role == Role::admin) {
    if (auto refused = refused_as_last_admin(session, id)) return std::move(*refused);
  }
  const long long user = id.value, ended_at = to_unix_ms(now);
  const std::string nothing = fmt::format("ended-{}", id.value), password(no_password);
  session << end_user, soci::use(ended_at), soci::use(nothing), soci::use(password), soci::use(user);
  session << insert_ending, soci::use(user), soci::use(ended_at);
  end_sessions(session, id, "", now);  // no denials: the account as a whole is denied
  return {};
}

UserId last_id(soci::session& session) {
  long long id = 0;
  if (!session.get_last_insert_id("users", id))
    throw std::logic_error("the database does not tell the last id");
  return UserId{id};
}

// What a write is told that failed.
Failure write_failure(const soci::soci_error& error) {
  if (db::is_unique_violation(error)) {
    return {Error::email_taken,
            "An account with this e-mail address exists. Log in, or take another address."};
  }
  if (dynamic_cast<const db::CommitUnknown*>(&error) != nullptr) {
    return Failure(Error::outcome_unknown, "Nobody knows whether it was saved. Look, then repeat.")
        .retry_in(std::chrono::seconds{2});
  }
  return Failure(Error::store_unavailable, "Nothing was saved. Repeat in a few seconds.")
      .retry_in(std::chrono::seconds{2});
}

// An id of 0 is one that the database gives.
UserId insert_row(soci::session& session, const Account& account) {
  const User& user = account.user;
  const std::string role = role_text(user.role);
  const long long id = user.id.value, created_at = to_unix_ms(user.created_at);
  soci::indicator given = user.id ? soci::i_ok : soci::i_null;
  session << insert_user, soci::use(id, given), soci::use(user.email), soci::use(user.name),
      soci::use(user.phone), soci::use(user.address), soci::use(account.password_hash), soci::use(role),
      soci::use(created_at);
  return user.id ? user.id : last_id(session);
}

Account rehearsal_buyer(const RehearsalBuyers& buyers, std::int64_t number) {
  Account buyer;
  buyer.user.email = fmt::format("buyer-{}-{}@rehearsal.invalid", buyers.tag, number);
  buyer.user.name = fmt::format("Buyer {}", number);
  buyer.user.phone = "010-0000-0000";
  buyer.user.address = "Rehearsal";
  buyer.user.created_at = buyers.created_at;
  buyer.password_hash = no_password;
  return buyer;
}

// The last comes right behind the first, so that whoever signs up from then on is given a number behind it.
// One who was given a number in between makes it fail, as a number that is taken.
UserId insert_buyers(soci::session& session, const RehearsalBuyers& buyers) {
  const UserId first = insert_row(session, rehearsal_buyer(buyers, 1));
  const auto insert = [&](std::int64_t number) {
    Account buyer = rehearsal_buyer(buyers, number);
    buyer.user.id = UserId{first.value + number - 1};
    insert_row(session, buyer);
  };
  if (buyers.count > 1) insert(buyers.count);
  for (std::int64_t number = 2; number < buyers.count; ++number) insert(number);
  return first;
}

class SqlUserStore final : public UserStore {
 public:
  SqlUserStore(db::DatabaseAddress address, std::size_t sessions)
      : database_(std::move(address), sessions, schema) {}

  Result<UserId> insert(const Account& account) override {
    return write<Result<UserId>>([&account](soci::session& session) -> Result<UserId> {
      Account fresh = account;
      fresh.user.id = UserId{};
      return insert_row(session, fresh);
    });
  }

  std::optional<Account> find_by_email(const std::string& email) override {
    return database_.with_session(
        [&email](soci::session& session) { return find(session, select_by_email, email); });
  }

  std::optional<Account> find_account(UserId id) override {
    return database_.with_session([id](soci::session& session) { return find(session, id); });
  }

  std::optional<User> find_by_id(UserId id) override {
    const auto account = find_account(id);
    if (!account) return std::nullopt;
    return account->user;
  }

  Result<std::vector<User>> list(const UserQuery& query) override {
    return read<Result<std::vector<User>>>([&query](soci::session& session) {
      std::vector<User> users;
      for (Account& account : find_page(session, query)) users.push_back(std::move(account.user));
      return users;
    });
  }

  Result<ChangedAccount> change(UserId id, const AccountChange& change, Time now) override {
    return write<Result<ChangedAccount>>(
        [&](soci::session& session) { return change_in(session, id, change, now); });
  }

  Result<Denials> change_password(const PasswordChange& change) override {
    return write<Result<Denials>>([&change](soci::session& session) -> Result<Denials> {
      const auto account = find_and_lock(session, change.user);
      if (!account || account->password_hash != change.old_hash) return another_password();
      const long long user = change.user.value;
      session << update_password, soci::use(change.new_hash), soci::use(user);
      return end_sessions(session, change.user, change.spared_session, change.now);
    });
  }

  Result<UserId> add_rehearsal_buyers(const RehearsalBuyers& buyers) override {
    constexpr int most_tries = 10 * limits::sql_tries;  // whoever signs up meanwhile is in the way of one
    for (int tries = 1;; ++tries) {
      auto first = write<Result<UserId>>(
          [&buyers](soci::session& session) -> Result<UserId> { return insert_buyers(session, buyers); });
      if (first || first.error().error != Error::email_taken || tries == most_tries) return first;
    }
  }

  Result<ChangedAccount> open_session(const NewSession& opened) override {
    return write<Result<ChangedAccount>>([&opened](soci::session& session) -> Result<ChangedAccount> {
      const auto account = find_and_lock(session, opened.user);
      if (!account || account->password_hash != opened.password_hash) return another_password();
      return ChangedAccount{account->user, insert_session(session, opened)};
    });
  }

  Result<Refreshed> refresh(const Refresh& refresh, std::optional<Stolen>& stolen) override {
    return write<Result<Refreshed>>(
        [&](soci::session& session) { return refresh_session(session, refresh, stolen); });
  }

  Result<Denial> end_session(const std::string& ended, UserId user, Time token_expires_at,
                             Time now) override {
    return write<Result<Denial>>([&](soci::session& session) -> Result<Denial> {
      return end_one_session(session, ended, user, token_expires_at, now);
    });
  }

  Result<void> end_account(UserId id, Time now) override {
    return write<Result<void>>([&](soci::session& session) { return end_in(session, id, now); });
  }

  Result<std::vector<Ending>> endings(UserId after, std::size_t maximum) override {
    return read<Result<std::vector<Ending>>>([&](soci::session& session) {
      const long long above = after.value, most = static_cast<long long>(maximum);
      long long user = 0, since = 0;
      soci::statement select = (session.prepare << select_endings, soci::use(above), soci::use(most),
                                soci::into(user), soci::into(since));
      select.execute();
      std::vector<Ending> endings;
      while (select.fetch()) endings.push_back({UserId{user}, from_unix_ms(since)});
      return endings;
    });
  }

  Result<void> settle_ending(UserId id, const db::Fence& fence) override {
    return write<Result<void>>([&](soci::session& session) -> Result<void> {
      db::check_fence(session, fence);
      const long long user = id.value;
      session << delete_ending, soci::use(user);
      return {};
    });
  }

  Denials denials(Time now) override {
    return database_.with_session([now](soci::session& session) {
      Denials denials = denied_sessions(session, now);
      const long long oldest = to_unix_ms(now - limits::longest_access_token);
      long long user = 0, ended_at = 0;
      soci::statement select =
          (session.prepare << select_ended, soci::use(oldest), soci::into(user), soci::into(ended_at));
      select.execute();
      while (select.fetch()) denials.push_back(denial_of_account(UserId{user}, from_unix_ms(ended_at)));
      return denials;
    });
  }

  // A session that is over cannot come back, so the look needs no write lock.
  Result<std::size_t> forget_sessions(Time now, std::size_t maximum, const db::Fence& fence) override {
    const auto over = read<Result<std::vector<std::string>>>(
        [&](soci::session& session) { return sessions_over(session, now, maximum); });
    if (!over) return over.error();
    if (over->empty()) return std::size_t{0};
    return write<Result<std::size_t>>([&](soci::session& session) -> Result<std::size_t> {
      db::check_fence(session, fence);
      delete_sessions(session, *over);
      return over->size();
    });
  }

 private:
  // `work` in a transaction. What it refuses changes nothing, but for a token that came again: its session's
  // end is written.
  template <class R, class Work>
  R write(Work work) {
    try {
      return database_.with_transaction([&work](soci::session& session) -> R { return work(session); });
    } catch (const soci::soci_error& error) {
      return write_failure(error);
    } catch (const db::FenceLost& lost) {
      return Failure(Error::store_unavailable, lost.what());
    }
  }

  template <class R, class Work>
  R read(Work work) {
    try {
      return database_.with_session([&work](soci::session& session) -> R { return work(session); });
    } catch (const soci::soci_error&) {
      return Failure(Error::store_unavailable, "The accounts cannot be read right now. Try again.")
          .retry_in(std::chrono::seconds{2});
    }
  }

  db::SqlDatabase database_;
};

}  // namespace

std::unique_ptr<UserStore> open_user_store(db::DatabaseAddress address, std::size_t sessions) {
  return std::make_unique<SqlUserStore>(std::move(address), sessions);
}

}  // namespace buyme::user
