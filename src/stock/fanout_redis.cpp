#include "stock/fanout_redis.hpp"

#include <array>
#include <boost/asio/detached.hpp>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "core/event.hpp"
#include "core/random.hpp"
#include "redis/client.hpp"
#include "redis/subscriber.hpp"

namespace buyme::stock {

namespace {

constexpr std::string_view channel = "buyme:stock";

void append_news(std::string& out, const StockNews& news) {
  const LedgerSnapshot& ledger = news.ledger;
  out += fmt::format("\n{} {} {} {} {}", ledger.product.value, ledger.version, ledger.total, ledger.committed,
                     news.sold);
}

std::optional<StockNews> news_from(std::string_view line) {
  std::array<std::int64_t, 5> numbers{};
  const char* at = line.data();
  const char* const end = at + line.size();
  for (auto& number : numbers) {
    if (at != line.data() && at != end) ++at;  // the blank
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc{}) return std::nullopt;
    at = read.ptr;
  }
  if (at != end) return std::nullopt;
  return StockNews{{ProductId{numbers[0]}, numbers[1], numbers[2], numbers[3]}, numbers[4]};
}

}  // namespace

struct RedisFanout::State : std::enable_shared_from_this<State> {
  State(redis::Settings settings, OnNews its_on_news, Clock& its_clock, Executor its_executor, Log log)
      : on_news(std::move(its_on_news)), clock(its_clock), executor(its_executor), work(executor) {
    // They run only while client and subscriber live, which ~RedisFanout ends.
    client.emplace(settings, clock, executor, log, [this] { tell_all_again(); });
    redis::Subscriber::Handlers handlers;
    handlers.on_message = [this](std::string_view, std::string_view message) { hear(message); };
    subscriber.emplace(std::move(settings), std::vector<std::string>{std::string(channel)},
                       std::move(handlers), clock, executor, std::move(log));
  }

  struct Product {
    std::int64_t heard = -1;  // the newest version, of others or of this server
    std::optional<StockNews> own;
    Monotonic next{};  // not told before
  };

  Awaitable<void> run();
  void wake_at(Monotonic when);
  static Awaitable<void> run_alarm(std::shared_ptr<State> state, Monotonic when);
  std::string message_of_what_is_due(Monotonic now, Monotonic& next);
  void tell_all_again();
  void hear(std::string_view message);

  const OnNews on_news;
  Clock& clock;
  const Executor executor;
  const std::string sender = secure_random_hex(8);
  std::optional<redis::Client> client;
  std::optional<redis::Subscriber> subscriber;
  Event work;
  std::map<ProductId, Product> products;
  std::set<ProductId> untold;
  Monotonic alarm = Monotonic::max();  // when run() will be woken
  bool stopped = false;
};

RedisFanout::RedisFanout(redis::Settings settings, OnNews on_news, Clock& clock, Executor executor, Log log)
    : state_(std::make_shared<State>(std::move(settings), std::move(on_news), clock, executor,
                                     std::move(log))) {}

RedisFanout::~RedisFanout() {
  state_->stopped = true;
  state_->subscriber.reset();
  state_->client.reset();
  state_->work.raise();
}

void RedisFanout::start() {
  state_->client->start();
  state_->subscriber->start();
  asio::co_spawn(
      state_->executor, [state = state_] { return state->run(); },
      [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
      });
}

void RedisFanout::publish(const StockNews& news) {
  auto& product = state_->products[news.ledger.product];
  if (news.ledger.version <= product.heard) return;
  product.heard = news.ledger.version;
  product.own = news;
  state_->untold.insert(news.ledger.product);
  state_->work.raise();
}

Awaitable<void> RedisFanout::State::run() {
  const auto self = shared_from_this();
  while (!stopped) {
    // Without a connection nothing is kept for later but the newest, which the reconnect tells.
    if (untold.empty() || !client->connected()) {
      co_await work.wait();
      continue;
    }
    Monotonic next = Monotonic::max();
    std::string message = message_of_what_is_due(clock.monotonic(), next);
    if (message.empty()) {
      wake_at(next);
      co_await work.wait();
      continue;
    }
    redis::Words words{"PUBLISH", std::string(channel), std::move(message)};
    const auto told = co_await client->command(std::move(words));
    (void)told;  // when it was not, the connection is lost, and all is told again over the next
  }
}

void RedisFanout::State::wake_at(Monotonic when) {
  if (alarm <= when) return;
  alarm = when;
  asio::co_spawn(executor, run_alarm(shared_from_this(), when), asio::detached);
}

Awaitable<void> RedisFanout::State::run_alarm(std::shared_ptr<State> state, Monotonic when) {
  co_await state->clock.sleep_until(when);
  if (state->alarm == when) state->alarm = Monotonic::max();
  state->work.raise();
}

// Empty when nothing is; `next` is when something will be.
std::string RedisFanout::State::message_of_what_is_due(Monotonic now, Monotonic& next) {
  std::string message;
  for (auto at = untold.begin(); at != untold.end();) {
    Product& product = products[*at];
    if (product.next > now) {
      next = std::min(next, product.next);
      ++at;
      continue;
    }
    if (message.empty()) message = sender;
    append_news(message, *product.own);
    product.next = now + limits::fanout_pause;
    at = untold.erase(at);
  }
  return message;
}

void RedisFanout::State::tell_all_again() {
  for (const auto& [id, product] : products) {
    if (product.own) untold.insert(id);
  }
  work.raise();
}

// "sender\nproduct version total committed sold\n..."
void RedisFanout::State::hear(std::string_view message) {
  bool first = true;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    if (std::exchange(first, false)) {
      if (line == sender) return;
      continue;
    }
    const auto news = news_from(line);
    if (!news) continue;
    Product& product = products[news->ledger.product];
    if (news->ledger.version <= product.heard) continue;
    product.heard = news->ledger.version;
    on_news(*news);
  }
}

}  // namespace buyme::stock
