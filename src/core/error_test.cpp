#include "core/error.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/result.hpp"

namespace buyme {
namespace {

TEST(Error, EveryOneHasACodeOfItsOwn) {
  std::set<std::string_view> codes;
  for (int i = 0; i < error_count; ++i) {
    const ErrorInfo& info = error_info(static_cast<Error>(i));
    EXPECT_TRUE(codes.insert(info.code).second) << info.code << " stands for two errors";
    EXPECT_EQ(info.code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), std::string_view::npos)
        << info.code;
    EXPECT_GE(info.http_status, 400) << info.code;
    EXPECT_LT(info.http_status, 600) << info.code;
    EXPECT_FALSE(info.title.empty()) << info.code;
  }
}

TEST(Error, StatusSaysWhoseFaultItIs) {
  const std::pair<Error, int> cases[] = {
      {Error::invalid, 400},           {Error::wrong_credentials, 401}, {Error::payment_failed, 402},
      {Error::forbidden, 403},         {Error::not_found, 404},         {Error::sold_out, 409},
      {Error::email_taken, 409},       {Error::illegal_state, 409},     {Error::idempotency_mismatch, 422},
      {Error::rate_limited, 429},      {Error::internal, 500},          {Error::overloaded, 503},
      {Error::store_unavailable, 503}, {Error::outcome_unknown, 503},   {Error::shutting_down, 503},
  };
  for (const auto& [error, status] : cases) {
    EXPECT_EQ(error_info(error).http_status, status) << error_info(error).code;
  }
}

TEST(ErrorInfo, EveryErrorIsToldInKoreanToo) {
  for (int i = 0; i < error_count; ++i) {
    const auto error = static_cast<Error>(i);
    const KoreanText korean = korean_text(error);
    EXPECT_FALSE(korean.title.empty() || korean.detail.empty()) << error_info(error).code;
  }
}

TEST(Failure, CarriesWhatTheCallerIsTold) {
  const Failure failure = Failure(Error::sold_out, "Fewer are left.")
                              .with("available", std::int64_t{2})
                              .with("hint", std::string("take two"))
                              .retry_in(std::chrono::seconds{3});
  EXPECT_EQ(failure.error, Error::sold_out);
  ASSERT_EQ(failure.members.size(), 2u);
  EXPECT_EQ(failure.members[0].first, "available");
  EXPECT_EQ(std::get<std::int64_t>(failure.members[0].second), 2);
  EXPECT_EQ(std::get<std::string>(failure.members[1].second), "take two");
  EXPECT_EQ(failure.retry_after, std::chrono::seconds{3});
}

TEST(Result, ValueOfAFailureIsABug) {
  const Result<int> result = Failure(Error::not_found, "nothing there");
  EXPECT_THROW(result.value(), std::logic_error);
}

}  // namespace
}  // namespace buyme
