#include "user/endpoints.hpp"

#include "user/codec.hpp"

namespace buyme::user {

namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using http::write_problem;

Awaitable<void> sign_up(UserService& users, const Request& request, Response& response) {
  auto input = read_sign_up(request);
  if (!input) co_return write_problem(response, input.error(), request.request_id);
  const auto user = co_await users.sign_up(std::move(*input));
  if (!user) co_return write_problem(response, user.error(), request.request_id);
  response.status = 201;
  append_user(response.body, *user);
}

Awaitable<void> log_in(UserService& users, const Request& request, Response& response) {
  auto input = read_credentials(request);
  if (!input) co_return write_problem(response, input.error(), request.request_id);
  const auto session = co_await users.log_in(std::move(input->email), std::move(input->password));
  if (!session) co_return write_problem(response, session.error(), request.request_id);
  response.header("Cache-Control", "no-store");
  append_session(response.body, *session);
}

Awaitable<void> get_me(UserService& users, const Request& request, Response& response) {
  if (!request.caller.user) {
    const Failure failure(
        Error::not_found,
        "This shop trusts its callers (auth = \"trusted\"), so a request without a token has no "
        "account of its own.");
    co_return write_problem(response, failure, request.request_id);
  }
  const auto user = co_await users.profile(request.caller.user);
  if (!user) co_return write_problem(response, user.error(), request.request_id);
  append_user(response.body, *user);
}

constexpr http::Endpoint<UserService> table[] = {
    {Method::post, "/api/auth/signup", Access::anyone, sign_up},
    {Method::post, "/api/auth/login", Access::anyone, log_in},
    {Method::get, "/api/users/me", Access::user, get_me},
};

}  // namespace

std::span<const http::Endpoint<UserService>> endpoints() {
  return table;
}

}  // namespace buyme::user
