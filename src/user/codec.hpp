// Accounts as JSON.
#pragma once

#include "http/json_input.hpp"
#include "user/service.hpp"

namespace buyme::user {

struct Credentials {
  std::string email;
  std::string password;
};

struct Passwords {
  std::string current;
  std::string replacement;
};

enum class Editor { owner, admin };

// The body of POST /api/auth/signup. Error::invalid names every wrong field at once, here and below.
Result<SignUp> read_sign_up(const http::Request& request);

// The body of POST /api/auth/login. The rules of sign-up do not apply: what breaks them has no account.
Result<Credentials> read_credentials(const http::Request& request);

Result<std::string> read_refresh_token(const http::Request& request);
Result<Passwords> read_passwords(const http::Request& request);

// The body of a PATCH: the fields of sign-up but the password, each by the same rule if it is there. An admin
// may name the role, too.
Result<AccountChange> read_change(const http::Request& request, Editor editor);

Result<UserQuery> read_user_query(const http::Request& request);

// Of a request that says everything without a body.
std::optional<Failure> read_nothing(const http::Request& request);

void append_user(std::string& out, const User& user);
void append_users(std::string& out, const UserPage& page);
void append_tokens(std::string& out, const Tokens& tokens);

}  // namespace buyme::user
