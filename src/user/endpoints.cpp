#include "user/endpoints.hpp"

#include "user/codec.hpp"

namespace buyme::user {

namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using http::write_problem;

// --- whose account

Result<UserId> own_account(const Request& request) {
  if (request.caller.user) return request.caller.user;
  return Failure(Error::not_found,
                 "This shop trusts its callers (auth = \"trusted\"), so a request without a token has no "
                 "account of its own.");
}

Result<UserId> named_account(const Request& request) {
  const auto id = http::path_id(request.params[0]);
  if (!id) return Failure(Error::not_found, "There is no such account.");
  return UserId{*id};
}

// --- answers; whatever is said of a person or lets one in is nobody's cache's business

void write_user(const Request& request, Response& response, const Result<User>& user) {
  if (!user) return write_problem(response, user.error(), request.request_id);
  response.header("Cache-Control", "no-store");
  append_user(response.body, *user);
}

void write_tokens(const Request& request, Response& response, const Result<Tokens>& tokens) {
  if (!tokens) return write_problem(response, tokens.error(), request.request_id);
  response.header("Cache-Control", "no-store");
  append_tokens(response.body, *tokens);
}

void write_done(const Request& request, Response& response, const Result<void>& done) {
  if (!done) return write_problem(response, done.error(), request.request_id);
  response.status = 204;
}

// --- accounts and sessions

Awaitable<void> sign_up(UserService& users, const Request& request, Response& response) {
  auto input = read_sign_up(request);
  if (!input) co_return write_problem(response, input.error(), request.request_id);
  std::string remote(request.remote_address);
  const auto user = co_await users.sign_up(std::move(*input), std::move(remote));
  write_user(request, response, user);
  if (user) response.status = 201;
}

Awaitable<void> log_in(UserService& users, const Request& request, Response& response) {
  auto input = read_credentials(request);
  if (!input) co_return write_problem(response, input.error(), request.request_id);
  std::string remote(request.remote_address);
  const auto tokens =
      co_await users.log_in(std::move(input->email), std::move(input->password), std::move(remote));
  write_tokens(request, response, tokens);
}

Awaitable<void> refresh(UserService& users, const Request& request, Response& response) {
  auto token = read_refresh_token(request);
  if (!token) co_return write_problem(response, token.error(), request.request_id);
  const auto tokens = co_await users.refresh(std::move(*token));
  write_tokens(request, response, tokens);
}

Awaitable<void> log_out(UserService& users, const Request& request, Response& response) {
  if (auto failure = read_nothing(request)) co_return write_problem(response, *failure, request.request_id);
  Result<void> done;
  if (!request.session.empty()) {  // in trusted mode there may be none to end
    std::string session(request.session);
    done = co_await users.log_out(request.caller.user, std::move(session), request.token_expires_at);
  }
  write_done(request, response, done);
}

Awaitable<void> get_me(UserService& users, const Request& request, Response& response) {
  const auto id = own_account(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto user = co_await users.profile(*id);
  write_user(request, response, user);
}

Awaitable<void> change_me(UserService& users, const Request& request, Response& response) {
  const auto id = own_account(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  auto change = read_change(request, Editor::owner);
  if (!change) co_return write_problem(response, change.error(), request.request_id);
  const auto user = co_await users.change(*id, std::move(*change));
  write_user(request, response, user);
}

Awaitable<void> change_password(UserService& users, const Request& request, Response& response) {
  const auto id = own_account(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  auto passwords = read_passwords(request);
  if (!passwords) co_return write_problem(response, passwords.error(), request.request_id);
  std::string session(request.session);
  const auto done = co_await users.change_password(*id, std::move(session), std::move(passwords->current),
                                                   std::move(passwords->replacement));
  write_done(request, response, done);
}

// --- an admin's view

Awaitable<void> list_users(UserService& users, const Request& request, Response& response) {
  auto query = read_user_query(request);
  if (!query) co_return write_problem(response, query.error(), request.request_id);
  const auto page = co_await users.list(std::move(*query));
  if (!page) co_return write_problem(response, page.error(), request.request_id);
  response.header("Cache-Control", "no-store");
  append_users(response.body, *page);
}

Awaitable<void> get_user(UserService& users, const Request& request, Response& response) {
  const auto id = named_account(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  const auto user = co_await users.profile(*id);
  write_user(request, response, user);
}

Awaitable<void> change_user(UserService& users, const Request& request, Response& response) {
  const auto id = named_account(request);
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  auto change = read_change(request, Editor::admin);
  if (!change) co_return write_problem(response, change.error(), request.request_id);
  const auto user = co_await users.change(*id, std::move(*change));
  write_user(request, response, user);
}

// --- the end

Awaitable<void> end_account(AccountEnding& ending, const Request& request, Response& response,
                            Result<UserId> id) {
  if (!id) co_return write_problem(response, id.error(), request.request_id);
  if (auto failure = read_nothing(request)) co_return write_problem(response, *failure, request.request_id);
  const auto done = co_await ending.end(*id, request.trace());
  write_done(request, response, done);
}

Awaitable<void> end_me(AccountEnding& ending, const Request& request, Response& response) {
  return end_account(ending, request, response, own_account(request));
}

Awaitable<void> end_user(AccountEnding& ending, const Request& request, Response& response) {
  return end_account(ending, request, response, named_account(request));
}

constexpr http::Endpoint<UserService> table[] = {
    {Method::post, "/api/auth/signup", Access::anyone, sign_up},
    {Method::post, "/api/auth/login", Access::anyone, log_in},
    {Method::post, "/api/auth/refresh", Access::anyone, refresh},
    {Method::post, "/api/auth/logout", Access::user, log_out},
    {Method::get, "/api/users/me", Access::user, get_me},
    {Method::patch, "/api/users/me", Access::user, change_me},
    {Method::post, "/api/users/me/password", Access::user, change_password},
    {Method::get, "/api/users", Access::admin, list_users},
    {Method::get, "/api/users/{userId}", Access::admin, get_user},
    {Method::patch, "/api/users/{userId}", Access::admin, change_user},
};

constexpr http::Endpoint<AccountEnding> ending_table[] = {
    {Method::delete_, "/api/users/me", Access::user, end_me},
    {Method::delete_, "/api/users/{userId}", Access::admin, end_user},
};

}  // namespace

std::span<const http::Endpoint<UserService>> endpoints() {
  return table;
}

std::span<const http::Endpoint<AccountEnding>> ending_endpoints() {
  return ending_table;
}

}  // namespace buyme::user
