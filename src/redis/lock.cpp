#include "redis/lock.hpp"

#include <boost/asio/detached.hpp>
#include <list>
#include <map>
#include <utility>

#include "core/event.hpp"
#include "core/random.hpp"
#include "embedded/redis_lock.hpp"
#include "redis/client.hpp"
#include "redis/subscriber.hpp"

namespace buyme::redis {

namespace {

constexpr std::string_view channel = "buyme:locks";
constexpr std::size_t token_bytes = 16;

using Waiter = std::shared_ptr<Event>;

Awaitable<void> raise_at(Clock& clock, Monotonic when, Waiter waiter) {
  co_await clock.sleep_until(when);
  waiter->raise();
}

}  // namespace

struct Locks::State : std::enable_shared_from_this<State> {
  State(Settings settings, Clock& its_clock, Executor its_executor, Log log, Milliseconds its_lease)
      : clock(its_clock), executor(its_executor), lease(its_lease), script(embedded::redis_lock) {
    client.emplace(settings, clock, executor, log);
    Subscriber::Handlers handlers;  // they run only while the subscriber lives, which ~Locks ends
    handlers.on_message = [this](std::string_view, std::string_view name) { wake_one(std::string(name)); };
    subscriber.emplace(std::move(settings), std::vector<std::string>{std::string(channel)},
                       std::move(handlers), clock, executor, std::move(log));
  }

  Awaitable<Result<std::int64_t>> call(std::string name, Words arguments);
  Awaitable<Result<std::int64_t>> take(std::string name, std::string token);
  static Awaitable<bool> release(std::shared_ptr<State> state, std::string name, std::string token);
  void wake_one(const std::string& name);

  Clock& clock;
  const Executor executor;
  const Milliseconds lease;
  const Script script;
  Random random{hash_bytes(secure_random_bytes(token_bytes)), "lock waiters"};
  std::optional<Client> client;
  std::optional<Subscriber> subscriber;
  std::map<std::string, std::list<Waiter>> waiters;
  bool stopped = false;
};

struct Lock::Held {
  std::shared_ptr<Locks::State> state;
  std::string name;
  std::string token;
  std::int64_t fencing_token = 0;
  int looks = 0;
  Monotonic until;  // counted from before it was asked for
  bool over = false;

  bool stands() const { return !over && !state->stopped && state->clock.monotonic() < until; }
  static Awaitable<void> renew(std::shared_ptr<Held> held);
};

Locks::Locks(Settings settings, Clock& clock, Executor executor, Log log, Milliseconds lease)
    : state_(std::make_shared<State>(std::move(settings), clock, executor, std::move(log), lease)) {}

Locks::~Locks() {
  state_->stopped = true;
  state_->subscriber.reset();
  state_->client.reset();
  for (const auto& [name, waiting] : state_->waiters) {
    for (const auto& waiter : waiting) waiter->raise();
  }
}

void Locks::start() {
  state_->client->start();
  state_->subscriber->start();
}

Awaitable<Result<Lock>> Locks::acquire(std::string name, Milliseconds patience) {
  const auto state = state_;
  const Monotonic deadline = state->clock.monotonic() + patience;
  const std::string token = secure_random_hex(token_bytes);
  // In line before the first look: a notice that comes while it is under way is not lost.
  const Waiter waiter = std::make_shared<Event>(state->executor);
  state->waiters[name].push_back(waiter);

  Result<std::int64_t> fence = 0;
  Monotonic asked{};
  int looks = 0;
  for (;;) {
    ++looks;
    asked = state->clock.monotonic();
    auto answer = co_await state->take(name, token);
    fence = std::move(answer);
    const Monotonic now = state->clock.monotonic();
    if (state->stopped || now >= deadline || (fence && *fence > 0)) break;
    const auto pause =
        std::chrono::duration<double>(limits::lock_look_pause) * (0.5 + state->random.uniform() / 2);
    const Monotonic look = now + std::chrono::duration_cast<std::chrono::nanoseconds>(pause);
    asio::co_spawn(state->executor, raise_at(state->clock, std::min(look, deadline), waiter), asio::detached);
    co_await waiter->wait();
  }
  auto& line = state->waiters[name];
  line.remove(waiter);
  if (line.empty()) state->waiters.erase(name);

  if (!fence) {
    asio::co_spawn(state->executor, State::release(state, name, token),
                   asio::detached);  // it may have been given
    co_return fence.error();
  }
  if (*fence == 0) {
    co_return Failure(Error::overloaded, "Others hold the lock; nothing was done. Try again.")
        .retry_in(std::chrono::seconds{1});
  }
  auto held = std::make_shared<Lock::Held>();
  held->state = state;
  held->name = std::move(name);
  held->token = token;
  held->fencing_token = *fence;
  held->looks = looks;
  held->until = asked + state->lease;
  asio::co_spawn(state->executor, Lock::Held::renew(held), asio::detached);
  co_return Lock(std::move(held));
}

Awaitable<Result<std::int64_t>> Locks::State::call(std::string name, Words arguments) {
  const auto self = shared_from_this();
  if (stopped) co_return unavailable("the locks have stopped");
  Words keys{"{lock:" + name + "}", "{lock:" + name + "}:fence"};
  const auto reply = co_await client->eval(script, std::move(keys), std::move(arguments));
  if (!reply) co_return reply.error();
  co_return reply->number;
}

Awaitable<Result<std::int64_t>> Locks::State::take(std::string name, std::string token) {
  Words arguments{"take", std::move(token), std::to_string(lease.count()),
                  std::to_string(to_unix_ms(clock.now()))};
  return call(std::move(name), std::move(arguments));
}

Awaitable<bool> Locks::State::release(std::shared_ptr<State> state, std::string name, std::string token) {
  Words arguments{"release", std::move(token), std::string(channel), name};
  const auto answer = co_await state->call(std::move(name), std::move(arguments));
  co_return answer.has_value() && *answer == 1;
}

// One, because one can have it; and it goes to the end of the line, should the next notice come before it is
// out of it.
void Locks::State::wake_one(const std::string& name) {
  const auto found = waiters.find(name);
  if (found == waiters.end()) return;
  auto& line = found->second;
  line.splice(line.end(), line, line.begin());
  line.back()->raise();
}

Awaitable<void> Lock::Held::renew(std::shared_ptr<Held> held) {
  const auto state = held->state;
  for (;;) {
    co_await state->clock.sleep_for(state->lease / 3);
    if (!held->stands()) break;
    const Monotonic asked = state->clock.monotonic();
    Words arguments{"renew", held->token, std::to_string(state->lease.count())};
    const auto answer = co_await state->call(held->name, std::move(arguments));
    if (!answer) continue;  // the lease says how long that may go on
    // Once its lease has passed it is lost, even if nobody took it meanwhile: its owner may have been told
    // so.
    if (*answer != 1 || !held->stands()) break;
    held->until = asked + state->lease;
  }
  held->until = Monotonic::min();
}

Lock::Lock(std::shared_ptr<Held> held) : held_(std::move(held)) {}

Lock::Lock(Lock&&) noexcept = default;

Lock& Lock::operator=(Lock&& other) noexcept {
  std::swap(held_, other.held_);
  return *this;
}

Lock::~Lock() {
  if (held_ == nullptr || std::exchange(held_->over, true) || held_->state->stopped) return;
  asio::co_spawn(held_->state->executor, Locks::State::release(held_->state, held_->name, held_->token),
                 asio::detached);
}

std::int64_t Lock::fencing_token() const {
  return held_->fencing_token;
}

int Lock::looks() const {
  return held_->looks;
}

bool Lock::held() const {
  return held_->stands();
}

Awaitable<bool> Lock::release() {
  const auto held = held_;
  if (std::exchange(held->over, true)) co_return false;
  const bool ours = co_await Locks::State::release(held->state, held->name, held->token);
  co_return ours;
}

}  // namespace buyme::redis
