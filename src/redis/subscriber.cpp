#include "redis/subscriber.hpp"

#include <boost/asio/detached.hpp>
#include <utility>

#include "redis/backoff.hpp"

namespace buyme::redis {

struct Subscriber::State : std::enable_shared_from_this<State> {
  State(Settings given, std::vector<std::string> names, Handlers its_handlers, Clock& its_clock,
        Executor its_executor, Log its_log)
      : settings(std::move(given)),
        channels(std::move(names)),
        handlers(std::move(its_handlers)),
        clock(its_clock),
        executor(its_executor),
        log(std::move(its_log)) {}

  Awaitable<void> run();
  Awaitable<std::string> serve();
  static Awaitable<void> watch(std::shared_ptr<State> state, std::shared_ptr<Connection> connection);
  void hear(const Reply& reply);

  const Settings settings;
  const std::vector<std::string> channels;
  const Handlers handlers;
  Clock& clock;
  const Executor executor;
  const Log log;
  std::shared_ptr<Connection> connection;  // null: none
  std::size_t confirmed = 0;               // channels, on this connection
  Monotonic heard_at{};
  bool stopped = false;
};

Subscriber::Subscriber(Settings settings, std::vector<std::string> channels, Handlers handlers, Clock& clock,
                       Executor executor, Log log)
    : state_(std::make_shared<State>(std::move(settings), std::move(channels), std::move(handlers), clock,
                                     executor, std::move(log))) {}

Subscriber::~Subscriber() {
  state_->stopped = true;
  if (state_->connection) std::exchange(state_->connection, nullptr)->close();
}

void Subscriber::start() {
  asio::co_spawn(
      state_->executor, [state = state_] { return state->run(); },
      [state = state_](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
      });
}

bool Subscriber::listening() const {
  return state_->connection != nullptr && state_->confirmed == state_->channels.size();
}

Awaitable<void> Subscriber::State::run() {
  const auto self = shared_from_this();
  Backoff backoff;
  bool told = false;
  while (!stopped) {
    std::string why;
    const Monotonic since = clock.monotonic();
    auto opened = co_await open_connection(settings, clock);
    if (stopped) co_return;
    if (opened) {
      connection = std::move(*opened);
      why = co_await serve();
      if (stopped) co_return;
      if (clock.monotonic() - since > limits::redis_backoff_max && confirmed == channels.size()) {
        backoff.reset();
        told = false;
      }
      connection = nullptr;
      if (std::exchange(confirmed, 0) == channels.size() && handlers.on_deaf) handlers.on_deaf();
    } else {
      why = opened.error().detail;
    }
    if (!std::exchange(told, true)) log->warn("nothing is heard from Redis: {}", why);
    co_await clock.sleep_for(backoff.next());
  }
}

// Listens until the connection ends; why it did.
Awaitable<std::string> Subscriber::State::serve() {
  const auto used = connection;
  confirmed = 0;
  heard_at = clock.monotonic();
  asio::co_spawn(executor, watch(shared_from_this(), used), asio::detached);
  Words words{"SUBSCRIBE"};
  words.insert(words.end(), channels.begin(), channels.end());
  std::string bytes;
  append_command(bytes, words);
  const auto sent = co_await used->send(std::move(bytes));
  if (!sent) {
    used->close();
    co_return sent.error().detail;
  }
  while (!stopped) {
    const auto reply = co_await used->receive();
    if (stopped) break;
    if (!reply || reply->is_error()) {
      used->close();
      co_return reply ? reply->text : reply.error().detail;
    }
    heard_at = clock.monotonic();
    hear(*reply);
  }
  co_return std::string();
}

void Subscriber::State::hear(const Reply& reply) {
  if (reply.elements.size() != 3) return;  // a pong has two
  const std::string& what = reply.elements[0].text;
  if (what == "message") handlers.on_message(reply.elements[1].text, reply.elements[2].text);
  if (what != "subscribe" || ++confirmed != channels.size()) return;
  if (handlers.on_listening) handlers.on_listening();
}

// A peer that is gone without a word is noticed because it does not answer a ping.
Awaitable<void> Subscriber::State::watch(std::shared_ptr<State> state, std::shared_ptr<Connection> used) {
  co_await state->clock.sleep_for(limits::redis_ping);  // by then the subscription has been sent
  while (state->connection == used) {
    const Monotonic asked = state->clock.monotonic();
    if (state->confirmed < state->channels.size()) break;
    std::string ping;
    const Words words{"PING"};
    append_command(ping, words);
    const auto sent = co_await used->send(std::move(ping));
    if (!sent) break;
    co_await state->clock.sleep_for(state->settings.timeout);
    if (state->heard_at < asked) break;
    co_await state->clock.sleep_for(limits::redis_ping);
  }
  used->close();
}

}  // namespace buyme::redis
