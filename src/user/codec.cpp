#include "user/codec.hpp"

#include <fmt/format.h>

#include <limits>

#include "core/limits.hpp"
#include "user/rules.hpp"

namespace buyme::user {

namespace {

// A text that is there and keeps `wrong`'s rule; an empty one was rejected by the input already.
std::string checked(http::JsonInput& body, std::string_view name, std::string value,
                    std::string (*wrong)(std::string_view)) {
  if (value.empty()) return value;
  if (std::string detail = wrong(value); !detail.empty()) body.reject(name, std::move(detail));
  return value;
}

std::string read_field(http::JsonInput& body, std::string_view name, std::size_t max_chars,
                       std::string (*wrong)(std::string_view)) {
  return checked(body, name, body.text(name, 1, max_chars), wrong);
}

std::string read_new_password(http::JsonInput& body, std::string_view name) {
  return checked(body, name, body.secret(name, 1, limits::max_password_chars), wrong_password);
}

// The same of a field that may be left out; null is no way to leave it out, for nothing can be removed.
std::optional<std::string> read_change_of(http::JsonInput& body, std::string_view name, std::size_t max_chars,
                                          std::string (*wrong)(std::string_view)) {
  if (!body.has(name)) return std::nullopt;
  return read_field(body, name, max_chars, wrong);
}

std::optional<Role> read_role(http::JsonInput& body) {
  if (!body.has("role")) return std::nullopt;
  const std::string role = body.text("role", 1, limits::max_user_name_chars);
  if (role == "ADMIN") return Role::admin;
  if (!role.empty() && role != "USER") body.reject("role", "Must be USER or ADMIN.");
  return Role::user;
}

}  // namespace

Result<SignUp> read_sign_up(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  SignUp sign_up;
  sign_up.name = read_field(*body, "userName", limits::max_user_name_chars, wrong_name);
  sign_up.email = read_field(*body, "userEmail", limits::max_email_bytes, wrong_email);
  sign_up.password = read_new_password(*body, "userPassword");
  sign_up.phone = read_field(*body, "userPhoneNumber", limits::max_phone_bytes, wrong_phone);
  sign_up.address = read_field(*body, "address", limits::max_address_chars, wrong_address);
  if (auto failure = body->finish()) return std::move(*failure);
  return sign_up;
}

Result<Credentials> read_credentials(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  Credentials credentials;
  credentials.email = body->text("userEmail", 1, limits::max_email_bytes);
  credentials.password = body->secret("userPassword", 1, limits::max_password_chars);
  if (auto failure = body->finish()) return std::move(*failure);
  return credentials;
}

Result<std::string> read_refresh_token(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  std::string token = body->text("refreshToken", 1, limits::max_token_bytes);
  if (auto failure = body->finish()) return std::move(*failure);
  return token;
}

Result<Passwords> read_passwords(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  Passwords passwords;
  passwords.current = body->secret("currentPassword", 1, limits::max_password_chars);
  passwords.replacement = read_new_password(*body, "newPassword");
  if (auto failure = body->finish()) return std::move(*failure);
  return passwords;
}

Result<AccountChange> read_change(const http::Request& request, Editor editor) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  AccountChange change;
  change.name = read_change_of(*body, "userName", limits::max_user_name_chars, wrong_name);
  change.email = read_change_of(*body, "userEmail", limits::max_email_bytes, wrong_email);
  change.phone = read_change_of(*body, "userPhoneNumber", limits::max_phone_bytes, wrong_phone);
  change.address = read_change_of(*body, "address", limits::max_address_chars, wrong_address);
  if (editor == Editor::admin) change.role = read_role(*body);
  if (auto failure = body->finish()) return std::move(*failure);
  return change;
}

Result<UserQuery> read_user_query(const http::Request& request) {
  http::QueryInput input(request.query);
  UserQuery query;
  query.text = input.text("query", limits::max_user_query_chars).value_or("");
  query.limit =
      static_cast<std::size_t>(input.integer("limit", 1, limits::page_max).value_or(limits::page_default));
  query.before = UserId{input.integer("cursor", 1, std::numeric_limits<std::int64_t>::max()).value_or(0)};
  if (auto failure = input.finish()) return std::move(*failure);
  return query;
}

std::optional<Failure> read_nothing(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  return body->finish();
}

void append_user(std::string& out, const User& user) {
  fmt::format_to(std::back_inserter(out), R"({{"userId":{},"userName":)", user.id.value);
  http::append_json_string(out, user.name);
  out += R"(,"userEmail":)";
  http::append_json_string(out, user.email);
  out += R"(,"userPhoneNumber":)";
  http::append_json_string(out, user.phone);
  out += R"(,"address":)";
  http::append_json_string(out, user.address);
  out += user.role == Role::admin ? R"(,"role":"ADMIN","createdAt":")" : R"(,"role":"USER","createdAt":")";
  append_time(out, user.created_at);
  out += "\"}";
}

void append_users(std::string& out, const UserPage& page) {
  out += R"({"items":[)";
  for (const User& user : page.items) {
    if (&user != page.items.data()) out += ',';
    append_user(out, user);
  }
  out += ']';
  if (page.next) fmt::format_to(std::back_inserter(out), R"(,"nextCursor":"{}")", page.next->value);
  out += '}';
}

void append_tokens(std::string& out, const Tokens& tokens) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"accessToken":"{}","refreshToken":"{}","tokenType":"Bearer","expiresIn":{}}})",
                 tokens.access, tokens.refresh, tokens.expires_in.count());
}

}  // namespace buyme::user
