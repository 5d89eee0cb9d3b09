#include "user/attempts_redis.hpp"

#include <utility>

#include "core/token.hpp"
#include "embedded/user_attempts.hpp"
#include "embedded/user_forgive.hpp"
#include "redis/client.hpp"

namespace buyme::user {

namespace {

// All in one slot of a cluster: a script may name several.
std::string key_of(const RedisAttempts::Count& count) {
  return "{attempts}:" + token_fingerprint(count.name);
}

}  // namespace

struct RedisAttempts::State {
  State(redis::Settings settings, Clock& its_clock, Executor its_executor, const Log& log)
      : clock(its_clock),
        executor(its_executor),
        begin_script(embedded::user_attempts),
        forgive_script(embedded::user_forgive),
        client(std::in_place, std::move(settings), clock, executor, log) {}

  // On the executor.
  static Awaitable<std::optional<Refusal>> begin(std::shared_ptr<State> state, std::vector<Count> counts);
  static Awaitable<void> forgive(std::shared_ptr<State> state, std::vector<Count> counts);

  Clock& clock;
  const Executor executor;
  const redis::Script begin_script, forgive_script;
  std::optional<redis::Client> client;  // none: it has ended
};

RedisAttempts::RedisAttempts(redis::Settings settings, Clock& clock, Executor executor, Log log)
    : state_(std::make_shared<State>(std::move(settings), clock, executor, log)) {}

RedisAttempts::~RedisAttempts() {
  state_->client.reset();
}

void RedisAttempts::start() {
  state_->client->start();
}

Awaitable<std::optional<RedisAttempts::Refusal>> RedisAttempts::State::begin(std::shared_ptr<State> state,
                                                                             std::vector<Count> counts) {
  if (!state->client) co_return std::nullopt;
  redis::Words keys, arguments{std::to_string(to_unix_ms(state->clock.now()))};
  for (const Count& count : counts) {
    keys.push_back(key_of(count));
    arguments.push_back(std::to_string(count.per_attempt.count()));
    arguments.push_back(std::to_string(count.window.count()));
  }
  const auto reply = co_await state->client->eval(state->begin_script, std::move(keys), std::move(arguments));
  if (!reply || reply->elements.size() != 2 || reply->elements[0].number == 0) co_return std::nullopt;
  const Milliseconds wait{reply->elements[1].number};
  co_return Refusal{static_cast<std::size_t>(reply->elements[0].number - 1),
                    std::chrono::ceil<std::chrono::seconds>(wait)};
}

Awaitable<void> RedisAttempts::State::forgive(std::shared_ptr<State> state, std::vector<Count> counts) {
  if (!state->client) co_return;
  redis::Words keys, arguments{std::to_string(to_unix_ms(state->clock.now()))};
  for (const Count& count : counts) {
    keys.push_back(key_of(count));
    arguments.push_back(std::to_string(count.per_attempt.count()));
  }
  (void)co_await state->client->eval(state->forgive_script, std::move(keys), std::move(arguments));
}

Awaitable<std::optional<RedisAttempts::Refusal>> RedisAttempts::begin(std::vector<Count> counts) {
  const auto state = state_;
  auto asking = State::begin(state, std::move(counts));
  co_return co_await asio::co_spawn(state->executor, std::move(asking), use_awaitable);
}

Awaitable<void> RedisAttempts::forgive(std::vector<Count> counts) {
  const auto state = state_;
  auto telling = State::forgive(state, std::move(counts));
  co_await asio::co_spawn(state->executor, std::move(telling), use_awaitable);
}

}  // namespace buyme::user
