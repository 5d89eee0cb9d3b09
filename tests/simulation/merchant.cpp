#include "simulation/merchant.hpp"

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

}  // namespace

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
