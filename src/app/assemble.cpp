// Every service in this process, over one SQLite file each, or over a database server and a Redis that
// several such processes share (app/places.hpp).
//
// Threads: N for HTTP, one for the order writer and the jobs that read its store, one for checkpoints of the
// order file, and the pools. Contexts are declared first and so destroyed last: whatever is still suspended
// then is destroyed with them, after the services that kept it waiting.
#include "app/assemble.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <thread>

#include "app/api_docs.hpp"
#include "app/operator_desk.hpp"
#include "app/places.hpp"
#include "core/limits.hpp"
#include "core/random.hpp"
#include "core/token.hpp"
#include "db/lease.hpp"
#include "http/server.hpp"
#include "order/endpoints.hpp"
#include "order/store_sqlite.hpp"
#include "payment/endpoints.hpp"
#include "payment/service.hpp"
#include "product/endpoints.hpp"
#include "product/service.hpp"
#include "product/store.hpp"
#include "stock/gate_redis.hpp"
#include "user/authenticator.hpp"
#include "user/denylist_redis.hpp"
#include "user/endpoints.hpp"
#include "user/service.hpp"
#include "user/store.hpp"

namespace buyme::app {

namespace {

// A coroutine that must not end by an exception: the shop cannot go on without it, and what is on disk is
// right.
auto fatal_for(Log log, std::string what) {
  return [log = std::move(log), what = std::move(what)](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
      log->critical("{} failed: {}; this process ends and starts from what is on disk", what, thrown.what());
    }
    log->flush();
    std::abort();
  };
}

// One event loop on a thread of its own.
class Thread {
 public:
  Thread() : work_(asio::make_work_guard(context_)) {}
  ~Thread() { stop(); }
  void start() {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "order-writer");
      context_.run();
    });
  }
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  ExecutionContext& context() { return context_; }

 private:
  ExecutionContext context_{1};
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

// Moves committed pages into the order file beside the writer, so that no round pays for it.
class Checkpoints {
 public:
  Checkpoints(const std::string& path, Log log)
      : checkpointer_(path), log_(std::move(log)), thread_([this] {
          pthread_setname_np(pthread_self(), "checkpoint");
          run();
        }) {}
  ~Checkpoints() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, limits::checkpoint_pause, [this] { return stopping_; })) {
      lock.unlock();
      checkpoint();
      lock.lock();
    }
  }

  // One that fails, as on a full disk, loses nothing: the log keeps its pages until a later one has moved
  // them.
  void checkpoint() {
    try {
      checkpointer_.checkpoint();
      complained_ = false;
    } catch (const std::exception& error) {
      if (!std::exchange(complained_, true))
        log_->warn("a checkpoint failed, and is tried again: {}", error.what());
    }
  }

  order::OrderCheckpointer checkpointer_;
  Log log_;
  bool complained_ = false;  // of the failure that goes on
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

std::vector<Executor> homes_of(http::IoThreads& io, Thread& writer) {
  std::vector<Executor> homes{writer.context().get_executor()};
  for (std::size_t i = 0; i < io.size(); ++i) homes.push_back(io.context(i).get_executor());
  return homes;
}

order::WriterSettings writer_settings(const Config& config) {
  order::WriterSettings settings;
  settings.decide.hold = std::chrono::seconds{config.order.hold_seconds};
  settings.decide.payment_grace = std::chrono::seconds{config.order.payment_grace_seconds};
  settings.queue = static_cast<std::size_t>(config.order.queue);
  settings.shares_store = config.shares_database();
  return settings;
}

user::UserSettings user_settings(const Config& config) {
  user::UserSettings settings;
  settings.access_token_seconds = config.user.access_token_seconds;
  settings.refresh_token_seconds = config.user.refresh_token_seconds;
  settings.limit_attempts = config.auth != Auth::trusted;
  return settings;
}

payment::SimulatedProviderSettings provider_settings(const Config& config) {
  payment::SimulatedProviderSettings settings;
  settings.path = place_of(config, "provider");
  settings.success_rate = config.payment.success_rate;
  settings.latency = Milliseconds{config.payment.latency_ms};
  settings.seed = static_cast<std::uint64_t>(config.payment.seed);
  return settings;
}

http::ServerSettings server_settings(const Config& config) {
  http::ServerSettings settings;
  settings.host = config.server.host;
  settings.port = static_cast<std::uint16_t>(config.server.port);
  settings.trusted = config.auth == Auth::trusted;
  settings.max_connections = static_cast<std::size_t>(config.server.max_connections);
  settings.max_streams = std::min(limits::max_streams, settings.max_connections / 2);
  settings.allowed_origins = config.server.allowed_origins;
  settings.trusted_proxies = config.server.trusted_proxies;
  settings.forwarded_by = config.server.forwarded_by;
  settings.operator_token = config.server.operator_token;
  settings.account_rate = {config.rate.account_per_second, config.rate.account_burst};
  settings.address_rate = {config.rate.address_per_second, config.rate.address_burst};
  return settings;
}

}  // namespace

struct Shop::Parts {
  Parts(const Config& settings, Log logger)
      : config(settings),
        log(std::move(logger)),
        calendar(make_calendar(config.shop.time_zone)),
        io(static_cast<std::size_t>(config.server.io_threads)),
        key(token_key_of(config)),
        hashing("hash", static_cast<std::size_t>(config.user.hash_threads), limits::hash_queue),
        database("database", static_cast<std::size_t>(config.pools.read_threads), limits::read_queue),
        denylist(make_denylist()),
        user_store(user::open_user_store(place_of(config, "user"), sessions())),
        users(user_settings(config), *user_store, *denylist, hashing, database, key, *clock, log),
        order_store(open_order_store(config, *clock, log)),
        order_reads(open_order_reads(config, database)),
        gate(make_gate()),
        order_writer(writer_settings(config), *order_store, *order_reads, *gate, board, *clock,
                     writer.context().get_executor(), homes_of(io, writer), log),
        orders(order_writer, *order_store, *order_reads, board, *clock, log),
        account_ending(*user_store, *denylist, orders, database, *clock, log),
        product_store(product::make_sql_product_store(place_of(config, "product"), sessions(), log)),
        products(*product_store, orders, database, *clock, log),
        payment_store(payment::make_sql_payment_store(place_of(config, "payment"), log)),
        provider(payment::make_simulated_provider(provider_settings(config), *clock, log)),
        payments({Milliseconds{config.payment.timeout_ms}}, *payment_store, *provider, orders, *clock, log),
        payment_reads(payment::make_sql_payment_reads(place_of(config, "payment"), sessions(), log)),
        payment_records(*payment_reads, orders, database, *clock),
        authenticator(key, *denylist, *clock),
        server(server_settings(config), router, authenticator, *clock, io, log),
        desk({server, orders, order_writer, *order_store, writer.context().get_executor(), hashing, database,
              audits, *clock, *gate, place_of(config, "order"), place_of(config, "payment"), files(),
              [this] { return books_of(this->config, clock->now()); }}) {
    if (!config.shares_database()) checkpoints.emplace(file("order.sqlite"), log);
    const auto denials = user_store->denials(clock->now());
    if (shared_denylist != nullptr) {
      shared_denylist->learn(denials);
      shared_denylist->start();
    } else {
      denylist->deny(denials);
    }
    router.mount(users, user::endpoints());
    router.mount(account_ending, user::ending_endpoints());
    router.mount(products, product::endpoints());
    router.mount(orders, order::endpoints());
    router.mount(payments, payment::endpoints());
    router.mount(payment_records, payment::record_endpoints());
    router.mount(desk, operator_endpoints());
    router.mount(docs, documentation_endpoints());
  }

  std::string file(std::string_view name) const { return config.data_dir + "/" + std::string(name); }
  std::size_t sessions() const { return static_cast<std::size_t>(config.pools.read_threads); }

  // The databases that must answer; the order store answers for a server's.
  std::vector<std::string> files() const {
    if (config.shares_database()) return {};
    return {file("user.sqlite"), file("product.sqlite"), file("payment.sqlite"), file("order.sqlite")};
  }
  std::unique_ptr<user::Denylist> make_denylist();
  std::unique_ptr<stock::StockGate> make_gate();
  db::JobLease& lease(std::string_view service, std::string job);

  void start_orders();
  void start_jobs();
  void start_http();
  bool stop(std::chrono::milliseconds deadline);

  Config config;
  Log log;
  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<Calendar> calendar;
  http::IoThreads io;
  Thread writer;

  TokenKey key;
  Pool hashing, database;
  Pool audits{"audit", 1, limits::audit_queue};
  user::RedisDenylist* shared_denylist = nullptr;  // the same where servers share one
  std::unique_ptr<user::Denylist> denylist;
  std::unique_ptr<user::UserStore> user_store;
  user::UserService users;

  order::StockBoard board;
  std::unique_ptr<order::OrderStore> order_store;
  std::unique_ptr<order::OrderReads> order_reads;
  std::unique_ptr<redis::Client> gate_client;  // of servers that share a gate
  stock::RedisGate* shared_gate = nullptr;
  std::unique_ptr<stock::StockGate> gate;
  order::OrderWriter order_writer;
  order::OrderService orders;
  user::AccountEnding account_ending;

  std::unique_ptr<product::ProductStore> product_store;
  product::ProductService products;

  std::unique_ptr<payment::PaymentStore> payment_store;
  std::unique_ptr<payment::PaymentProvider> provider;
  payment::PaymentService payments;
  std::unique_ptr<payment::PaymentReads> payment_reads;
  payment::PaymentRecords payment_records;

  user::JwtAuthenticator authenticator;
  http::Router router;
  std::optional<Checkpoints> checkpoints;
  std::vector<std::unique_ptr<db::JobLease>> leases;
  http::Server server;
  OperatorDesk desk;
  ApiDocs docs;

  std::future<void> rounds_ended;
  bool stopped = false;
};

std::unique_ptr<user::Denylist> Shop::Parts::make_denylist() {
  if (!config.shares_database()) return user::make_local_denylist(*clock);
  auto shared = std::make_unique<user::RedisDenylist>(redis_settings(config), *clock,
                                                      io.context(0).get_executor(), log);
  shared_denylist = shared.get();
  return shared;
}

std::unique_ptr<stock::StockGate> Shop::Parts::make_gate() {
  if (!config.shares_database()) return stock::make_local_gate();
  const Executor executor = writer.context().get_executor();
  gate_client = std::make_unique<redis::Client>(redis_settings(config), *clock, executor, log);
  gate_client->start();
  stock::RedisGateSettings settings;
  settings.when_away = config.redis.sells_without ? stock::WhenAway::go_on : stock::WhenAway::refuse;
  auto shared = std::make_unique<stock::RedisGate>(std::move(settings), *gate_client, *clock, executor, log);
  shared_gate = shared.get();
  return shared;
}

// Of several servers one does a job at a time.
db::JobLease& Shop::Parts::lease(std::string_view service, std::string job) {
  if (!config.shares_database()) return db::sole_server();
  leases.push_back(db::make_sql_lease(place_of(config, service), std::move(job), database, *clock));
  return *leases.back();
}

// The ledgers are read before the first request can come.
void Shop::Parts::start_orders() {
  writer.start();
  std::promise<void> ready;
  asio::co_spawn(writer.context(), order_writer.start(), [&ready](std::exception_ptr error) {
    if (error) return ready.set_exception(error);
    ready.set_value();
  });
  ready.get_future().get();

  auto ended = std::make_shared<std::promise<void>>();
  rounds_ended = ended->get_future();
  asio::co_spawn(writer.context(), order_writer.run(),
                 [ended, fatal = fatal_for(log, "the order writer")](std::exception_ptr error) {
                   fatal(error);
                   ended->set_value();
                 });
}

void Shop::Parts::start_jobs() {
  ExecutionContext& beside_orders = writer.context();  // they read the writer's store
  const auto start = [&](ExecutionContext& on, Awaitable<void> job, const char* name) {
    asio::co_spawn(on, std::move(job), fatal_for(log, name));
  };
  if (config.shares_database()) start(beside_orders, order_writer.run_refresh(), "the refresh of ledgers");
  start(beside_orders, orders.run_expiry(lease("order", "expiry")), "the expiry of holds");
  start(beside_orders, orders.run_refund_delivery(payments, lease("order", "refunds")),
        "the delivery of refunds");
  start(beside_orders, orders.run_shipping(*calendar, lease("order", "shipping")), "shipping");
  start(io.context(0), account_ending.run_sweeper(lease("user", "accounts")), "the sweeper of accounts");
  start(io.context(0), products.run_sweeper(lease("product", "products")), "the product sweeper");
  start(io.context(0), payments.run_sweeper(lease("payment", "payments")), "the payment sweeper");
}

void Shop::Parts::start_http() {
  io.start();
  server.start();
  desk.enter(OperatorDesk::Phase::serving);
}

bool Shop::Parts::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(stopped, true)) return true;
  desk.enter(OperatorDesk::Phase::stopping);
  const Monotonic latest = clock->monotonic() + deadline;
  const auto left = [&] {
    return std::max<std::chrono::nanoseconds>(latest - clock->monotonic(), Milliseconds{0});
  };

  // I/O threads outlive the writer: its last answers leave through them.
  bool in_time = server.stop(std::chrono::ceil<Milliseconds>(left()));
  order_writer.stop();
  if (rounds_ended.valid()) in_time = rounds_ended.wait_for(left()) == std::future_status::ready && in_time;
  if (shared_gate != nullptr) {
    auto told = asio::co_spawn(writer.context(), shared_gate->flush(), asio::use_future);
    told.wait_for(left());
  }
  io.stop();
  writer.stop();
  for (Pool* pool : {&hashing, &database, &audits}) pool->stop();  // their work uses the stores and services
  return in_time;
}

Shop::Shop(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Shop::~Shop() {
  parts_->stop(limits::shutdown_deadline);
}

std::unique_ptr<Shop> Shop::start(const Config& config, Log log) {
  std::unique_ptr<Shop> shop(new Shop(std::make_unique<Parts>(config, std::move(log))));
  shop->parts_->start_orders();
  shop->parts_->start_jobs();
  shop->parts_->start_http();
  return shop;
}

bool Shop::stop(std::chrono::milliseconds deadline) {
  return parts_->stop(deadline);
}
std::uint16_t Shop::port() const {
  return parts_->server.port();
}
std::string Shop::address() const {
  return "http://" + parts_->config.server.host + ":" + std::to_string(parts_->server.port());
}
user::UserService& Shop::users() {
  return parts_->users;
}

std::int64_t Shop::ship(Time as_of) {
  std::promise<Result<std::int64_t>> moved;
  asio::co_spawn(parts_->writer.context(), parts_->orders.advance_shipping(*parts_->calendar, as_of),
                 [&moved](std::exception_ptr error, Result<std::int64_t> result) {
                   if (error) return moved.set_exception(error);
                   moved.set_value(std::move(result));
                 });
  auto result = moved.get_future().get();
  if (!result) throw std::runtime_error(result.error().detail);
  return *result;
}

}  // namespace buyme::app
