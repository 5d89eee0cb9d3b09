#include "stock/gate_redis.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/detached.hpp>
#include <map>
#include <utility>

#include "core/event.hpp"
#include "core/random.hpp"
#include "embedded/stock_free.hpp"
#include "embedded/stock_reserve.hpp"

namespace buyme::stock {

namespace {

constexpr Units round_is_over = -1;  // instead of what is wanted

std::string key_of(ProductId product) {
  return fmt::format("{{product:{}}}", product.value);
}

// Calls on their way together, and who waits for the last of them.
struct Calls {
  Calls(Executor executor, std::size_t count)
      : replies(count, redis::unavailable("not asked")), left(count), done(executor) {}
  std::vector<Result<redis::Reply>> replies;
  std::size_t left;
  Event done;
};

}  // namespace

struct RedisGate::State : std::enable_shared_from_this<State> {
  State(RedisGateSettings given, redis::Client& its_client, Clock& its_clock, Executor its_executor,
        Log its_log)
      : settings(std::move(given)),
        client(its_client),
        clock(its_clock),
        executor(its_executor),
        log(std::move(its_log)),
        script(embedded::stock_reserve),
        free_script(embedded::stock_free) {
    if (settings.server.empty()) settings.server = secure_random_hex(8);
    settings.server = "server:" + settings.server;
  }

  struct Line {
    std::int64_t seq;
    LedgerSnapshot ledger;
    Units wanted;
  };
  Awaitable<std::vector<Result<redis::Reply>>> tell(std::vector<Line> lines);
  static Awaitable<void> tell_one(std::shared_ptr<State> state, std::shared_ptr<Calls> calls, std::size_t at,
                                  Line line);
  Awaitable<Result<redis::Reply>> call(const Line& line);
  void settle_later(std::int64_t seq, const LedgerSnapshot& ledger);
  static Awaitable<void> run_settle(std::shared_ptr<State> state);
  static Awaitable<void> send_unsettled(std::shared_ptr<State> state);
  void note(bool away);

  RedisGateSettings settings;
  redis::Client& client;
  Clock& clock;
  const Executor executor;
  const Log log;
  const redis::Script script, free_script;
  std::map<ProductId, Line> unsettled;  // ends of rounds that Redis has not been told
  bool settling = false;                // run_settle is under way
  int telling = 0;                      // calls of send_unsettled that are under way
  bool away = false;
  std::atomic<std::int64_t> unanswered{0};
  bool stopped = false;
};

RedisGate::RedisGate(RedisGateSettings settings, redis::Client& client, Clock& clock, Executor executor,
                     Log log)
    : state_(std::make_shared<State>(std::move(settings), client, clock, executor, std::move(log))) {}

RedisGate::~RedisGate() {
  state_->stopped = true;
}

Awaitable<Result<std::vector<Units>>> RedisGate::claim(const ClaimRound& round) {
  const auto state = state_;
  std::vector<State::Line> lines;
  lines.reserve(round.lines.size());
  for (const auto& line : round.lines) {
    state->unsettled.erase(line.ledger.product);  // this call says all of it, and newer
    lines.push_back({round.seq, line.ledger, line.wanted});
  }
  const auto replies = co_await state->tell(lines);

  std::vector<Units> granted;
  granted.reserve(lines.size());
  bool away = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool answered = replies[i] && replies[i]->kind == redis::Reply::Kind::integer;
    const LedgerSnapshot& ledger = lines[i].ledger;
    const Units free = answered ? replies[i]->number : ledger.total - ledger.committed;
    granted.push_back(std::clamp<Units>(free, 0, lines[i].wanted));
    away = away || !answered;
  }
  if (!lines.empty()) state->note(away);
  if (!away || state->settings.when_away == WhenAway::go_on) co_return granted;
  for (const auto& line : lines) state->settle_later(round.seq, line.ledger);
  co_return Failure(Error::overloaded,
                    "The stock cannot be asked for right now; nothing was done. Try again.")
      .retry_in(std::chrono::seconds{1});
}

Awaitable<void> RedisGate::settle(std::int64_t seq, const std::vector<LedgerSnapshot>& ledgers) {
  for (const auto& ledger : ledgers) state_->settle_later(seq, ledger);
  co_return;
}

Awaitable<Result<std::vector<Units>>> RedisGate::free(std::vector<LedgerSnapshot> ledgers) {
  const auto state = state_;
  std::vector<Units> units;
  for (const auto& ledger : ledgers) {
    if (state->stopped) co_return redis::unavailable("the gate has stopped");
    redis::Words keys{key_of(ledger.product)};
    redis::Words arguments{std::to_string(to_unix_ms(state->clock.now())), std::to_string(ledger.version),
                           std::to_string(ledger.total), std::to_string(ledger.committed)};
    const auto reply = co_await state->client.eval(state->free_script, std::move(keys), std::move(arguments));
    if (!reply) co_return reply.error();
    units.push_back(reply->number);
  }
  co_return units;
}

std::int64_t RedisGate::unanswered() const {
  return state_->unanswered.load(std::memory_order_relaxed);
}

Awaitable<void> RedisGate::flush() {
  const auto state = state_;
  co_await State::send_unsettled(state);
  while (state->telling > 0) co_await state->clock.sleep_for(limits::gate_settle_pause);
}

// All of them on one connection in this order, and nobody waits for a reply before the next is sent.
Awaitable<std::vector<Result<redis::Reply>>> RedisGate::State::tell(std::vector<Line> lines) {
  auto calls = std::make_shared<Calls>(executor, lines.size());
  if (lines.size() == 1) {
    auto reply = co_await call(lines[0]);
    calls->replies[0] = std::move(reply);
  } else if (!lines.empty()) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      asio::co_spawn(executor, tell_one(shared_from_this(), calls, i, lines[i]), asio::detached);
    }
    co_await calls->done.wait();
  }
  co_return std::move(calls->replies);
}

Awaitable<void> RedisGate::State::tell_one(std::shared_ptr<State> state, std::shared_ptr<Calls> calls,
                                           std::size_t at, Line line) {
  auto reply = co_await state->call(line);
  calls->replies[at] = std::move(reply);
  if (--calls->left == 0) calls->done.raise();
}

Awaitable<Result<redis::Reply>> RedisGate::State::call(const Line& line) {
  if (stopped) co_return redis::unavailable("the gate has stopped");
  const LedgerSnapshot& ledger = line.ledger;
  redis::Words keys{key_of(ledger.product)};
  redis::Words arguments{settings.server,
                         std::to_string(line.seq),
                         std::to_string(line.wanted),
                         std::to_string(to_unix_ms(clock.now())),
                         std::to_string(Milliseconds{limits::claim_lease}.count()),
                         std::to_string(Milliseconds{limits::gate_memory}.count()),
                         std::to_string(ledger.version),
                         std::to_string(ledger.total),
                         std::to_string(ledger.committed)};
  co_return co_await client.eval(script, std::move(keys), std::move(arguments));
}

void RedisGate::State::settle_later(std::int64_t seq, const LedgerSnapshot& ledger) {
  unsettled.insert_or_assign(ledger.product, Line{seq, ledger, round_is_over});
  if (std::exchange(settling, true)) return;
  asio::co_spawn(executor, run_settle(shared_from_this()), asio::detached);
}

Awaitable<void> RedisGate::State::run_settle(std::shared_ptr<State> state) {
  co_await state->clock.sleep_for(limits::gate_settle_pause);
  state->settling = false;
  if (!state->stopped) co_await send_unsettled(state);
}

// What cannot be told now is left: the claim expires, and the next call restates the rest.
Awaitable<void> RedisGate::State::send_unsettled(std::shared_ptr<State> state) {
  std::vector<Line> lines;
  for (const auto& [product, line] : std::exchange(state->unsettled, {})) lines.push_back(line);
  ++state->telling;
  const auto replies = co_await state->tell(std::move(lines));
  --state->telling;
}

Awaitable<bool> RedisGate::serves() {
  if (state_->settings.when_away == WhenAway::go_on) co_return true;
  redis::Words words{"PING"};
  const auto reply = co_await state_->client.command(std::move(words));
  co_return reply.has_value();
}

void RedisGate::State::note(bool now_away) {
  if (now_away) unanswered.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(away, now_away) == now_away) return;
  if (!now_away) return log->info("the stock gate answers again");
  log->warn("the stock gate is away: {}", settings.when_away == WhenAway::go_on
                                              ? "this server sells by its own ledger"
                                              : "placements are refused");
}

}  // namespace buyme::stock
