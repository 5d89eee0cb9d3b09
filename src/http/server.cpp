#include "http/server.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <csignal>
#include <system_error>
#include <thread>

#include "http/response_writer.hpp"
#include "http/session.hpp"

namespace buyme::http {

using asio::ip::tcp;
using Code = boost::system::error_code;

namespace {

constexpr std::size_t max_free_exchanges = 1'024;
constexpr std::size_t max_out_bytes = 256 * 1024;  // kept by a thread between answers
constexpr std::size_t max_turned_away = 1'024;     // told so at once; more are closed without a word
constexpr auto descriptor_pause = std::chrono::milliseconds(50);

void check(const Code& code, const std::string& what) {
  if (code) throw std::system_error(std::error_code(code), what);
}

// Ten thousand connections need more than the usual 1,024 descriptors. Failing is not fatal here: accept says
// so when they run out.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

tcp::endpoint resolve(ExecutionContext& context, const ServerSettings& settings) {
  Code failed;
  const auto address = asio::ip::make_address(settings.host, failed);
  if (!failed) return {address, settings.port};
  asio::ip::basic_resolver<tcp, Executor> resolver(context.get_executor());
  const auto found = resolver.resolve(settings.host, std::to_string(settings.port), failed);
  check(failed, "cannot find the address of " + settings.host);
  return found.begin()->endpoint();
}

Acceptor bind_to(ExecutionContext& context, const tcp::endpoint& endpoint, bool shared) {
  Code failed;
  Acceptor acceptor(context.get_executor());
  const std::string where =
      "cannot listen on " + endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
  acceptor.open(endpoint.protocol(), failed);
  check(failed, where);
  acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  check(failed, where);
  const int on = 1;
  if (shared && setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    throw std::system_error(errno, std::generic_category(), where);
  }
  acceptor.set_option(tcp::no_delay(true), failed);  // accepted sockets inherit it
  check(failed, where);
  acceptor.bind(endpoint, failed);
  check(failed, where);
  if (shared) acceptor.listen(limits::listen_backlog, failed);
  check(failed, where);
  return acceptor;
}

bool out_of_descriptors(const Code& code) {
  return code.value() == EMFILE || code.value() == ENFILE || code.value() == ENOBUFS ||
         code.value() == ENOMEM;
}

void start_session(const std::shared_ptr<ServerState>& state, Shard& shard, Session::Socket socket) {
  const auto executor = shard.context.get_executor();
  if (state->connections.fetch_add(1) < state->settings.max_connections) {
    auto session = std::make_unique<Session>(state, shard, std::move(socket), state->connections);
    asio::co_spawn(executor, Session::serve(std::move(session)), asio::detached);
    return;
  }
  state->connections.fetch_sub(1);
  state->connections_refused.add();
  if (state->turned_away.fetch_add(1) < max_turned_away) {
    auto session = std::make_unique<Session>(state, shard, std::move(socket), state->turned_away);
    asio::co_spawn(executor, Session::turn_away(std::move(session)), asio::detached);
    return;
  }
  state->turned_away.fetch_sub(1);
}

Awaitable<void> accept_connections(std::shared_ptr<ServerState> state, Shard& shard, Acceptor acceptor) {
  shard.acceptor = &acceptor;
  bool complained = false;
  while (acceptor.is_open()) {
    Code failed;
    Session::Socket socket(acceptor.get_executor());
    co_await acceptor.async_accept(socket, asio::redirect_error(use_awaitable, failed));
    if (!failed) {
      complained = false;
      start_session(state, shard, std::move(socket));
    } else if (out_of_descriptors(failed)) {
      // The connection stays in the backlog and accept would fail again at once.
      if (!complained) state->log->warn("cannot accept connections: {}", failed.message());
      complained = true;
      co_await state->clock.sleep_for(descriptor_pause);
    }
  }
  shard.acceptor = nullptr;
}

Awaitable<void> sweep_connections(std::shared_ptr<ServerState> state, Shard& shard) {
  while (!shard.stopping || !shard.sessions.empty()) {
    co_await state->clock.sleep_for(state->settings.timeouts.sweep);
    shard.tick();
    const Monotonic now = shard.coarse_now;
    for (ListHook& session : shard.sessions) static_cast<Session&>(session).sweep(now);
  }
}

void stop_shard(Shard& shard) {
  shard.stopping = true;
  Code failed;
  if (shard.acceptor != nullptr) shard.acceptor->close(failed);
  for (ListHook& session : shard.sessions) static_cast<Session&>(session).shut_down();
}

}  // namespace

Shard::Shard(ServerState& state, ExecutionContext& on)
    : server(state),
      context(on),
      random(hash_bytes(secure_random_bytes(32)), "request ids"),
      traffic(state.router.routes().size()) {
  tick();
}

std::unique_ptr<Exchange> Shard::take_exchange() {
  if (free_exchanges.empty()) return std::make_unique<Exchange>();
  auto exchange = std::move(free_exchanges.back());
  free_exchanges.pop_back();
  return exchange;
}

void Shard::give_back(std::unique_ptr<Exchange> exchange) {
  if (free_exchanges.size() >= max_free_exchanges) return;
  exchange->response.clear();
  if (exchange->response.body.capacity() > limits::kept_buffer_bytes) exchange->response.body = {};
  if (exchange->collected.capacity() > limits::kept_buffer_bytes) exchange->collected = {};
  free_exchanges.push_back(std::move(exchange));
  if (out.capacity() > max_out_bytes) out = {};
}

void Shard::tick() {
  coarse_now = server.clock.monotonic();
  date = date_header(server.clock.now());
  access_lines = limits::access_lines;
  if (unlogged > 0) server.log->warn("{} more slow or failed requests were not logged", unlogged);
  unlogged = 0;
}

struct IoThreads::State {
  using Guard = asio::executor_work_guard<Executor>;
  std::vector<std::unique_ptr<ExecutionContext>> contexts;
  std::vector<Guard> guards;
  std::vector<std::thread> threads;
};

IoThreads::IoThreads(std::size_t count) : state_(std::make_unique<State>()) {
  for (std::size_t i = 0; i < count; ++i) {
    // The hint spares the wake-ups between threads of one context: each has a single one.
    state_->contexts.push_back(std::make_unique<ExecutionContext>(1));
    state_->guards.emplace_back(state_->contexts.back()->get_executor());
  }
}

IoThreads::~IoThreads() {
  stop();
  state_->guards.clear();
}

std::size_t IoThreads::size() const {
  return state_->contexts.size();
}

ExecutionContext& IoThreads::context(std::size_t index) {
  return *state_->contexts.at(index);
}

void IoThreads::start() {
  // Signals are for the main thread alone; threads inherit the mask they are started under.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (auto& context : state_->contexts) {
    state_->threads.emplace_back([&io = *context] { io.run(); });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void IoThreads::stop() {
  for (auto& context : state_->contexts) context->stop();
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
}

struct Server::State {
  std::shared_ptr<ServerState> shared;
  IoThreads& threads;
  std::uint16_t port = 0;
  bool started = false;
};

Server::Server(ServerSettings settings, const Router& router, const Authenticator& authenticator,
               Clock& clock, IoThreads& threads, Log log)
    : state_(std::make_unique<State>(State{
          std::make_shared<ServerState>(std::move(settings), router, authenticator, clock, log), threads})) {}

Server::~Server() {
  if (state_->started) stop(std::chrono::milliseconds(0));
}

void Server::start() {
  raise_descriptor_limit();
  const auto& shared = state_->shared;
  IoThreads& threads = state_->threads;
  tcp::endpoint endpoint = resolve(threads.context(0), shared->settings);
  // SO_REUSEPORT would let a second server of the same user share the port in silence; this bind does not.
  if (endpoint.port() != 0) bind_to(threads.context(0), endpoint, false);

  std::vector<Acceptor> acceptors;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    acceptors.push_back(bind_to(threads.context(i), endpoint, true));
    endpoint.port(acceptors.back().local_endpoint().port());
  }
  state_->port = endpoint.port();
  for (std::size_t i = 0; i < threads.size(); ++i) {
    shared->shards.push_back(std::make_unique<Shard>(*shared, threads.context(i)));
  }
  for (std::size_t i = 0; i < threads.size(); ++i) {
    Shard& shard = *shared->shards[i];
    const auto executor = shard.context.get_executor();
    asio::co_spawn(executor, accept_connections(shared, shard, std::move(acceptors[i])), asio::detached);
    asio::co_spawn(executor, sweep_connections(shared, shard), asio::detached);
  }
  state_->started = true;
}

std::uint16_t Server::port() const {
  return state_->port;
}

bool Server::stop(std::chrono::milliseconds deadline) {
  const auto& shared = state_->shared;
  for (auto& shard : shared->shards) {
    asio::post(shard->context, [shared, &shard = *shard] { stop_shard(shard); });
  }
  std::unique_lock lock(shared->mutex);
  return shared->closed.wait_for(lock, deadline, [&shared] {
    return shared->connections.load() == 0 && shared->turned_away.load() == 0;
  });
}

std::size_t Server::connections() const {
  return state_->shared->connections.load();
}

std::size_t Server::requests() const {
  std::size_t sum = 0;
  for (const auto& shard : state_->shared->shards) sum += shard->requests.load(std::memory_order_relaxed);
  return sum;
}

std::size_t Server::streams() const {
  return state_->shared->streams.load(std::memory_order_relaxed);
}

namespace {

struct RouteLabels {
  std::string_view method, path;
};

RouteLabels labels_of(std::span<const Router::Route> routes, std::size_t index) {
  if (index == routes.size()) return {"any", "unmatched"};
  return {method_name(routes[index].method), routes[index].path};
}

void append_requests(MetricsText& text, const ServerState& server) {
  static constexpr std::array<std::string_view, Traffic::classes> names{"2xx", "3xx", "4xx", "5xx"};
  const auto routes = server.router.routes();
  text.counter("buyme_http_requests_total", "Answered requests by route and class of status.");
  for (std::size_t route = 0; route <= routes.size(); ++route) {
    const auto [method, path] = labels_of(routes, route);
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::uint64_t answered = 0;
      for (const auto& shard : server.shards) answered += shard->traffic.answered(route, i);
      const auto count = static_cast<double>(answered);
      if (answered > 0) text.sample({{"method", method}, {"route", path}, {"status", names[i]}}, count);
    }
  }
  text.histogram("buyme_http_request_seconds", "From the first byte of a request to its answer.");
  for (std::size_t route = 0; route <= routes.size(); ++route) {
    Histogram::Reading reading;
    for (const auto& shard : server.shards) shard->traffic.latency(route).read_into(reading);
    const auto [method, path] = labels_of(routes, route);
    if (reading.count() > 0) text.sample({{"method", method}, {"route", path}}, reading);
  }
}

}  // namespace

void Server::append_metrics(MetricsText& text) const {
  const ServerState& server = *state_->shared;
  text.gauge("buyme_http_connections", "Open connections.");
  text.sample(static_cast<double>(connections()));
  text.counter("buyme_http_connections_refused_total", "Connections over the limit.");
  text.sample(static_cast<double>(server.connections_refused.value()));
  text.gauge("buyme_http_requests_in_progress", "Requests that are read, handled or answered.");
  text.sample(static_cast<double>(requests()));
  text.gauge("buyme_http_streams", "Listeners to server-sent events.");
  text.sample(static_cast<double>(streams()));
  text.counter("buyme_http_rate_limited_total", "Requests refused because their sender asks too often.");
  text.sample(static_cast<double>(server.rate_limited.value()));
  append_requests(text, server);
}

}  // namespace buyme::http
