#include "user/codec.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"
#include "user/rules.hpp"

namespace buyme::user {

namespace {

constexpr std::size_t max_utf8_bytes = 4;  // of one character
constexpr std::size_t max_password_bytes = limits::max_password_chars * max_utf8_bytes;

// A text that is there and keeps `wrong`'s rule; an empty one was rejected by the input already.
std::string read_field(http::JsonInput& body, std::string_view name, std::size_t max_bytes,
                       std::string (*wrong)(std::string_view)) {
  std::string value = body.text(name, 1, max_bytes);
  if (value.empty()) return value;
  if (std::string detail = wrong(value); !detail.empty()) body.reject(name, std::move(detail));
  return value;
}

}  // namespace

Result<SignUp> read_sign_up(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  SignUp sign_up;
  sign_up.name = read_field(*body, "userName", limits::max_user_name_chars * max_utf8_bytes, wrong_name);
  sign_up.email = read_field(*body, "userEmail", limits::max_email_bytes, wrong_email);
  sign_up.password = read_field(*body, "userPassword", max_password_bytes, wrong_password);
  sign_up.phone = read_field(*body, "userPhoneNumber", limits::max_phone_bytes, wrong_phone);
  sign_up.address = read_field(*body, "address", limits::max_address_chars * max_utf8_bytes, wrong_address);
  if (auto failure = body->finish()) return std::move(*failure);
  return sign_up;
}

Result<Credentials> read_credentials(const http::Request& request) {
  auto body = http::JsonInput::parse(request);
  if (!body) return body.error();
  Credentials credentials;
  credentials.email = body->text("userEmail", 1, limits::max_email_bytes);
  credentials.password = body->text("userPassword", 1, max_password_bytes);
  if (auto failure = body->finish()) return std::move(*failure);
  return credentials;
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

void append_session(std::string& out, const Session& session) {
  fmt::format_to(std::back_inserter(out), R"({{"accessToken":"{}","tokenType":"Bearer","expiresIn":{}}})",
                 session.access_token, session.expires_in.count());
}

}  // namespace buyme::user
