#include <fmt/format.h>

#include "db/sql.hpp"
#include "embedded/user_schema.hpp"
#include "user/store.hpp"

namespace buyme::user {

namespace {

constexpr db::Migration migrations[] = {{1, "accounts", embedded::user_schema}};

constexpr auto insert_user =
    "INSERT INTO users(email, name, phone, address, password_hash, role, created_at) "
    "VALUES(:email, :name, :phone, :address, :password_hash, :role, :created_at)";

constexpr auto select_by_email =
    "SELECT user_id, email, name, phone, address, role, created_at, password_hash FROM users WHERE email = "
    ":email";

constexpr auto select_by_id =
    "SELECT user_id, email, name, phone, address, role, created_at, password_hash FROM users WHERE user_id = "
    ":id";

const char* role_text(Role role) {
  return role == Role::admin ? "ADMIN" : "USER";
}

// Read into typed variables: soci::row would make an int of an INTEGER column.
template <class Key>
std::optional<Account> find(soci::session& session, const char* query, const Key& key) {
  Account account;
  User& user = account.user;
  long long id = 0, created_at = 0;
  std::string role;
  session << query, soci::use(key), soci::into(id), soci::into(user.email), soci::into(user.name),
      soci::into(user.phone), soci::into(user.address), soci::into(role), soci::into(created_at),
      soci::into(account.password_hash);
  if (!session.got_data()) return std::nullopt;
  user.id = UserId{id};
  user.role = role == role_text(Role::admin) ? Role::admin : Role::user;
  user.created_at = from_unix_ms(created_at);
  return account;
}

UserId last_id(soci::session& session) {
  long long id = 0;
  if (!session.get_last_insert_id("users", id))
    throw std::logic_error("the database does not tell the last id");
  return UserId{id};
}

// What a write that was undone is told; anything else is thrown on.
Failure write_failure(const soci::soci_error& error) {
  if (db::is_unique_violation(error)) {
    return {Error::email_taken,
            "An account with this e-mail address exists. Log in, or take another address."};
  }
  if (db::may_have_committed(error)) throw;
  return Failure(Error::store_unavailable, "The account was not saved. Repeat in a few seconds.")
      .retry_in(std::chrono::seconds{2});
}

class SqlUserStore final : public UserStore {
 public:
  SqlUserStore(const std::string& path, std::size_t sessions) : database_(path, sessions, migrations) {}

  Result<UserId> insert(const Account& account) override {
    try {
      return database_.with_transaction([&account](soci::session& session) {
        const User& user = account.user;
        const std::string role = role_text(user.role);
        const long long created_at = to_unix_ms(user.created_at);
        session << insert_user, soci::use(user.email), soci::use(user.name), soci::use(user.phone),
            soci::use(user.address), soci::use(account.password_hash), soci::use(role), soci::use(created_at);
        return last_id(session);
      });
    } catch (const soci::soci_error& error) {
      return write_failure(error);
    }
  }

  std::optional<Account> find_by_email(const std::string& email) override {
    return database_.with_session(
        [&email](soci::session& session) { return find(session, select_by_email, email); });
  }

  std::optional<User> find_by_id(UserId id) override {
    const auto account = database_.with_session([id](soci::session& session) {
      return find(session, select_by_id, static_cast<long long>(id.value));
    });
    if (!account) return std::nullopt;
    return account->user;
  }

  Result<UserId> add_rehearsal_buyers(const RehearsalBuyers& buyers) override {
    try {
      return database_.with_transaction(
          [&buyers](soci::session& session) { return insert_buyers(session, buyers); });
    } catch (const soci::soci_error& error) {
      return write_failure(error);
    }
  }

 private:
  // One statement, run once per buyer. The transaction is the only writer, so the ids have no gap.
  static UserId insert_buyers(soci::session& session, const RehearsalBuyers& buyers) {
    std::string email, name;
    const std::string phone = "010-0000-0000", address = "Rehearsal";
    const std::string password_hash(no_password), role = role_text(Role::user);
    const long long created_at = to_unix_ms(buyers.created_at);
    soci::statement insert =
        (session.prepare << insert_user, soci::use(email), soci::use(name), soci::use(phone),
         soci::use(address), soci::use(password_hash), soci::use(role), soci::use(created_at));
    UserId first;
    for (std::int64_t n = 1; n <= buyers.count; ++n) {
      email = fmt::format("buyer-{}-{}@rehearsal.invalid", buyers.tag, n);
      name = fmt::format("Buyer {}", n);
      insert.execute(true);
      if (n == 1) first = last_id(session);
    }
    return first;
  }

  db::SqlDatabase database_;
};

}  // namespace

std::unique_ptr<UserStore> open_user_store(const std::string& path, std::size_t sessions) {
  return std::make_unique<SqlUserStore>(path, sessions);
}

}  // namespace buyme::user
