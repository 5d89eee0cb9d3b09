// What the tests of this folder share: a user service on a real store and real pools, with a clock that
// stands.
#pragma once

#include <functional>

#include "core/token.hpp"
#include "support/run.hpp"
#include "support/test_database.hpp"
#include "user/authenticator.hpp"
#include "user/ending.hpp"
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

// An order service that remembers whose unpaid orders were canceled, and fails on demand.
class RememberedOrders final : public order::OrderApi {
 public:
  Awaitable<Result<void>> cancel_unpaid(UserId user, Trace) override {
    if (before_cancel) before_cancel();
    if (failures > 0 && failures-- > 0) co_return Failure(Error::overloaded, "busy");
    canceled.push_back(user);
    co_return Result<void>();
  }

  Awaitable<Result<void>> put_terms(order::TermsUpdate, Trace) override { co_return unexpected(); }
  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId, std::optional<std::int64_t>,
                                                                   std::size_t, Trace) override {
    co_return unexpected();
  }
  Awaitable<Result<order::StockLevel>> stock(ProductId, Trace) override { co_return unexpected(); }
  Awaitable<Result<std::vector<order::StockLevel>>> stock(std::vector<ProductId>, Trace) override {
    co_return unexpected();
  }
  Awaitable<Result<order::PaymentTicket>> enter_payment(OrderId, Caller, bool, Trace) override {
    co_return unexpected();
  }
  Awaitable<Result<order::PaymentSettlement>> settle_payment(OrderId, order::AttemptRef, bool,
                                                             Trace) override {
    co_return unexpected();
  }
  Awaitable<Result<order::Order>> get(OrderId, Caller, Trace) override { co_return unexpected(); }

  std::vector<UserId> canceled;
  int failures = 0;  // calls that fail before the next that succeeds
  std::function<void()> before_cancel;

 private:
  static Failure unexpected() { return {Error::internal, "accounts do not ask this"}; }
};

// A product service that remembers whom it was to forget, and fails on demand.
class RememberedProducts final : public product::ProductApi {
 public:
  Awaitable<Result<void>> forget_user(UserId user, Trace) override {
    if (failures > 0 && failures-- > 0) co_return Failure(Error::overloaded, "busy");
    forgotten.push_back(user);
    co_return Result<void>();
  }

  std::vector<UserId> forgotten;
  int failures = 0;  // calls that fail before the next that succeeds
};

struct TestShop {
  static constexpr PasswordCost cheap{.memory_kib = 8, .passes = 1};

  explicit TestShop(UserSettings settings = {.password_cost = cheap}, std::size_t hash_queue = 16,
                    test::DatabaseKind kind = test::DatabaseKind::sqlite)
      : place(kind),
        hashing("hash", 2, hash_queue),
        service(settings, *store, *denylist, hashing, database, database, key, clock, make_null_log()),
        ending(*store, *denylist, orders, products, database, clock, make_null_log()) {}

  static SignUp kim() {
    return {.name = "김철수",
            .email = "Kim@Example.com",
            .password = "correct horse",
            .phone = "010-1234-5678",
            .address = "서울시 중구 1"};
  }
  Result<User> sign_up(SignUp input = kim()) { return test::run(service.sign_up(std::move(input))); }
  Result<Tokens> log_in(std::string email = "kim@example.com", std::string password = "correct horse") {
    return test::run(service.log_in(std::move(email), std::move(password)));
  }
  Result<Tokens> refresh(std::string token) { return test::run(service.refresh(std::move(token))); }
  Claims claims_of(const Tokens& tokens) const { return key.verify(tokens.access, clock.now()).value(); }
  // What the HTTP layer would say to the access token.
  bool is_good(const Tokens& tokens) const {
    return JwtAuthenticator(key, *denylist, clock).verify(tokens.access).has_value();
  }

  test::TestDatabase place;
  StandingClock clock;
  TokenKey key{"0123456789abcdef0123456789abcdef"};
  std::unique_ptr<UserStore> store = open_user_store(place.address(), 2);
  std::unique_ptr<Denylist> denylist = make_local_denylist(clock);
  RememberedOrders orders;
  RememberedProducts products;
  Pool hashing;
  Pool database{"database", 2, 64};
  UserService service;
  AccountEnding ending;
};

}  // namespace buyme::user
