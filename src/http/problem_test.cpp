#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "http/json_input.hpp"
#include "http/response_writer.hpp"

namespace buyme::http {
namespace {

using namespace std::string_literals;

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(Problem, SaysWhatHappenedAndWhatToDo) {
  Response response;
  response.body = "left over";
  response.header("ETag", "left over");
  write_problem(
      response,
      Failure(Error::sold_out, "Two are left.").with("available", std::int64_t{2}).with("x", "a\"b"s), "r-1");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"/problems/sold-out","title":"Sold out","status":409,"detail":"Two are left.",)"
            R"("code":"SOLD_OUT","requestId":"r-1","available":2,"x":"a\"b"})");
  EXPECT_TRUE(response.headers.empty());
}

TEST(Problem, ListsFields) {
  Failure failure(Error::invalid, "Correct the fields.");
  failure.fields = {{"a", "Is \\ odd."}, {"b[0].c", "Is missing."}};
  Response response;
  write_problem(response, failure, "r");
  const auto body = boost::json::parse(response.body);
  EXPECT_EQ(boost::json::serialize(body.at("errors")),
            R"([{"field":"a","detail":"Is \\ odd."},{"field":"b[0].c","detail":"Is missing."}])");
}

TEST(Problem, SetsTheHeadersThatItsStatusAsksFor) {
  Response response;
  write_problem(response, Failure(Error::overloaded, "Busy.").retry_in(std::chrono::seconds{2}), "r");
  EXPECT_EQ(header(response, "Retry-After"), "2");
  write_problem(response, Failure(Error::unauthenticated, "Who?"), "r");
  EXPECT_EQ(header(response, "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(header(response, "Retry-After"), "");
  write_problem(response, Failure(Error::method_not_allowed, "No.").with("allow", "GET, HEAD"s), "r");
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
}

TEST(JsonString, IsReadBackAsItWas) {
  std::string every;
  for (int c = 0; c < 0x80; ++c) every += static_cast<char>(c);
  every += "\xed\x95\x9c\xf0\x9f\x8d\x8a end";
  std::string out = "before ";
  append_json_string(out, every);
  EXPECT_EQ(boost::json::parse(out.substr(7)).as_string(), every);
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  for (const char* bad :
       {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf0\x9f\x8d"}) {
    std::string out;
    append_json_string(out, "a"s + bad + "b");
    const std::string back(boost::json::parse(out).as_string());
    EXPECT_EQ(back.substr(0, 4), "a\xef\xbf\xbd") << out;
    EXPECT_EQ(back.back(), 'b');
  }
}

TEST(DateHeader, IsTheFormOfHttp) {
  EXPECT_EQ(date_header(*parse_time("1994-11-06T08:49:37Z")), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date_header(*parse_time("2026-12-31T23:59:59.999Z")), "Date: Thu, 31 Dec 2026 23:59:59 GMT\r\n");
}

}  // namespace
}  // namespace buyme::http
