#include "user/denylist_redis.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <deque>
#include <mutex>
#include <utility>

#include "core/event.hpp"
#include "core/random.hpp"
#include "embedded/user_deny.hpp"
#include "redis/client.hpp"
#include "redis/subscriber.hpp"

namespace buyme::user {

namespace {

constexpr std::string_view key = "{denylist}";
constexpr std::string_view channel = "buyme:denylist";

std::string entry_of(const Denial& denial) {
  return denial.session.empty() ? "u:" + std::to_string(denial.user.value) : "s:" + denial.session;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{};
}

std::optional<Denial> denial_from(std::string_view entry, std::string_view until) {
  Denial denial;
  std::int64_t until_ms = 0;
  if (entry.size() < 3 || !read_number(until, until_ms)) return std::nullopt;
  denial.until = from_unix_ms(until_ms);
  if (entry.starts_with("s:")) {
    denial.session = entry.substr(2);
  } else if (!entry.starts_with("u:") || !read_number(entry.substr(2), denial.user.value)) {
    return std::nullopt;
  }
  return denial;
}

// A denial of this server's own, in the order in which they were made.
struct Own {
  std::uint64_t number = 0;
  std::string entry;
  Time until;
};

}  // namespace

struct RedisDenylist::State : std::enable_shared_from_this<State> {
  State(redis::Settings settings, Clock& its_clock, Executor its_executor, Log its_log)
      : clock(its_clock),
        executor(its_executor),
        log(its_log),
        script(embedded::user_deny),
        local(make_local_denylist(clock)),
        work(executor) {
    // They run only while client and subscriber live, which ~RedisDenylist ends.
    client.emplace(settings, clock, executor, log, [this] { tell_all_again(); });
    redis::Subscriber::Handlers handlers;
    handlers.on_message = [this](std::string_view, std::string_view message) { hear(message); };
    handlers.on_listening = [this] {
      must_read = true;
      work.raise();
    };
    handlers.on_deaf = [this] { current = false; };
    subscriber.emplace(std::move(settings), std::vector<std::string>{std::string(channel)},
                       std::move(handlers), clock, executor, log);
  }

  Awaitable<void> run();
  Awaitable<bool> tell();
  Awaitable<bool> read_all();
  void remember(std::span<const Denial> denials);
  std::vector<Own> untold();
  void tell_all_again();
  void hear(std::string_view message);

  Clock& clock;
  const Executor executor;
  const Log log;
  const redis::Script script;
  const std::string sender = secure_random_hex(8);
  const std::unique_ptr<Denylist> local;
  std::atomic<bool> current{false};
  std::atomic<bool> stopped{false};

  // On the executor.
  std::optional<redis::Client> client;
  std::optional<redis::Subscriber> subscriber;
  Event work;
  bool must_read = false;

  std::mutex mutex;  // guards what follows
  std::deque<Own> own;
  std::uint64_t numbers = 0;  // given
  std::uint64_t told = 0;     // all up to this number, over this connection
  Time next_look{};
};

RedisDenylist::RedisDenylist(redis::Settings settings, Clock& clock, Executor executor, Log log)
    : state_(std::make_shared<State>(std::move(settings), clock, executor, std::move(log))) {}

RedisDenylist::~RedisDenylist() {
  state_->stopped = true;
  state_->subscriber.reset();
  state_->client.reset();
  state_->work.raise();
}

void RedisDenylist::start() {
  state_->client->start();
  state_->subscriber->start();
  asio::co_spawn(
      state_->executor, [state = state_] { return state->run(); },
      [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
      });
}

void RedisDenylist::deny(std::span<const Denial> denials) {
  if (denials.empty()) return;
  state_->local->deny(denials);
  state_->remember(denials);
  asio::post(state_->executor, [state = state_] { state->work.raise(); });
}

bool RedisDenylist::denies(UserId user, std::string_view session) const {
  return state_->local->denies(user, session);
}

std::uint64_t RedisDenylist::epoch() const {
  return state_->local->epoch();
}

bool RedisDenylist::current() const {
  return state_->current;
}

void RedisDenylist::State::remember(std::span<const Denial> denials) {
  const std::unique_lock lock(mutex);
  const Time now = clock.now();
  if (now >= next_look) {
    next_look = now + limits::denylist_pause;
    std::erase_if(own, [now](const Own& each) { return each.until <= now; });
  }
  for (const Denial& denial : denials) own.push_back({++numbers, entry_of(denial), denial.until});
  if (own.size() <= limits::denylist_untold) return;
  log->warn(
      "too many denials to tell them all again: should Redis lose them, the oldest are in the database");
  while (own.size() > limits::denylist_untold) own.pop_front();
}

void RedisDenylist::State::tell_all_again() {
  {
    const std::unique_lock lock(mutex);
    told = 0;
  }
  work.raise();
}

// Tells and reads whatever there is, and tries again where that failed.
Awaitable<void> RedisDenylist::State::run() {
  const auto self = shared_from_this();
  for (;;) {
    co_await work.wait();
    if (stopped) co_return;
    const bool all_told = co_await tell();
    if (stopped) co_return;
    const bool all_read = co_await read_all();
    if (stopped) co_return;
    if (all_told && all_read) continue;
    co_await clock.sleep_for(limits::denylist_retry);
    work.raise();
  }
}

std::vector<Own> RedisDenylist::State::untold() {
  const std::unique_lock lock(mutex);
  const auto first = std::ranges::upper_bound(own, told, {}, &Own::number);
  const auto count = std::min<std::ptrdiff_t>(own.end() - first, limits::denylist_chunk);
  return {first, first + count};
}

Awaitable<bool> RedisDenylist::State::tell() {
  while (!stopped) {
    const std::vector<Own> chunk = untold();
    if (chunk.empty()) co_return true;
    const Time forget = clock.now() - limits::denylist_pause;
    redis::Words keys{std::string(key)};
    redis::Words arguments{std::string(channel), sender, std::to_string(to_unix_ms(forget))};
    for (const Own& each : chunk) {
      arguments.push_back(std::to_string(to_unix_ms(each.until)));
      arguments.push_back(each.entry);
    }
    const auto done = co_await client->eval(script, std::move(keys), std::move(arguments));
    if (!done) co_return false;
    const std::unique_lock lock(mutex);
    told = std::max(told, chunk.back().number);
  }
  co_return false;
}

// From the latest expiry down: what is added meanwhile moves entries to where they are read once more, and
// what is published meanwhile is heard.
Awaitable<bool> RedisDenylist::State::read_all() {
  if (!must_read) co_return true;
  must_read = false;
  const std::string now = std::to_string(to_unix_ms(clock.now()));
  for (std::size_t offset = 0;; offset += limits::denylist_chunk) {
    redis::Words words{"ZREVRANGEBYSCORE",
                       std::string(key),
                       "+inf",
                       now,
                       "WITHSCORES",
                       "LIMIT",
                       std::to_string(offset),
                       std::to_string(limits::denylist_chunk)};
    const auto reply = co_await client->command(std::move(words));
    if (stopped) co_return false;
    if (!reply) {
      must_read = true;
      co_return false;
    }
    std::vector<Denial> denials;
    for (std::size_t i = 0; i + 1 < reply->elements.size(); i += 2) {
      auto denial = denial_from(reply->elements[i].text, reply->elements[i + 1].text);
      if (denial) denials.push_back(std::move(*denial));
    }
    local->deny(denials);
    if (reply->elements.size() < 2 * limits::denylist_chunk) break;
  }
  // Subscribed anew while it was reading: it will read once more.
  current = !must_read && subscriber->listening();
  co_return true;
}

// "sender\nuntil entry\nuntil entry..."
void RedisDenylist::State::hear(std::string_view message) {
  std::vector<Denial> denials;
  bool first = true;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    if (std::exchange(first, false)) {
      if (line == sender) return;
      continue;
    }
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    auto denial = denial_from(line.substr(space + 1), line.substr(0, space));
    if (denial) denials.push_back(std::move(*denial));
  }
  local->deny(denials);
}

}  // namespace buyme::user
