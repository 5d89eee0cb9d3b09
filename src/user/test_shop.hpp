// What the tests of this folder share: a user service on a real store and real pools, with a clock that
// stands.
#pragma once

#include "core/token.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"
#include "user/service.hpp"

namespace buyme::user {

class StandingClock final : public Clock {
 public:
  Time now() const override { return start_ + std::chrono::duration_cast<Milliseconds>(passed_); }
  Monotonic monotonic() const override { return Monotonic{} + passed_; }
  Awaitable<void> sleep_until(Monotonic) override { co_return; }
  void advance(std::chrono::nanoseconds duration) { passed_ += duration; }

 private:
  Time start_ = *parse_time("2026-03-01T12:00:00.123Z");
  std::chrono::nanoseconds passed_ = std::chrono::hours{1};
};

struct TestShop {
  static constexpr PasswordCost cheap{.memory_kib = 8, .passes = 1};

  explicit TestShop(UserSettings settings = {.password_cost = cheap}, std::size_t hash_queue = 16)
      : hashing("hash", 2, hash_queue),
        service(settings, *store, hashing, database, key, clock, make_null_log()) {}

  static SignUp kim() {
    return {.name = "김철수",
            .email = "Kim@Example.com",
            .password = "correct horse",
            .phone = "010-1234-5678",
            .address = "서울시 중구 1"};
  }
  Result<User> sign_up(SignUp input = kim()) { return test::run(service.sign_up(std::move(input))); }
  Result<Session> log_in(std::string email, std::string password) {
    return test::run(service.log_in(std::move(email), std::move(password)));
  }

  test::TempDir directory;
  StandingClock clock;
  TokenKey key{"0123456789abcdef0123456789abcdef"};
  std::unique_ptr<UserStore> store = open_user_store(directory.file("user.db"), 2);
  Pool hashing;
  Pool database{"database", 2, 64};
  UserService service;
};

}  // namespace buyme::user
