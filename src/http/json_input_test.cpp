#include "http/json_input.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"

namespace buyme::http {
namespace {

using namespace std::string_literals;

JsonInput parsed(const std::string& text) {
  auto input = JsonInput::parse(std::string_view(text));
  EXPECT_TRUE(input.has_value()) << text << ": " << input.error().detail;
  return *std::move(input);
}

// "field: detail" of every error, one a line
std::string errors(const std::optional<Failure>& failure) {
  if (!failure) return "";
  EXPECT_EQ(failure->error, Error::invalid);
  std::string all;
  for (const auto& [field, detail] : failure->fields) all += field + ": " + detail + "\n";
  return all;
}

TEST(JsonInput, ReadsAnOrder) {
  auto body =
      parsed(R"( {"userId":7,"orderItems":[{"productId":1,"quantity":2},{"productId":3,"quantity":4}]} )");
  EXPECT_TRUE(body.has("userId"));
  EXPECT_FALSE(body.has("price"));
  EXPECT_EQ(body.optional_integer("userId", 1, 100), 7);
  auto items = body.objects("orderItems", 1, 20);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[1].integer("productId", 1, 100), 3);
  EXPECT_EQ(items[1].integer("quantity", 1, 100), 4);
  EXPECT_EQ(items[0].integer("productId", 1, 100), 1);
  EXPECT_EQ(items[0].integer("quantity", 1, 100), 2);
  EXPECT_EQ(errors(body.finish()), "");
}

TEST(JsonInput, ReadsEveryKind) {
  auto body =
      parsed(R"({"t":"Jeju \u00e9\ud83c\udf4a","b":true,"w":"2026-03-01T12:00:00+09:00","n":null,"i":-5})");
  EXPECT_EQ(body.text("t", 1, 20), "Jeju \xc3\xa9\xf0\x9f\x8d\x8a");
  EXPECT_EQ(body.optional_boolean("b"), true);
  EXPECT_EQ(format_time(body.optional_time("w").value()), "2026-03-01T03:00:00.000Z");
  EXPECT_EQ(body.optional_text("n", 1, 2), std::nullopt);
  EXPECT_EQ(body.optional_text("absent", 1, 2), std::nullopt);
  EXPECT_EQ(body.integer("i", -5, 0), -5);
  EXPECT_EQ(errors(body.finish()), "");
}

TEST(JsonInput, CollectsEveryWrongField) {
  auto body = parsed(R"({"name":"","price":1.5,"flag":"yes","when":"2026-03-01T12:00:00","extra":1,
                         "items":[{"quantity":0,"color":"red"},{"quantity":1}]})");
  EXPECT_EQ(body.text("name", 1, 5), "");
  EXPECT_EQ(body.integer("price", 3, 9), 3);
  body.optional_boolean("flag");
  body.optional_time("when");
  body.text("missing", 1, 5);
  {
    auto items = body.objects("items", 1, 5);
    for (auto& item : items) item.integer("quantity", 1, 9);
    items[1].reject("quantity", "Is too odd.");
  }
  body.reject("price", "Is not for sale.");
  EXPECT_EQ(errors(body.finish()),
            "name: Must be a text of 1 to 5 characters.\n"
            "price: Must be a whole number from 3 to 9.\n"
            "flag: Must be true or false.\n"
            "when: Must be a time with an offset, such as 2026-03-01T12:00:00+09:00.\n"
            "missing: Must be a text of 1 to 5 characters.\n"
            "items[0].quantity: Must be a whole number from 1 to 9.\n"
            "items[1].quantity: Is too odd.\n"
            "price: Is not for sale.\n"
            "extra: Is not a field of this request.\n"
            "items[0].color: Is not a field of this request.\n");
}

TEST(JsonInput, TakesWholeNumbersOnly) {
  for (const char* value : {"1.5", "1e3", "1e-1", "\"1\"", "true", "[1]", "9223372036854775808",
                            "18446744073709551616", "-9223372036854775809", "1e400", "11", "-1", "null"}) {
    auto body = parsed("{\"n\":"s + value + "}");
    body.integer("n", 0, 10);
    EXPECT_EQ(errors(body.finish()), "n: Must be a whole number from 0 to 10.\n") << value;
  }
  for (const char* value : {"7", "7.0", "7e0", "70E-1"}) {
    auto body = parsed("{\"n\":"s + value + "}");
    EXPECT_EQ(body.integer("n", 0, 10), 7) << value;
    EXPECT_EQ(errors(body.finish()), "") << value;
  }
  auto rounded = parsed(R"({"n":9007199254740994.0})");  // past 2^53 a double may be another number's
  rounded.integer("n", 0, INT64_MAX);
  EXPECT_NE(errors(rounded.finish()), "");
  auto widest = parsed(R"({"min":-9223372036854775808,"max":9223372036854775807})");
  EXPECT_EQ(widest.integer("min", INT64_MIN, INT64_MAX), INT64_MIN);
  EXPECT_EQ(widest.integer("max", INT64_MIN, INT64_MAX), INT64_MAX);
  EXPECT_EQ(errors(widest.finish()), "");
}

TEST(JsonInput, RefusesWhatIsNotStrictJson) {
  const std::vector<std::string> bad{"",
                                     " ",
                                     "{",
                                     "}",
                                     "nul",
                                     "{\"a\":1,}",
                                     "{\"a\":1}x",
                                     "{\"a\":1}{}",
                                     "{'a':1}",
                                     "{a:1}",
                                     "{\"a\":01}",
                                     "{\"a\":+1}",
                                     "{\"a\":.5}",
                                     "{\"a\":1.}",
                                     "{\"a\":NaN}",
                                     "{\"a\":Infinity}",
                                     "{\"a\":-}",
                                     "{\"a\":1}//",
                                     "{/**/}",
                                     "{\"a\":tru}",
                                     "\xef\xbb\xbf{}",
                                     "{\"a\":\"\xff\"}",
                                     "{\"a\":\"\xc0\x80\"}",
                                     "{\"a\":\"\xed\xa0\x80\"}",
                                     "{\"a\":\"\xf4\x90\x80\x80\"}",
                                     "{\"\xff\":1}",
                                     "{\"a\":\"\\ud800\"}",
                                     "{\"a\":\"\\udc00\"}",
                                     "{\"a\":\"\\ud800\\ud800\"}",
                                     "{\"a\":\"\\x41\"}",
                                     "{\"a\":\"line\nbreak\"}",
                                     "{\"a\":\"\0\"}"s,
                                     "{}\0"s,
                                     "[]",
                                     "1",
                                     "\"a\"",
                                     "null"};
  for (const std::string& text : bad) {
    const auto input = JsonInput::parse(std::string_view(text));
    ASSERT_TRUE(input.has_error()) << text;
    EXPECT_EQ(input.error().error, Error::malformed) << text;
  }
}

TEST(JsonInput, RefusesAFieldThatStandsTwice) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"a":1,"b":2,"\u0061":3})", R"({"x":[{"a":1,"a":2}]})",
                           R"({"x":{"y":{"a":1,"b":1,"a":2}}})"}) {
    const auto input = JsonInput::parse(std::string_view(text));
    ASSERT_TRUE(input.has_error()) << text;
    EXPECT_EQ(input.error().error, Error::malformed);
    EXPECT_NE(input.error().detail.find("twice"), std::string::npos);
  }
  EXPECT_TRUE(JsonInput::parse(std::string_view(R"({"a":{"a":1},"b":{"a":1}})")).has_value());
}

TEST(JsonInput, LimitsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(JsonInput::parse(std::string_view(nested(limits::max_json_depth))).has_value());
  EXPECT_TRUE(JsonInput::parse(std::string_view(nested(limits::max_json_depth + 1))).has_error());
  EXPECT_TRUE(JsonInput::parse(std::string_view(nested(20'000))).has_error());
}

TEST(JsonInput, RefusesControlCharactersAndWrongLengths) {
  for (const char* value : {"a\\u0000b", "\\u001f", "a\\nb", "\x7f"}) {
    auto body = parsed("{\"t\":\""s + value + "\"}");
    body.text("t", 0, 10);
    EXPECT_EQ(errors(body.finish()), "t: Must not hold control characters.\n") << value;
  }
  auto body = parsed("{\"t\":\"\xed\x95\x9c\",\"u\":\"abc\"}");  // three bytes, one character
  EXPECT_EQ(body.text("t", 1, 1), "\xed\x95\x9c");
  body.text("u", 1, 2);
  EXPECT_EQ(errors(body.finish()), "u: Must be a text of 1 to 2 characters.\n");
}

TEST(JsonInput, LinesEndInLineFeedsHoweverTheyWereSent) {
  auto body = parsed(R"({"t":"a\r\nb\n\r\n","u":"abc"})");
  EXPECT_EQ(body.lines("t", 0, 7), "a\nb\n\n");
  EXPECT_EQ(body.lines("u", 0, 3), "abc");
  EXPECT_FALSE(body.finish());
  for (const char* value : {"a\\rb", "\\r", "\\n\\r", "\\t", "\\u0000", "\\u001f", "\x7f"}) {
    auto wrong = parsed("{\"t\":\""s + value + "\"}");
    wrong.lines("t", 0, 10);
    EXPECT_EQ(errors(wrong.finish()), "t: Must not hold control characters other than line breaks.\n")
        << value;
  }
  auto longer = parsed(R"({"t":"a\r\nb"})");
  longer.lines("t", 0, 3);
  EXPECT_EQ(errors(longer.finish()), "t: Must be a text of 0 to 3 characters.\n") << "counted as it was sent";
}

TEST(JsonInput, ChecksLists) {
  for (const char* value : {"[]", "[{},{},{}]", "{}", "1", "null"}) {
    auto body = parsed("{\"l\":"s + value + "}");
    EXPECT_TRUE(body.objects("l", 1, 2).empty());
    EXPECT_EQ(errors(body.finish()), "l: Must be a list of 1 to 2 objects.\n") << value;
  }
  auto mixed = parsed("{\"l\":[{},1]}");
  mixed.objects("l", 1, 2);
  EXPECT_EQ(errors(mixed.finish()), "l: Must hold objects only.\n");
}

TEST(JsonInput, BoundsWhatItReports) {
  std::string many = "{\"" + std::string(1'000, 'k') + "\":1";
  for (int i = 0; i < 500; ++i) many += ",\"f" + std::to_string(i) + "\":1";
  auto body = parsed(many + "}");
  const auto failure = body.finish();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->fields.size(), 32u);
  EXPECT_EQ(failure->fields[0].field.size(), 64u);
}

TEST(JsonInput, OutlivesItsParent) {
  std::vector<JsonInput> items;
  {
    auto body = parsed(R"({"l":[{"t":"a text that is too long for the small string buffer"}]})");
    items = body.objects("l", 1, 1);
  }
  EXPECT_EQ(items[0].text("t", 1, 100), "a text that is too long for the small string buffer");
}

TEST(JsonInput, HeedsTheContentType) {
  Request request;
  request.body = "{\"a\":1}";
  for (const char* type : {"application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"}) {
    request.content_type = type;
    EXPECT_TRUE(JsonInput::parse(request).has_value()) << type;
  }
  for (const char* type : {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded"}) {
    request.content_type = type;
    const auto input = JsonInput::parse(request);
    ASSERT_TRUE(input.has_error()) << type;
    EXPECT_EQ(input.error().error, Error::unsupported_media);
  }
  request.body = "";
  auto empty = JsonInput::parse(request);
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(errors(empty->finish()), "");
}

TEST(QueryInput, ReadsParameters) {
  QueryInput query("limit=20&cursor=a%2Bb+c%ed%95%9c&&empty=&flag");
  EXPECT_EQ(query.integer("limit", 1, 100), 20);
  EXPECT_EQ(query.text("cursor", 20), "a+b c\xed\x95\x9c");
  EXPECT_EQ(query.text("empty", 20), "");
  EXPECT_EQ(query.text("flag", 20), "");
  EXPECT_EQ(query.text("absent", 20), std::nullopt);
  EXPECT_EQ(errors(query.finish()), "");
}

TEST(QueryInput, CollectsEveryWrongParameter) {
  QueryInput query("limit=0&a=%zz&b=%&c=%f&d=%ff&e=%00&f=1&f=2&long=abc&other=1");
  EXPECT_EQ(query.integer("limit", 1, 100), std::nullopt);
  query.text("f", 5);
  EXPECT_EQ(query.text("long", 2), std::nullopt);
  query.reject("cursor", "Is stale.");
  std::string fields;
  const auto failure = query.finish();
  ASSERT_TRUE(failure);
  for (const auto& error : failure->fields) fields += error.field + " ";
  EXPECT_EQ(fields, "a b c d e f limit long cursor other ");
}

TEST(QueryInput, TakesWholeNumbersOnly) {
  for (const char* value :
       {"1.0", "1e1", "+1", "0x1", "%201", "1%20", "", "9223372036854775808", "101", "0"}) {
    QueryInput query("n="s + value);
    EXPECT_EQ(query.integer("n", 1, 100), std::nullopt) << value;
    EXPECT_NE(errors(query.finish()), "") << value;
  }
}

TEST(PathId, IsAPositiveNumberInItsOnlySpelling) {
  EXPECT_EQ(path_id("1"), 1);
  EXPECT_EQ(path_id("9223372036854775807"), INT64_MAX);
  for (const char* text : {"", "0", "-1", "+1", "01", "1 ", "1a", "9223372036854775808", "%31"}) {
    EXPECT_EQ(path_id(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace buyme::http
