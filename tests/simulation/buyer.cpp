#include "simulation/buyer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "simulation/merchant.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;
using drop::Outcome;
using drop::PaymentSeen;

namespace {

std::string_view code(Error error) {
  return error_info(error).code;
}

constexpr int stubbornness = 400;  // repetitions until even a patient buyer is sure that the shop is broken

drop::SeenOrder seen(const order::Order& order) {
  drop::SeenOrder view;
  view.order_id = order.id.value;
  view.user_id = order.user.value;
  view.amount = order.amount;
  view.status = order::to_string(order.status);
  view.placed_at = format_time(order.placed_at);
  view.hold_expires_at = order.hold_expires_at;
  view.items.reserve(order.items.size());
  for (const auto& item : order.items) view.items.push_back({item.product.value, item.quantity, item.price});
  return view;
}

bool is_unavailable(Error error) {
  return error == Error::overloaded || error == Error::store_unavailable || error == Error::shutting_down;
}

template <class Member>
const Member* member(const Failure& failure, std::string_view name) {
  for (const auto& [key, value] : failure.members) {
    if (key == name) return std::get_if<Member>(&value);
  }
  return nullptr;
}

}  // namespace

Awaitable<void> visit(World& world, BuyerPlan plan) {
  Buyer buyer(world, plan);
  co_await buyer.run();
}

Awaitable<void> Buyer::run() {
  co_await wait_until(world_.scheduler_, world_.began_at_ + plan_.at, use_awaitable);
  const bool placed = co_await place();
  if (!placed) co_return;
  if (world_.choices_.chance(0.2)) co_await read_back();
  switch (plan_.then) {
    case BuyerPlan::Then::pays:
      co_await pay();
      break;
    case BuyerPlan::Then::cancels:
      co_await rest(1s);
      co_await cancel();
      break;
    case BuyerPlan::Then::pays_and_cancels_meanwhile:
      world_.faults_.note(Fault::cancel_while_paying, world_.orders_->state_of(order_));
      attempt_->may_be_canceled = true;
      world_.spawn(visit_to_cancel(world_, plan_, attempt_, order_));
      co_await pay();
      break;
    case BuyerPlan::Then::walks_away:
      break;
  }
}

// The same buyer in another tab of his browser.
Awaitable<void> Buyer::visit_to_cancel(World& world, BuyerPlan plan, drop::Attempt* attempt, OrderId order) {
  Buyer tab(world, plan);
  tab.attempt_ = attempt;
  tab.order_ = order;
  co_await tab.rest(500ms);
  co_await tab.cancel();
}

Awaitable<void> Buyer::rest(Duration most) {
  return delay(world_.scheduler_,
               Duration{static_cast<std::int64_t>(world_.choices_.below(most.count() + 1))});
}

template <class T>
Awaitable<std::optional<T>> Buyer::ask(bool payments, std::function<Awaitable<T>(ShopProcess&)> request) {
  ShopProcess* server = world_.pick(payments);
  if (server == nullptr) co_return std::nullopt;
  if (world_.scenario_.latency.count() > 0) co_await rest(world_.scenario_.latency);
  std::function<Awaitable<T>()> bound = [server, request = std::move(request)] { return request(*server); };
  auto answer = co_await call<T>(nullptr, *server, std::move(bound), endless);
  if (server->serves()) server->check_queue();
  if (world_.around_.answers_slowly()) co_await rest(world_.scenario_.latency);
  co_return answer;
}

// --- ordering

drop::Attempt& Buyer::begin_attempt(bool with_key) {
  drop::Attempt& attempt = world_.attempts_.emplace_back();
  attempt.user_id = plan_.user;
  if (with_key) attempt.key = fmt::format("k{}", world_.attempts_.size());
  for (const auto& line : order::merge_lines(plan_.lines)) {
    attempt.lines.push_back({line.product.value, line.quantity});
  }
  return attempt;
}

// True when he got an order.
Awaitable<bool> Buyer::place() {
  drop::Attempt* attempt = &begin_attempt(plan_.has_key);
  for (int tries = 0; tries < stubbornness; ++tries) {
    auto open = std::make_shared<int>(0);
    if (!attempt->key.empty() && world_.faults_.strikes(Fault::double_click, Coverage::placing)) {
      *open = 1;
      world_.spawn(second_click(*attempt, open));
    }
    if (world_.faults_.strikes(Fault::buyer_leaves, Coverage::placing)) {
      attempt->gave_up = true;
      *open = 1;
      world_.spawn(second_click(*attempt, open));  // it goes on without him
      co_return false;
    }
    const Next next = co_await click(*attempt);
    while (*open > 0) co_await rest(20ms);
    if (!attempt->orders.empty()) break;
    if (next == Next::done) co_return false;
    const bool loses_key =
        next == Next::lost && world_.faults_.strikes(Fault::retry_without_key, Coverage::placing);
    if (next == Next::lost && (attempt->key.empty() || loses_key)) {
      attempt->gave_up = true;  // his order may or may not exist
      if (!loses_key) co_return false;
      attempt = &begin_attempt(false);
    }
    co_await rest(world_.healed_ ? 2s : 500ms);
  }
  if (attempt->orders.empty()) co_return false;
  attempt_ = attempt;
  order_ = OrderId{attempt->orders[0].order_id};
  co_return true;
}

Awaitable<void> Buyer::second_click(drop::Attempt& attempt, std::shared_ptr<int> open) {
  Buyer tab(world_, plan_);  // this one may be gone before the answer
  const bool watches = !attempt.gave_up;
  tab.unseen_.key = attempt.key;
  (void)co_await tab.click(watches ? attempt : tab.unseen_);
  *open = 0;
}

Awaitable<Buyer::Next> Buyer::click(drop::Attempt& attempt) {
  const Duration sent = world_.scheduler_.now();
  world_.trace_.say("user {} (key {}) asks", plan_.user, attempt.key);
  order::PlaceRequest place{UserId{plan_.user}, plan_.lines, attempt.key};
  std::function<Awaitable<Result<order::Placed>>(ShopProcess&)> request = [place](ShopProcess& server) {
    return server.orders().place(place);
  };
  const auto answer = co_await ask<Result<order::Placed>>(false, std::move(request));
  if (!answer) {
    world_.trace_.say("user {} (key {}) gets no answer", plan_.user, attempt.key);
    attempt.answer_lost = true;
    co_return Next::lost;
  }
  co_return record(attempt, *answer, sent);
}

Buyer::Next Buyer::record(drop::Attempt& attempt, const Result<order::Placed>& answer, Duration sent) {
  if (!answer) return refused(attempt, answer.error(), sent);
  world_.trace_.say("user {} (key {}) is told order {}, replayed {}", plan_.user, attempt.key,
                    answer->order.id.value, answer->replayed);
  if (answer->replayed && attempt.key.empty()) world_.report("a replay without a key");
  attempt.orders.push_back(seen(answer->order));
  attempt.outcome = Outcome::ordered;
  return Next::done;
}

Buyer::Next Buyer::refused(drop::Attempt& attempt, const Failure& failure, Duration sent) {
  world_.trace_.say("user {} (key {}) is told {}", plan_.user, attempt.key, code(failure.error));
  const bool has_order = !attempt.orders.empty();
  const auto final_answer = [&](Outcome outcome) {
    if (!has_order) attempt.outcome = outcome;
    return Next::done;
  };
  if (is_unavailable(failure.error)) {
    const bool small_queue = world_.scenario_.settings.writer.queue > 0;
    if (failure.error == Error::overloaded && small_queue)
      world_.faults_.note(Fault::queue_full, Coverage::placing);
    auto& list = world_.unavailable_;
    if (std::ranges::find(list, failure.error) == list.end()) list.push_back(failure.error);
    return Next::again;
  }
  switch (failure.error) {
    case Error::sold_out:
      ++attempt.sold_out_answers;
      world_.sold_out_.push_back(
          {plan_.user, attempt.key, order::merge_lines(plan_.lines), sent, world_.scheduler_.now()});
      return final_answer(Outcome::sold_out);
    case Error::limit_exceeded:
      check_resume(failure);
      return final_answer(Outcome::limit_exceeded);
    case Error::outcome_unknown:
      attempt.answer_lost = true;
      return Next::lost;
    case Error::sale_not_open:
      return Next::again;
    case Error::sale_paused:
    case Error::sale_closed:
      attempt.refusal = code(failure.error);
      return final_answer(Outcome::refused);
    default:
      world_.report(fmt::format("user {} is told {}: {}", plan_.user, code(failure.error), failure.detail));
      return final_answer(Outcome::refused);
  }
}

// The order that LIMIT_EXCEEDED tells him to resume must be his.
void Buyer::check_resume(const Failure& failure) {
  const auto* open = member<std::int64_t>(failure, "orderId");
  if (open == nullptr) return;
  const auto books = [this] {
    audit::Books all;
    world_.orders_->add_to(all);
    return all;
  }();
  const bool his = std::ranges::any_of(books.orders, [&](const audit::Books::Order& order) {
    return order.order.value == *open && order.user.value == plan_.user;
  });
  if (!his)
    world_.report(fmt::format("user {} is told to resume order {}, which is not his", plan_.user, *open));
}

// What was promised with 201 can be read at once.
Awaitable<void> Buyer::read_back() {
  std::function<Awaitable<Result<order::Order>>(ShopProcess&)> request =
      [id = order_, who = caller()](ShopProcess& server) { return server.orders().get(id, who); };
  const auto found = co_await ask<Result<order::Order>>(false, std::move(request));
  if (found && !found->has_value() && found->error().error == Error::not_found) {
    world_.report(
        fmt::format("order {} of user {} was answered and cannot be read", order_.value, plan_.user));
  }
}

// --- paying

Awaitable<void> Buyer::pay() {
  int declined = 0;
  for (int tries = 0; tries < stubbornness && declined < plan_.payment_tries; ++tries) {
    co_await rest(300ms);
    if (world_.faults_.strikes(Fault::double_click, world_.orders_->state_of(order_))) {
      attempt_->may_be_paid = true;
      world_.spawn(visit_to_pay(world_, plan_, order_));
    }
    if (world_.faults_.strikes(Fault::buyer_leaves, world_.orders_->state_of(order_))) {
      attempt_->may_be_paid = true;
      world_.spawn(visit_to_pay(world_, plan_, order_));
      co_return;
    }
    const Next next = co_await attempt_payment();
    if (next == Next::done) break;
    if (next == Next::again) {
      ++declined;
      continue;
    }
    attempt_->may_be_paid = true;
    if (attempt_->payment == PaymentSeen::not_tried) attempt_->payment = PaymentSeen::undecided;
    co_await rest(2s);
    const bool over = co_await look_at_order();
    if (over) break;
  }
  if (attempt_->payment == PaymentSeen::paid && plan_.cancels_when_paid) {
    co_await rest(2s);
    co_await cancel();
  } else if (attempt_->payment == PaymentSeen::paid && plan_.sends_back && world_.scenario_.day) {
    co_await send_back();
  }
}

// A click of his whose answer he does not see.
Awaitable<void> Buyer::visit_to_pay(World& world, BuyerPlan plan, OrderId order) {
  Buyer tab(world, plan);
  tab.attempt_ = &tab.unseen_;
  tab.order_ = order;
  (void)co_await tab.attempt_payment();
}

Awaitable<Buyer::Next> Buyer::attempt_payment() {
  std::function<Awaitable<Result<payment::Receipt>>(ShopProcess&)> request =
      [id = order_, who = caller()](ShopProcess& server) {
        return server.payments().attempt_payment(id, who);
      };
  const auto answer = co_await ask<Result<payment::Receipt>>(true, std::move(request));
  if (!answer) co_return Next::lost;
  co_return told_of_payment(*answer);
}

// again: it was declined and may be tried once more.
Buyer::Next Buyer::told_of_payment(const Result<payment::Receipt>& answer) {
  world_.trace_.say("user {} is told of the payment of order {}: {}", plan_.user, order_.value,
                    answer ? std::string_view("PAID") : code(answer.error().error));
  if (answer) {
    attempt_->payment = PaymentSeen::paid;
    return Next::done;
  }
  const Failure& failure = answer.error();
  switch (failure.error) {
    case Error::payment_failed:
      attempt_->payment = PaymentSeen::declined;
      return Next::again;
    case Error::payment_refunded:
      attempt_->payment = PaymentSeen::refunded;
      return Next::done;
    case Error::illegal_state: {
      const auto* state = member<std::string>(failure, "state");
      if (state != nullptr && *state == "PAID") {
        attempt_->payment = PaymentSeen::paid;
      } else {
        attempt_->payment = PaymentSeen::refused;
        attempt_->payment_refusal = state == nullptr ? "ILLEGAL_STATE" : *state;
      }
      return Next::done;
    }
    case Error::payment_in_progress:
    case Error::outcome_unknown:
      return Next::lost;
    default:
      if (is_unavailable(failure.error)) return Next::lost;
      world_.report(fmt::format("user {} pays order {} and is told {}: {}", plan_.user, order_.value,
                                code(failure.error), failure.detail));
      return Next::done;
  }
}

// True when there is nothing more to pay.
Awaitable<bool> Buyer::look_at_order() {
  std::function<Awaitable<Result<order::Order>>(ShopProcess&)> request =
      [id = order_, who = caller()](ShopProcess& server) { return server.orders().get(id, who); };
  const auto found = co_await ask<Result<order::Order>>(false, std::move(request));
  if (!found || !found->has_value()) co_return false;
  const order::Order& now = **found;
  if (now.status == order::OrderStatus::paid) attempt_->payment = PaymentSeen::paid;
  co_return !order::is_unpaid(now.status);
}

// --- returning

// His order once it is delivered; nothing when that takes too long, or when it has ended.
Awaitable<std::optional<order::Order>> Buyer::receive() {
  for (int tries = 0; tries < 20; ++tries) {
    co_await rest(*world_.scenario_.day);
    std::function<Awaitable<Result<order::Order>>(ShopProcess&)> request =
        [id = order_, who = caller()](ShopProcess& server) { return server.orders().get(id, who); };
    const auto found = co_await ask<Result<order::Order>>(false, std::move(request));
    if (!found || !found->has_value()) continue;
    if ((*found)->status == order::OrderStatus::delivered) co_return **found;
  }
  co_return std::nullopt;
}

Awaitable<void> Buyer::send_back() {
  const auto received = co_await receive();
  if (!received) co_return;
  const order::OrderItem& item = received->items[world_.choices_.below(received->items.size())];
  order::ReturnOrder wanted{item.id, plan_.returns, "it does not fit", plan_.returns_with_key ? "back" : ""};
  const Units units = wanted.quantity.value_or(item.quantity);
  const bool some = units < item.quantity;
  const std::size_t mine = world_.sent_back_.size();
  world_.sent_back_.push_back({order_, units > item.quantity ? 0 : units, false});
  for (int tries = 0; tries < stubbornness; ++tries) {
    std::function<Awaitable<Result<order::Returned>>(ShopProcess&)> request =
        [wanted, who = caller()](ShopProcess& server) { return server.orders().request_return(wanted, who); };
    const auto answer = co_await ask<Result<order::Returned>>(false, std::move(request));
    const bool lost = !answer || (!answer->has_value() && answer->error().error == Error::outcome_unknown);
    if (lost && some && wanted.key.empty()) co_return;  // once more would send back twice as many
    if (!lost && answer->has_value()) {
      const OrderItemId part = (*answer)->item;
      world_.sent_back_[mine].acknowledged = true;
      world_.trace_.say("user {} sends back item {} of order {}", plan_.user, part.value, order_.value);
      if (!plan_.keeps_promise) co_return;
      if (world_.choices_.chance(0.3)) world_.spawn(take_back(world_, part, plan_.restock));
      co_return co_await take_back(world_, part, plan_.restock);
    }
    if (!lost && !is_unavailable(answer->error().error)) {
      const bool too_many = answer->error().error == Error::invalid && wanted.quantity > item.quantity;
      if (!too_many) {
        world_.report(fmt::format("user {} sends back item {} and is told {}: {}", plan_.user, item.id.value,
                                  code(answer->error().error), answer->error().detail));
      }
      co_return;
    }
    co_await rest(1s);
  }
}

// --- canceling

Awaitable<void> Buyer::cancel() {
  attempt_->may_be_canceled = true;
  for (int tries = 0; tries < stubbornness; ++tries) {
    std::function<Awaitable<Result<order::Order>>(ShopProcess&)> request =
        [id = order_, who = caller()](ShopProcess& server) { return server.orders().cancel(id, who); };
    const auto answer = co_await ask<Result<order::Order>>(false, std::move(request));
    if (answer && answer->has_value()) {
      world_.trace_.say("user {} is told order {} is canceled", plan_.user, order_.value);
      attempt_->canceled = true;
      co_return;
    }
    if (answer && answer->error().error == Error::illegal_state) co_return;  // its hold has lapsed
    if (answer && !is_unavailable(answer->error().error) && answer->error().error != Error::outcome_unknown) {
      world_.report(fmt::format("user {} cancels order {} and is told {}", plan_.user, order_.value,
                                code(answer->error().error)));
      co_return;
    }
    co_await rest(1s);
  }
}

}  // namespace buyme::simulation
