// Accounts as JSON.
#pragma once

#include "http/json_input.hpp"
#include "user/service.hpp"

namespace buyme::user {

struct Credentials {
  std::string email;
  std::string password;
};

// The body of POST /api/auth/signup. Error::invalid names every wrong field at once.
Result<SignUp> read_sign_up(const http::Request& request);

// The body of POST /api/auth/login. The rules of sign-up do not apply: what breaks them has no account.
Result<Credentials> read_credentials(const http::Request& request);

void append_user(std::string& out, const User& user);
void append_session(std::string& out, const Session& session);

}  // namespace buyme::user
