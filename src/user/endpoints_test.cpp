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
  bool is_not_stored() const {
    return std::ranges::any_of(response.headers, [](const auto& header) {
      return header.first == "Cache-Control" && header.second == "no-store";
    });
  }
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

  Answer ask(Method method, std::string_view path, std::string_view body = {}, Caller caller = {},
             std::string_view query = {}) {
    http::Request request;
    request.method = method;
    request.target = request.path = path;
    request.body = body;
    request.content_type = "application/json";
    request.caller = caller;
    request.query = query;
    request.session = session_;
    request.token_expires_at = token_expires_at_;
    request.remote_address = remote_;
    const auto route = router_.find(request);
    if (!route) throw std::logic_error("no such route");
    Answer answer{};
    test::run((*route)->handle(request, answer.response));
    answer.status = answer.response.status;
    if (!answer.response.body.empty()) answer.body = json::parse(answer.response.body);
    return answer;
  }
  Answer sign_up(std::string_view body = kim_body) { return ask(Method::post, "/api/auth/signup", body); }
  Answer log_in(std::string_view body) { return ask(Method::post, "/api/auth/login", body); }

  static constexpr Caller kim_{.user = UserId{1}, .role = Role::user, .known = true};
  static constexpr Caller admin_{.user = UserId{99}, .role = Role::admin, .known = true};

  TestShop shop_;
  http::Router router_;
  std::string session_ = "session", remote_ = "127.0.0.1";
  Time token_expires_at_{};
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

  const std::string odd = R"("a\u0000b\tc\u007f\u001b\n")";
  EXPECT_EQ(ask(Method::post, "/api/users/me/password",
                R"({"currentPassword":"  비밀번호 🔑 ","newPassword":)" + odd + "}", kim_)
                .status,
            204);
  EXPECT_EQ(log_in(R"({"userEmail":"kim@example.com","userPassword":)" + odd + "}").status, 200);
  EXPECT_EQ(log_in(R"({"userEmail":"kim@example.com","userPassword":"a"})").status, 401);
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
  EXPECT_TRUE(answer.is_not_stored());
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

TEST_F(UserEndpoints, RefreshAnswersAsLogInDoes) {
  sign_up();
  const Answer login = log_in(R"({"userEmail":"kim@example.com","userPassword":"correct horse"})");
  const std::string body = R"({"refreshToken":")" + login.text("refreshToken") + "\"}";
  const Answer answer = ask(Method::post, "/api/auth/refresh", body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.as_object().size(), 4u);
  EXPECT_TRUE(answer.is_not_stored());
  const std::string next = R"({"refreshToken":")" + answer.text("refreshToken") + "\"}";
  EXPECT_EQ(ask(Method::post, "/api/auth/refresh", next).status, 200);
  const Answer stolen = ask(Method::post, "/api/auth/refresh", body);
  EXPECT_EQ(stolen.status, 401);
  EXPECT_EQ(stolen.text("code"), "UNAUTHENTICATED");

  const std::string long_token =
      R"({"refreshToken":")" + std::string(limits::max_token_bytes + 1, 'x') + "\"}";
  for (const std::string& wrong : {std::string(), std::string(R"({"refreshToken":""})"),
                                   std::string(R"({"refreshToken":null})"), long_token}) {
    EXPECT_EQ(ask(Method::post, "/api/auth/refresh", wrong).wrong_fields(),
              std::vector<std::string>{"refreshToken"})
        << wrong;
  }
}

TEST_F(UserEndpoints, LogOutNeedsNoBodyAndEndsTheSessionOfTheToken) {
  sign_up();
  const Answer login = log_in(R"({"userEmail":"kim@example.com","userPassword":"correct horse"})");
  const auto claims = shop_.key.verify(login.text("accessToken"), shop_.clock.now());
  session_ = claims->session_id;
  token_expires_at_ = claims->expires_at;
  EXPECT_EQ(ask(Method::post, "/api/auth/logout", R"({"all":true})", kim_).status, 400);
  EXPECT_FALSE(shop_.denylist->denies(UserId{1}, session_));
  EXPECT_EQ(ask(Method::post, "/api/auth/logout", {}, kim_).status, 204);
  EXPECT_TRUE(shop_.denylist->denies(UserId{1}, session_));
}

TEST_F(UserEndpoints, AChangeNamesEveryWrongFieldOnce) {
  sign_up();
  const Answer wrong = ask(Method::patch, "/api/users/me",
                           R"({"userName":" ","userEmail":"kim","userPhoneNumber":null,"address":7,)"
                           R"("role":"ADMIN","userPassword":"long enough"})",
                           kim_);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.wrong_fields(), (std::vector<std::string>{"address", "role", "userEmail", "userName",
                                                            "userPassword", "userPhoneNumber"}));
  const Answer changed = ask(Method::patch, "/api/users/me", R"({"address":"부산"})", kim_);
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.text("address"), "부산");
  EXPECT_EQ(changed.text("userName"), "김철수");
  EXPECT_TRUE(changed.is_not_stored());
  EXPECT_EQ(ask(Method::patch, "/api/users/me", {}, kim_).body, changed.body);
}

TEST_F(UserEndpoints, AnAdminChangesRoles) {
  sign_up();
  const Answer changed = ask(Method::patch, "/api/users/1", R"({"role":"ADMIN","userName":"Kim"})", admin_);
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.text("role"), "ADMIN");
  EXPECT_EQ(changed.text("userName"), "Kim");
  for (const auto* role : {"\"admin\"", "\"\"", "null", "1", "[]"}) {
    const Answer wrong = ask(Method::patch, "/api/users/1", fmt::format(R"({{"role":{}}})", role), admin_);
    EXPECT_EQ(wrong.status, 400) << role;
    EXPECT_EQ(wrong.wrong_fields(), std::vector<std::string>{"role"}) << role;
  }
  const Answer last = ask(Method::patch, "/api/users/1", R"({"role":"USER"})", admin_);
  EXPECT_EQ(last.status, 409);
  EXPECT_EQ(last.text("code"), "ILLEGAL_STATE");
  for (const auto* id : {"0", "01", "x", "7", "99999999999999999999"}) {
    EXPECT_EQ(ask(Method::patch, std::string("/api/users/") + id, "{}", admin_).status, 404) << id;
    EXPECT_EQ(ask(Method::get, std::string("/api/users/") + id, {}, admin_).status, 404) << id;
    EXPECT_EQ(ask(Method::delete_, std::string("/api/users/") + id, {}, admin_).status, 404) << id;
  }
}

TEST_F(UserEndpoints, PasswordsAreChangedByWhoKnowsTheOldOne) {
  sign_up();
  const auto change = [this](std::string_view body) {
    return ask(Method::post, "/api/users/me/password", body, kim_);
  };
  EXPECT_EQ(change("").wrong_fields(), (std::vector<std::string>{"currentPassword", "newPassword"}));
  EXPECT_EQ(change(R"({"currentPassword":"correct horse","newPassword":"short"})").wrong_fields(),
            std::vector<std::string>{"newPassword"});
  const Answer wrong = change(R"({"currentPassword":"x","newPassword":"battery staple"})");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.text("code"), "WRONG_CREDENTIALS");
  EXPECT_EQ(change(R"({"currentPassword":"correct horse","newPassword":"battery staple"})").status, 204);
  EXPECT_EQ(log_in(R"({"userEmail":"kim@example.com","userPassword":"battery staple"})").status, 200);
}

TEST_F(UserEndpoints, UsersAreListedInPages) {
  sign_up();
  std::string lee(kim_body);
  lee.replace(lee.find("Kim@"), 3, "Lee");
  sign_up(lee);
  const Answer first = ask(Method::get, "/api/users", {}, admin_, "limit=1");
  EXPECT_EQ(first.status, 200);
  EXPECT_TRUE(first.is_not_stored());
  EXPECT_EQ(first.body.at("items").as_array().size(), 1u);
  EXPECT_EQ(first.text("nextCursor"), "2");
  const Answer second = ask(Method::get, "/api/users", {}, admin_, "limit=1&cursor=2");
  EXPECT_EQ(second.body.at("items").at(0).at("userId").as_int64(), 1);
  EXPECT_FALSE(second.body.as_object().contains("nextCursor"));
  EXPECT_EQ(ask(Method::get, "/api/users", {}, admin_, "query=LEE%40").body.at("items").as_array().size(),
            1u);
  EXPECT_EQ(ask(Method::get, "/api/users", {}, admin_, "query=").body.at("items").as_array().size(), 2u);
  const Answer wrong = ask(Method::get, "/api/users", {}, admin_, "limit=101&cursor=x&sort=name");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.wrong_fields(), (std::vector<std::string>{"cursor", "limit", "sort"}));
}

TEST_F(UserEndpoints, AnAccountEndsWithoutABody) {
  sign_up();
  EXPECT_EQ(ask(Method::delete_, "/api/users/me", R"({"why":"x"})", kim_).status, 400);
  EXPECT_EQ(ask(Method::delete_, "/api/users/me", {}, kim_).status, 204);
  EXPECT_EQ(ask(Method::get, "/api/users/me", {}, kim_).status, 404);
  EXPECT_EQ(sign_up().status, 201);
  EXPECT_EQ(ask(Method::delete_, "/api/users/2", {}, admin_).status, 204);
  EXPECT_EQ(ask(Method::get, "/api/users/2", {}, admin_).status, 404);
}

TEST_F(UserEndpoints, WhereCallersAreTrustedTheyHaveNoAccountOfTheirOwn) {
  const Caller shop{.user = UserId{}, .role = Role::admin, .known = true, .trusted = true};
  EXPECT_EQ(ask(Method::patch, "/api/users/me", "{}", shop).status, 404);
  EXPECT_EQ(ask(Method::delete_, "/api/users/me", {}, shop).status, 404);
  EXPECT_EQ(ask(Method::post, "/api/users/me/password", "{}", shop).status, 404);
  EXPECT_EQ(ask(Method::post, "/api/auth/logout", {}, shop).status, 204) << "there is nothing to end";
  EXPECT_EQ(ask(Method::get, "/api/users", {}, shop).status, 200);
}

TEST_F(UserEndpoints, TheNetworkOfAClientIsHeeded) {
  remote_ = "203.0.113.9";
  for (int i = 0; i < limits::address_login_failures; ++i) {
    log_in(fmt::format(R"({{"userEmail":"u{}@example.com","userPassword":"x"}})", i));
  }
  const Answer refused = log_in(R"({"userEmail":"kim@example.com","userPassword":"x"})");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.text("code"), "RATE_LIMITED");
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
