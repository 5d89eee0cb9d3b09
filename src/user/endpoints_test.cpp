#include "user/endpoints.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "user/codec.hpp"
#include "user/test_shop.hpp"

namespace buyme::user {
namespace {

namespace json = boost::json;
using http::Method;

constexpr std::string_view kim_body =
    R"({"userName":"김철수","userEmail":"Kim@Example.com","userPassword":"correct horse",)"
    R"("userPhoneNumber":"010-1234-5678","address":"서울시 중구 \"1\""})";

struct Answer {
  int status;
  json::value body;
  http::Response response;

  std::string text(std::string_view name) const { return body.at(name).as_string().c_str(); }
  std::vector<std::string> wrong_fields() const {
    std::vector<std::string> fields;
    for (const auto& error : body.at("errors").as_array())
      fields.emplace_back(error.at("field").as_string().c_str());
    std::sort(fields.begin(), fields.end());
    return fields;
  }
};

class UserEndpoints : public ::testing::Test {
 protected:
  UserEndpoints() {
    router_.mount<UserService>(shop_.service, endpoints());
    router_.mount<AccountEnding>(shop_.ending, ending_endpoints());
  }

  Answer ask(Method method, std::string_view path, std::string_view body = {}, Caller caller = {}) {
    http::Request request;
    request.method = method;
    request.target = request.path = path;
    request.body = body;
    request.content_type = "application/json";
    request.caller = caller;
    const auto route = router_.find(request);
    if (!route) throw std::logic_error("no such route");
    Answer answer{};
    test::run((*route)->handle(request, answer.response));
    answer.status = answer.response.status;
    answer.body = json::parse(answer.response.body);
    return answer;
  }
  Answer sign_up(std::string_view body = kim_body) { return ask(Method::post, "/api/auth/signup", body); }
  Answer log_in(std::string_view body) { return ask(Method::post, "/api/auth/login", body); }

  TestShop shop_;
  http::Router router_;
};

TEST_F(UserEndpoints, SignUpAnswersWithTheAccount) {
  const Answer answer = sign_up();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, json::parse(R"({"userId":1,"userName":"김철수","userEmail":"kim@example.com",
      "userPhoneNumber":"010-1234-5678","address":"서울시 중구 \"1\"","role":"USER",
      "createdAt":"2026-03-01T13:00:00.123Z"})"));
}

TEST_F(UserEndpoints, SignUpWithATakenAddressIsAConflict) {
  sign_up();
  const Answer answer = sign_up();
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.text("code"), "EMAIL_TAKEN");
}

TEST_F(UserEndpoints, SignUpNamesEveryWrongFieldOnce) {
  const std::vector<std::string> all{"address", "userEmail", "userName", "userPassword", "userPhoneNumber"};
  for (const char* body :
       {"", "{}", R"({"userName":"","userEmail":"","userPassword":"","userPhoneNumber":"","address":""})",
        R"({"userName":" ","userEmail":"kim","userPassword":"short","userPhoneNumber":"12","address":" "})",
        R"({"userName":1,"userEmail":[],"userPassword":{},"userPhoneNumber":true,"address":null})"}) {
    const Answer answer = sign_up(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.text("code"), "INVALID") << body;
    EXPECT_EQ(answer.wrong_fields(), all) << body;
  }
}

TEST_F(UserEndpoints, SignUpRefusesFieldsThatItDoesNotKnow) {
  std::string body(kim_body);
  body.insert(1, R"("role":"ADMIN",)");
  const Answer answer = sign_up(body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.wrong_fields(), std::vector<std::string>{"role"});
}

TEST_F(UserEndpoints, PasswordIsTakenAsItIs) {
  std::string body(kim_body);
  body.replace(body.find("correct horse"), 13, "  비밀번호 🔑 ");
  ASSERT_EQ(sign_up(body).status, 201);
  EXPECT_EQ(log_in(R"({"userEmail":"kim@example.com","userPassword":"  비밀번호 🔑 "})").status, 200);
  EXPECT_EQ(log_in(R"({"userEmail":"kim@example.com","userPassword":"비밀번호 🔑"})").status, 401);
}

TEST_F(UserEndpoints, LoginAnswersWithABearerToken) {
  sign_up();
  const Answer answer = log_in(R"({"userEmail":"KIM@example.com","userPassword":"correct horse"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.as_object().size(), 4u);
  EXPECT_EQ(answer.text("refreshToken").size(), 43u);
  EXPECT_EQ(answer.text("tokenType"), "Bearer");
  EXPECT_EQ(answer.body.at("expiresIn").as_int64(), 3'600);
  const auto claims = shop_.key.verify(answer.text("accessToken"), shop_.clock.now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->user, UserId{1});
  const auto& headers = answer.response.headers;
  EXPECT_TRUE(std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "Cache-Control" && header.second == "no-store";
  }));
}

TEST_F(UserEndpoints, LoginWithoutAnAccountIsUnauthorized) {
  sign_up();
  for (const char* body : {R"({"userEmail":"kim@example.com","userPassword":"x"})",
                           R"({"userEmail":"lee@example.com","userPassword":"correct horse"})",
                           R"({"userEmail":"not an address","userPassword":"correct horse"})"}) {
    const Answer answer = log_in(body);
    EXPECT_EQ(answer.status, 401) << body;
    EXPECT_EQ(answer.text("code"), "WRONG_CREDENTIALS") << body;
  }
  const Answer answer = log_in(R"({"userName":"kim@example.com"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.wrong_fields(), (std::vector<std::string>{"userEmail", "userName", "userPassword"}));
}

TEST_F(UserEndpoints, TooManyWrongPasswordsAreTold) {
  sign_up();
  const char* body = R"({"userEmail":"kim@example.com","userPassword":"wrong horse"})";
  for (int i = 0; i < limits::login_failures; ++i) log_in(body);
  const Answer answer = log_in(body);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.text("code"), "RATE_LIMITED");
  const auto& headers = answer.response.headers;
  EXPECT_TRUE(std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "Retry-After" && header.second == "30";
  }));
}

TEST_F(UserEndpoints, MeIsTheCaller) {
  const Answer made = sign_up();
  const Answer answer =
      ask(Method::get, "/api/users/me", {}, {.user = UserId{1}, .role = Role::user, .known = true});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, made.body);
}

TEST_F(UserEndpoints, MeIsNobodyWithoutAnAccount) {
  const Answer shop = ask(Method::get, "/api/users/me", {},
                          {.user = UserId{}, .role = Role::admin, .known = true, .trusted = true});
  EXPECT_EQ(shop.status, 404);
  EXPECT_NE(shop.text("detail").find("trusted"), std::string::npos);
  const Answer gone =
      ask(Method::get, "/api/users/me", {}, {.user = UserId{9}, .role = Role::user, .known = true});
  EXPECT_EQ(gone.status, 404);
}

TEST_F(UserEndpoints, SayWhoMayCall) {
  for (const auto& endpoint : endpoints()) {
    const bool open = endpoint.path.starts_with("/api/auth/") && !endpoint.path.ends_with("logout");
    const bool own = endpoint.path.starts_with("/api/users/me") || endpoint.path.ends_with("logout");
    const auto access = open ? http::Access::anyone : own ? http::Access::user : http::Access::admin;
    EXPECT_EQ(endpoint.access, access) << endpoint.path;
  }
  for (const auto& endpoint : ending_endpoints()) {
    const auto access = endpoint.path.ends_with("me") ? http::Access::user : http::Access::admin;
    EXPECT_EQ(endpoint.access, access) << endpoint.path;
  }
}

}  // namespace
}  // namespace buyme::user
