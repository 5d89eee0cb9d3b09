#include "redis/client.hpp"

#include <openssl/evp.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <stdexcept>

#include "core/event.hpp"
#include "redis/backoff.hpp"

namespace buyme::redis {

namespace {

using Handler = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;

// A command whose reply has not come. Its coroutine is suspended in `resume`.
struct Call {
  Monotonic deadline;
  Result<Reply> outcome = unavailable("");
  std::optional<Handler> resume;
};

std::string sha1_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-1, by which Redis names scripts");
  }
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// Replies of a server that will go on giving them: another one must be found.
bool is_of_no_use(const Reply& reply) {
  return reply.is_error("READONLY") || reply.is_error("LOADING") || reply.is_error("MASTERDOWN");
}

}  // namespace

Script::Script(std::string_view text) : text_(text), sha1_(sha1_hex(text)) {}

struct Client::State : std::enable_shared_from_this<State> {
  State(Settings given, Clock& its_clock, Executor its_executor, Log its_log, std::function<void()> connected)
      : settings(std::move(given)),
        clock(its_clock),
        executor(its_executor),
        log(std::move(its_log)),
        on_connected(std::move(connected)),
        to_send(executor) {}

  Awaitable<void> run();
  Awaitable<void> serve();
  static Awaitable<void> write(std::shared_ptr<State> state, std::shared_ptr<Connection> connection);
  static Awaitable<void> watch(std::shared_ptr<State> state, std::shared_ptr<Connection> connection);
  void finish(Result<Reply> outcome);
  void drop(const std::string& why);

  const Settings settings;
  Clock& clock;
  const Executor executor;
  const Log log;
  const std::function<void()> on_connected;
  std::shared_ptr<Connection> connection;  // null: none that may be used
  std::string outgoing;
  Event to_send;
  std::deque<std::shared_ptr<Call>> waiting;  // in the order in which they were sent
  bool stopped = false;
};

Client::Client(Settings settings, Clock& clock, Executor executor, Log log,
               std::function<void()> on_connected)
    : state_(std::make_shared<State>(std::move(settings), clock, executor, std::move(log),
                                     std::move(on_connected))) {}

Client::~Client() {
  state_->stopped = true;
  state_->drop("this client stops");
}

void Client::start() {
  asio::co_spawn(
      state_->executor, [state = state_] { return state->run(); },
      [state = state_](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
      });
}

bool Client::connected() const {
  return state_->connection != nullptr;
}

Awaitable<bool> Client::connected_within(Milliseconds patience) {
  const auto state = state_;
  const Monotonic latest = state->clock.monotonic() + patience;
  while (state->connection == nullptr && !state->stopped && state->clock.monotonic() < latest) {
    co_await state->clock.sleep_for(limits::redis_look_pause);
  }
  co_return state->connection != nullptr;
}

Awaitable<Result<Reply>> Client::command(Words words) {
  return exchange(state_, std::move(words));
}

Awaitable<Result<Reply>> Client::exchange(std::shared_ptr<State> state, Words words) {
  if (state->connection == nullptr) co_return unavailable("there is no connection to Redis");
  if (state->waiting.size() >= state->settings.in_flight) {
    co_return Failure(Error::overloaded, "Redis is behind; nothing was done. Repeat in a second.")
        .retry_in(std::chrono::seconds{1});
  }
  auto call = std::make_shared<Call>();
  call->deadline = state->clock.monotonic() + state->settings.timeout;
  append_command(state->outgoing, words);
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&](auto handler) {
        call->resume.emplace(std::move(handler));
        state->waiting.push_back(call);
        state->to_send.raise();
      },
      use_awaitable);
  if (call->outcome && call->outcome->is_error()) co_return unavailable(call->outcome->text);
  co_return std::move(call->outcome);
}

Awaitable<Result<Reply>> Client::eval(const Script& script, Words keys, Words arguments) {
  const auto state = state_;
  Words words{"EVALSHA", script.sha1(), std::to_string(keys.size())};
  words.insert(words.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
  words.insert(words.end(), std::make_move_iterator(arguments.begin()),
               std::make_move_iterator(arguments.end()));
  Words again = words;
  auto reply = co_await exchange(state, std::move(words));
  if (reply || !reply.error().detail.starts_with("NOSCRIPT")) co_return reply;
  again[0] = "EVAL";  // which makes the script known, too
  again[1] = script.text();
  co_return co_await exchange(state, std::move(again));
}

// Connects, serves until that ends, and connects again.
Awaitable<void> Client::State::run() {
  const auto self = shared_from_this();
  Backoff backoff;
  bool told = false;
  while (!stopped) {
    auto opened = co_await open_connection(settings, clock);
    if (stopped) co_return;
    if (!opened) {
      if (!std::exchange(told, true)) log->warn("Redis cannot be used: {}", opened.error().detail);
      co_await clock.sleep_for(backoff.next());
      continue;
    }
    if (std::exchange(told, false)) log->info("Redis can be used again");
    connection = std::move(*opened);
    outgoing.clear();
    const Monotonic since = clock.monotonic();
    co_await serve();
    if (stopped) co_return;
    told = true;
    if (clock.monotonic() - since > limits::redis_backoff_max) backoff.reset();
    co_await clock.sleep_for(backoff.next());
  }
}

// Hands replies to those who wait until the connection ends or is given up.
Awaitable<void> Client::State::serve() {
  const auto used = connection;
  asio::co_spawn(executor, write(shared_from_this(), used), asio::detached);
  asio::co_spawn(executor, watch(shared_from_this(), used), asio::detached);
  if (on_connected) on_connected();
  std::string why;
  while (connection == used) {
    auto reply = co_await used->receive();
    if (!reply) {
      why = reply.error().detail;
      break;
    }
    if (connection != used) break;
    if (waiting.empty()) {
      why = "Redis has answered what nobody asked";
      break;
    }
    const bool over = is_of_no_use(*reply);
    if (over) why = reply->text;
    finish(std::move(*reply));
    if (over) break;
  }
  if (connection == used) drop(why);
}

Awaitable<void> Client::State::write(std::shared_ptr<State> state, std::shared_ptr<Connection> used) {
  while (state->connection == used) {
    if (state->outgoing.empty()) {
      co_await state->to_send.wait();
      continue;
    }
    std::string bytes = std::exchange(state->outgoing, {});
    const auto sent = co_await used->send(std::move(bytes));
    if (!sent) used->close();  // which whoever reads from it will notice
  }
}

// Gives the connection up when a reply does not come in time: whatever is behind it would be late as well.
Awaitable<void> Client::State::watch(std::shared_ptr<State> state, std::shared_ptr<Connection> used) {
  while (state->connection == used) {
    const Monotonic now = state->clock.monotonic();
    if (!state->waiting.empty() && state->waiting.front()->deadline <= now) {
      state->drop("Redis does not answer in time");
      co_return;
    }
    Monotonic next = now + state->settings.timeout;  // earlier than any command that is yet to be sent
    if (!state->waiting.empty()) next = state->waiting.front()->deadline;
    co_await state->clock.sleep_until(next);
  }
}

void Client::State::finish(Result<Reply> outcome) {
  const auto call = std::move(waiting.front());
  waiting.pop_front();
  call->outcome = std::move(outcome);
  Handler resume = std::move(*call->resume);
  call->resume.reset();
  asio::post(executor, std::move(resume));
}

void Client::State::drop(const std::string& why) {
  if (connection == nullptr) return;
  if (!stopped) log->warn("the connection to Redis is given up: {}", why);
  std::exchange(connection, nullptr)->close();
  outgoing.clear();
  while (!waiting.empty()) finish(unavailable(why));
  to_send.raise();  // lets the one who writes see that it is over
}

}  // namespace buyme::redis
