#include "drop/crowd.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "drop/orders_json.hpp"

namespace buyme::drop {

namespace {

constexpr auto opening_delay = std::chrono::milliseconds(20);
constexpr std::uint64_t longest_cut_us = 5'000;

void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

bool is_repeatable(const Reply& reply) {
  switch (reply.status) {
    case 0:    // the connection broke
    case 408:  // the shop gave up on a connection that had been idle
    case 429:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

}  // namespace

Crowd::Crowd(Executor executor, Clock& clock, const Settings& settings, const Target& target,
             ConnectionPool& pool, std::int64_t product_id, Units per_user_limit)
    : executor_(executor),
      clock_(clock),
      settings_(settings),
      target_(target),
      pool_(pool),
      product_id_(product_id),
      per_user_limit_(per_user_limit),
      jitter_(settings.seed, "drop.jitter"),
      run_name_(secure_random_hex(6)),
      everybody_home_(executor) {}

Crowd::Person Crowd::make_person(std::size_t number) const {
  // Every die is rolled whatever the others show, so that changing one share changes nobody else's behaviour.
  Random random(settings_.seed, fmt::format("drop.buyer.{}", number));
  Person person;
  person.double_clicks = random.chance(settings_.double_click);
  person.is_cut = random.chance(settings_.retry);
  person.abandons = random.chance(settings_.abandon);
  person.greedy = random.chance(settings_.greedy);
  person.cut_after = std::chrono::microseconds(random.below(longest_cut_us));
  if (settings_.trusted) {
    person.user_id = settings_.first_user + static_cast<std::int64_t>(number);
  } else {
    const Buyer& buyer = settings_.buyer_list[number];
    person.user_id = buyer.user_id;
    person.token = buyer.token;
  }
  return person;
}

Awaitable<void> Crowd::hold_sale() {
  const auto buyers = static_cast<std::size_t>(settings_.buyers);
  const auto times = click_times(settings_.arrival, buyers, settings_.seed);
  samples_.reserve(buyers * 2);
  opening_ = clock_.monotonic() + opening_delay;
  for (std::size_t number = 0; number < buyers; ++number) {
    const Monotonic intended = opening_ + times[number];
    if (intended > clock_.monotonic()) co_await clock_.sleep_until(intended);
    asio::co_spawn(executor_, live(number, intended), rethrow);
  }
  while (at_home_ < buyers) co_await everybody_home_.wait();
  over_ = true;
}

Awaitable<void> Crowd::live(std::size_t number, Monotonic intended) {
  const Person person = make_person(number);
  ++counts_.buyers;
  std::size_t first = 0;
  const Outcome outcome = co_await place(number, person, 0, intended, first);
  ++buyers_answered_;
  if (outcome == Outcome::ordered) {
    if (person.greedy && per_user_limit_ > 0) {
      // Up to the limit and one beyond, each a demand of its own until the shop refuses.
      Outcome more = Outcome::ordered;
      for (int order = 1; order <= per_user_limit_ && more == Outcome::ordered; ++order) {
        std::size_t ignored = 0;
        counts_.greedy += order == per_user_limit_;
        const Monotonic now = clock_.monotonic();
        more = co_await place(number, person, order, now, ignored);
      }
    }
    if (settings_.pay && !person.abandons) {
      co_await pay(person, first);
    } else if (settings_.pay) {
      ++counts_.abandoned;
    }
  }
  ++at_home_;
  everybody_home_.raise();
}

Awaitable<Outcome> Crowd::place(std::size_t number, const Person& person, int order_number,
                                Monotonic intended, std::size_t& attempt_index) {
  attempt_index = observed_.attempts.size();
  observed_.attempts.push_back({.key = fmt::format("{}-{}-{}", run_name_, number, order_number),
                                .user_id = person.user_id,
                                .lines = {{product_id_, 1}}});
  ++counts_.clicks;
  clicks_us_.push_back(since_opening(intended));
  const std::string user = settings_.trusted ? fmt::format("\"userId\":{},", person.user_id) : std::string();
  const std::string body =
      fmt::format(R"({{{}"orderItems":[{{"productId":{},"quantity":1}}]}})", user, product_id_);
  Placing placing(executor_, attempt_index);
  placing.intended = intended;
  placing.request = format_request(target_, {.method = "POST",
                                             .path = "/api/orders",
                                             .token = person.token,
                                             .idempotency_key = observed_.attempts[attempt_index].key,
                                             .body = body});
  const bool twice = person.double_clicks && order_number == 0;
  if (twice) {
    ++counts_.double_clicks;
    asio::co_spawn(executor_, second_click(placing, person), rethrow);
  }
  Outcome outcome = co_await click(placing, person, person.is_cut && order_number == 0);
  while (twice && !placing.second_done) co_await placing.both_done.wait();
  // An order outweighs anything; a missing answer outweighs a refusal, for it may have been an order.
  if (twice && outcome != Outcome::ordered) {
    if (placing.second == Outcome::ordered || placing.second == Outcome::unanswered) outcome = placing.second;
  }
  observed_.attempts[attempt_index].outcome = outcome;
  switch (outcome) {
    case Outcome::ordered:
      ++counts_.ordered;
      break;
    case Outcome::sold_out:
      ++counts_.sold_out;
      break;
    case Outcome::limit_exceeded:
      ++counts_.limit_exceeded;
      break;
    case Outcome::refused:
      ++counts_.refused;
      break;
    case Outcome::unanswered:
      ++counts_.unanswered;
      break;
  }
  co_return outcome;
}

Awaitable<void> Crowd::second_click(Placing& placing, const Person& person) {
  placing.second = co_await click(placing, person, false);
  placing.second_done = true;
  placing.both_done.raise();
}

Awaitable<Outcome> Crowd::click(Placing& placing, const Person& person, bool cut) {
  const Monotonic give_up_at = clock_.monotonic() + settings_.give_up;
  if (cut) {
    ++counts_.cuts;
    ++counts_.requests;
    Connection* connection = co_await pool_.acquire();
    co_await connection->send_and_cut(placing.request, person.cut_after);
    pool_.release(connection);
  }
  for (int tries = 0;; ++tries) {
    const Reply reply = co_await send(placing.request);
    if (!is_repeatable(reply)) co_return note_placement(placing, reply);
    const auto wait = patience(reply, give_up_at, tries);
    if (!wait) co_return Outcome::unanswered;
    co_await clock_.sleep_for(*wait);
  }
}

Outcome Crowd::note_placement(Placing& placing, const Reply& reply) {
  Attempt& attempt = observed_.attempts[placing.attempt];
  Outcome outcome = Outcome::refused;
  note_order_answer(attempt, reply, outcome);
  if (!placing.answered) {
    placing.answered = true;
    record(outcome == Outcome::ordered    ? Sample::Kind::ordered
           : outcome == Outcome::sold_out ? Sample::Kind::sold_out
                                          : Sample::Kind::other,
           placing.intended);
    place_.add(samples_.back().latency_us);
  }
  return outcome;
}

void Crowd::note_order_answer(Attempt& attempt, const Reply& reply, Outcome& outcome) {
  counts_.replays += reply.replayed;
  if (reply.status == 201 || reply.status == 200) {
    auto order = parse_order(reply.body);
    if (order) {
      outcome = Outcome::ordered;
      attempt.orders.push_back(std::move(*order));
    } else {
      attempt.refusal = fmt::format("{} without a readable order", reply.status);
    }
    return;
  }
  const std::string code = problem_code(reply.body);
  if (reply.status == 409 && code == "SOLD_OUT") {
    ++attempt.sold_out_answers;
    outcome = Outcome::sold_out;
  } else if (reply.status == 409 && code == "LIMIT_EXCEEDED") {
    outcome = Outcome::limit_exceeded;
  }
  attempt.refusal = fmt::format("{} {}", reply.status, code);
}

Awaitable<void> Crowd::pay(const Person& person, std::size_t attempt_index) {
  const std::int64_t order_id = observed_.attempts[attempt_index].orders.front().order_id;
  const std::string request =
      format_request(target_, {.method = "POST",
                               .path = fmt::format("/api/orders/{}/attempt-payment", order_id),
                               .token = person.token});
  PaymentSeen seen = PaymentSeen::declined;
  for (int tries = 0; tries < limits::drop_payment_tries && seen == PaymentSeen::declined; ++tries) {
    seen = co_await pay_once(request, attempt_index);
  }
  observed_.attempts[attempt_index].payment = seen;
  counts_.paid += seen == PaymentSeen::paid;
  counts_.payments_given_up += seen == PaymentSeen::declined;
  counts_.payments_refunded += seen == PaymentSeen::refunded;
  counts_.payments_undecided += seen == PaymentSeen::undecided;
}

Awaitable<PaymentSeen> Crowd::pay_once(const std::string& request, std::size_t attempt_index) {
  const Monotonic intended = clock_.monotonic();
  for (int tries = 0;; ++tries) {
    const Reply reply = co_await send(request);
    const std::string code = reply.status == 200 ? std::string() : problem_code(reply.body);
    if (is_repeatable(reply) || code == "PAYMENT_IN_PROGRESS") {
      const auto wait = patience(reply, intended + settings_.give_up, tries);
      if (!wait) co_return PaymentSeen::undecided;
      co_await clock_.sleep_for(*wait);
      continue;
    }
    // A repeat after a lost answer finds the order paid already.
    const bool already_paid = code == "ILLEGAL_STATE" && string_member(reply.body, "state") == "PAID";
    const bool paid = reply.status == 200 && string_member(reply.body, "orderStatus") == "PAID";
    if (paid || already_paid || reply.status == 402) {
      counts_.declined += reply.status == 402;
      record(reply.status == 402 ? Sample::Kind::declined : Sample::Kind::paid, intended);
      pay_.add(samples_.back().latency_us);
      co_return reply.status == 402 ? PaymentSeen::declined : PaymentSeen::paid;
    }
    if (code == "PAYMENT_REFUNDED") co_return PaymentSeen::refunded;
    observed_.attempts[attempt_index].payment_refusal = fmt::format("{} {}", reply.status, code);
    co_return PaymentSeen::refused;
  }
}

std::optional<std::chrono::nanoseconds> Crowd::patience(const Reply& reply, Monotonic give_up_at, int tries) {
  std::chrono::nanoseconds wait = std::min<std::chrono::nanoseconds>(
      limits::drop_backoff * (1 << std::min(tries, 8)), limits::drop_backoff_max);
  if (reply.retry_after_s) wait = std::chrono::seconds(*reply.retry_after_s);
  // People do not come back to the millisecond.
  wait += std::chrono::nanoseconds(
      static_cast<std::int64_t>(jitter_.uniform() * 0.1 * static_cast<double>(wait.count())));
  if (clock_.monotonic() + wait > give_up_at) return std::nullopt;
  return wait;
}

Awaitable<Reply> Crowd::send(const std::string& request) {
  ++counts_.requests;
  Connection* connection = co_await pool_.acquire();
  Reply reply = co_await connection->exchange(request);
  pool_.release(connection);
  if (reply.status == 0) ++counts_.transport_errors;
  if (reply.status == 503) {
    ++counts_.overloaded;
    samples_.push_back({Sample::Kind::overloaded, since_opening(clock_.monotonic()), 0});
  }
  co_return reply;
}

void Crowd::record(Sample::Kind kind, Monotonic intended) {
  const Monotonic now = clock_.monotonic();
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(now - intended).count();
  samples_.push_back({kind, since_opening(now), latency});
}

}  // namespace buyme::drop
