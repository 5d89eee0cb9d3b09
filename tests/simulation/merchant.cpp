#include "simulation/merchant.hpp"

#include <fmt/format.h>

#include "core/calendar.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;

namespace {

// Until the shop has an answer: the call is idempotent by the version of the terms.
Awaitable<Result<void>> put(std::function<ShopProcess*()> pick, Scheduler& scheduler,
                            order::TermsUpdate update) {
  for (;;) {
    if (ShopProcess* server = pick()) {
      std::function<Awaitable<Result<void>>()> request = [server, update] {
        return server->orders().put_terms(update);
      };
      auto answer = co_await call<Result<void>>(nullptr, *server, std::move(request), endless);
      if (answer && (answer->has_value() || answer->error().error == Error::illegal_state)) co_return *answer;
    }
    co_await delay(scheduler, 100ms);
  }
}

// Days of any length.
class ShortDays final : public Calendar {
 public:
  explicit ShortDays(Duration day) : day_(std::chrono::floor<Milliseconds>(day)) {}
  Time start_of_day(Time at, int days) const override { return at - (at - epoch) % day_ - days * day_; }

 private:
  Milliseconds day_;
};

// Until a server has done it, or has said that it cannot be done; any is as good as another, and so is a
// repeat.
template <class T>
Awaitable<std::optional<Result<T>>> insist(std::function<ShopProcess*()> pick, Scheduler& scheduler,
                                           std::function<Awaitable<Result<T>>(ShopProcess&)> request) {
  for (int tries = 0; tries < 200; ++tries) {
    if (ShopProcess* server = pick()) {
      std::function<Awaitable<Result<T>>()> bound = [server, request] { return request(*server); };
      auto answer = co_await call<Result<T>>(nullptr, *server, std::move(bound), endless);
      const bool final_one =
          answer && (answer->has_value() || error_info(answer->error().error).http_status < 500);
      if (final_one) co_return answer;
    }
    co_await delay(scheduler, 500ms);
  }
  co_return std::nullopt;
}

}  // namespace

// An operator who moves orders on again and again, with any server that is there; the job of each does so as
// well.
Awaitable<void> ship_daily(World& world) {
  const auto calendar = std::make_shared<ShortDays>(*world.scenario_.day);
  while (!world.healed_) {
    co_await delay(world.scheduler_, *world.scenario_.day / 2);
    ShopProcess* server = world.pick(false);
    if (server == nullptr) continue;
    std::function<Awaitable<Result<std::int64_t>>()> request = [server, calendar] {
      return server->orders().advance_shipping(*calendar, server->clock.now());
    };
    const auto moved = co_await call<Result<std::int64_t>>(nullptr, *server, std::move(request), endless);
    if (moved && *moved) world.trace_.say("shipping moved {} orders", **moved);
  }
}

Awaitable<void> end_account(World& world, AccountEnd end) {
  co_await wait_until(world.scheduler_, world.began_at_ + end.at, use_awaitable);
  // Also what he orders until it is done.
  const auto mark_his = [&world, user = end.user] {
    for (auto& attempt : world.attempts_) {
      if (attempt.user_id == user) attempt.may_be_canceled = true;
    }
  };
  mark_his();
  world.trace_.say("the account of user {} ends", end.user);
  std::function<Awaitable<Result<void>>(ShopProcess&)> request = [user = end.user](ShopProcess& server) {
    return server.orders().cancel_unpaid(UserId{user});
  };
  const auto done = co_await insist<void>([&world] { return world.pick(false); }, world.scheduler_, request);
  mark_his();
  if (!done) world.report(fmt::format("the orders of user {} are never canceled", end.user));
}

Awaitable<void> take_back(World& world, OrderItemId item, bool restock) {
  std::function<Awaitable<Result<order::Returned>>(ShopProcess&)> request = [=](ShopProcess& server) {
    return server.orders().complete_return(item, Caller::the_shop(), restock);
  };
  const auto done =
      co_await insist<order::Returned>([&world] { return world.pick(false); }, world.scheduler_, request);
  if (!done || !done->has_value()) {
    world.report(fmt::format("item {} came back and nobody takes it: {}", item.value,
                             done ? done->error().detail : "no answer"));
  }
}

Awaitable<void> open_sale(World& world) {
  std::int64_t id = 0;
  for (const auto& plan : world.scenario_.products) {
    order::TermsUpdate update;
    update.total = plan.total;
    order::SaleTerms& terms = update.terms;
    terms.product = ProductId{++id};
    terms.version = 1;
    terms.price = plan.price;
    terms.per_user_limit = plan.limit;
    const auto instant = [&world](Duration since) {
      return epoch + std::chrono::floor<Milliseconds>(world.began_at_ + since);
    };
    if (plan.opens_at) terms.opens_at = instant(*plan.opens_at);
    if (plan.closes_at) terms.closes_at = instant(*plan.closes_at);
    world.terms_.push_back(terms);
    (void)co_await put([&world] { return world.pick(false); }, world.scheduler_, update);
  }
}

Awaitable<void> change_terms(World& world, TermsPlan plan) {
  co_await wait_until(world.scheduler_, world.began_at_ + plan.at, use_awaitable);
  order::SaleTerms& current = world.terms_[plan.product];
  ++current.version;  // taken, whatever comes of it: a later change must not carry the same one
  order::TermsUpdate update{current, std::nullopt, plan.add_units, UserId{}, "the merchant"};
  order::SaleTerms& wanted = update.terms;
  if (plan.limit) wanted.per_user_limit = *plan.limit;
  if (plan.state) wanted.state = *plan.state;
  world.trace_.say("the merchant puts product {} version {}: total {:+}, limit {}, state {}",
                   wanted.product.value, wanted.version, update.delta, wanted.per_user_limit.value_or(0),
                   static_cast<int>(wanted.state));
  const auto answer = co_await put([&world] { return world.pick(false); }, world.scheduler_, update);
  order::SaleTerms& now = world.terms_[plan.product];
  if (!answer.has_value()) co_return;  // fewer than are committed: refused, and it stays as it is
  const std::int64_t newest = now.version;
  if (newest == wanted.version) now = wanted;
}

}  // namespace buyme::simulation
