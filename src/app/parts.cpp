#include "app/parts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "app/places.hpp"
#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme::app {

namespace {

order::WriterSettings writer_settings(const Config& config) {
  order::WriterSettings settings;
  settings.decide.hold = std::chrono::seconds{config.order.hold_seconds};
  settings.decide.payment_grace = std::chrono::seconds{config.order.payment_grace_seconds};
  settings.queue = static_cast<std::size_t>(config.order.queue);
  settings.shares_store = config.shares_database() || config.order.strategy != order::Strategy::group_commit;
  return settings;
}

std::uint64_t random_seed() {
  return hash_bytes(secure_random_bytes(16));
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
  settings.decline_amounts = amounts_of("payment.decline_amounts", config.payment.decline_amounts);
  settings.timeout_amounts = amounts_of("payment.timeout_amounts", config.payment.timeout_amounts);
  settings.silence = 2 * Milliseconds{config.payment.timeout_ms};
  return settings;
}

payment::Claims claims_of(const Config& config) {
  return config.payment.lock == payment::LockKind::none ? payment::Claims::none : payment::Claims::unique;
}

std::unique_ptr<payment::AttemptLock> make_attempt_lock(Host& host) {
  if (host.config.payment.lock != payment::LockKind::distributed) return nullptr;
  return payment::make_redis_attempt_lock(*host.locks, host.locking.executor());
}

}  // namespace

// --- orders

OrderPart::OrderPart(Host& host)
    : host_(host),
      calendar_(make_calendar(host.config.shop.time_zone)),
      store_(open_order_store(host.config, *host.clock, host.log, round_trips_)),
      reads_(open_order_reads(host.config, host.database, host.lists)),
      gate_(make_gate()),
      writer(writer_settings(host.config), *store_, *reads_, *gate_, board_, *host.clock,
             host.writer.executor(), host.homes(), host.log),
      placer_(make_placer()),
      orders(writer, *store_, *reads_, board_, *host.clock, host.log, placer_.get()) {
  const db::DatabaseAddress place = place_of(host.config, "order");
  if (const std::string* file = place.file()) checkpoints_.emplace(*file, host.log);
}

std::unique_ptr<stock::StockGate> OrderPart::make_gate() {
  if (!host_.config.shares_database()) return stock::make_local_gate();
  const Executor executor = host_.writer.executor();
  gate_client_ =
      std::make_unique<redis::Client>(redis_settings(host_.config), *host_.clock, executor, host_.log);
  gate_client_->start();
  stock::RedisGateSettings settings;
  settings.when_away = host_.config.redis.sells_without ? stock::WhenAway::go_on : stock::WhenAway::refuse;
  auto shared = std::make_unique<stock::RedisGate>(std::move(settings), *gate_client_, *host_.clock, executor,
                                                   host_.log);
  shared_gate_ = shared.get();
  return shared;
}

std::unique_ptr<order::PerOrderPlacer> OrderPart::make_placer() {
  order::PerOrderSettings settings;
  settings.strategy = host_.config.order.strategy;
  if (settings.strategy == order::Strategy::group_commit) return nullptr;
  settings.decide = writer_settings(host_.config).decide;
  settings.queue = static_cast<std::size_t>(host_.config.order.queue);
  order::PerOrderPlacer::LockPlace place_of_locks;
  if (settings.strategy == order::Strategy::distributed) {
    place_of_locks = {host_.locks.get(), host_.locking.executor()};
  }
  return std::make_unique<order::PerOrderPlacer>(
      settings, open_order_sessions(host_.config, *host_.clock, host_.log, round_trips_), writer,
      place_of_locks, *host_.clock, Random(random_seed(), "placements"), host_.log);
}

void OrderPart::start() {
  host_.writer.start();
  std::promise<void> ready;
  asio::co_spawn(host_.writer.context(), writer.start(), [&ready](std::exception_ptr error) {
    if (error) return ready.set_exception(error);
    ready.set_value();
  });
  ready.get_future().get();

  auto ended = std::make_shared<std::promise<void>>();
  rounds_ended_ = ended->get_future();
  asio::co_spawn(host_.writer.context(), writer.run(),
                 [ended, fatal = fatal_for(host_.log, "the order writer")](std::exception_ptr error) {
                   fatal(error);
                   ended->set_value();
                 });
}

void OrderPart::start_jobs(payment::PaymentApi& payments) {
  ExecutionContext& beside_orders = host_.writer.context();  // they read the writer's store
  if (writer.shares_store()) {
    host_.start_job(beside_orders, writer.run_refresh(), "the refresh of ledgers");
  }
  host_.start_job(beside_orders, orders.run_expiry(host_.lease("order", "expiry")), "the expiry of holds");
  host_.start_job(beside_orders, orders.run_refund_delivery(payments, host_.lease("order", "refunds")),
                  "the delivery of refunds");
  host_.start_job(beside_orders, orders.run_shipping(*calendar_, host_.lease("order", "shipping")),
                  "shipping");
}

bool OrderPart::stop(Monotonic latest) {
  const auto left = [&] {
    return std::max<std::chrono::nanoseconds>(latest - host_.clock->monotonic(), Milliseconds{0});
  };
  if (placer_) placer_->stop();
  writer.stop();
  bool in_time = true;
  if (rounds_ended_.valid()) in_time = rounds_ended_.wait_for(left()) == std::future_status::ready;
  if (shared_gate_ != nullptr) {
    auto told = asio::co_spawn(host_.writer.context(), shared_gate_->flush(), asio::use_future);
    told.wait_for(left());
  }
  return in_time;
}

std::int64_t OrderPart::ship(Time as_of) {
  std::promise<Result<std::int64_t>> moved;
  asio::co_spawn(host_.writer.context(), orders.advance_shipping(*calendar_, as_of),
                 [&moved](std::exception_ptr error, Result<std::int64_t> result) {
                   if (error) return moved.set_exception(error);
                   moved.set_value(std::move(result));
                 });
  auto result = moved.get_future().get();
  if (!result) throw std::runtime_error(result.error().detail);
  return *result;
}

// --- users

namespace {

std::unique_ptr<user::RedisAttempts> make_attempts(Host& host) {
  if (!host.config.shares_database()) return nullptr;
  return std::make_unique<user::RedisAttempts>(redis_settings(host.config), *host.clock,
                                               host.io.context(0).get_executor(), host.log);
}

}  // namespace

UserPart::UserPart(Host& host, order::OrderApi& orders, product::ProductApi& products)
    : host_(host),
      store_(user::open_user_store(place_of(host.config, "user"), host.sessions())),
      attempts_(make_attempts(host)),
      users(user_settings(host.config), *store_, *host.denylist, host.hashing, host.database, host.lists,
            host.key, *host.clock, host.log, attempts_.get()),
      ending(*store_, *host.denylist, orders, products, host.database, *host.clock, host.log) {
  // Told to the other servers as well: those of other roles cannot read it here.
  host.denylist->deny(store_->denials(host.clock->now()));
}

void UserPart::start_jobs() {
  if (attempts_) attempts_->start();
  host_.start_job(host_.io.context(0), ending.run_sweeper(host_.lease("user", "accounts")),
                  "the sweeper of accounts");
}

// --- products

ProductPart::ProductPart(Host& host, order::OrderApi& orders)
    : host_(host),
      store_(product::make_sql_product_store(place_of(host.config, "product"), host.sessions(), host.log)),
      products(*store_, orders, host.database, host.lists, *host.clock, host.log) {}

void ProductPart::start_jobs() {
  host_.start_job(host_.io.context(0), products.run_sweeper(host_.lease("product", "products")),
                  "the product sweeper");
}

// --- payments

PaymentPart::PaymentPart(Host& host, order::OrderApi& orders)
    : host_(host),
      store_(payment::make_sql_payment_store(place_of(host.config, "payment"), host.log,
                                             claims_of(host.config))),
      lock_(make_attempt_lock(host)),
      provider_(payment::make_simulated_provider(provider_settings(host.config), *host.clock, host.log)),
      reads_(payment::make_sql_payment_reads(place_of(host.config, "payment"), host.sessions(), host.log)),
      payments(settings(), *store_, *provider_, orders, *host.clock, host.log),
      records(*reads_, orders, host.database, *host.clock) {}

payment::PaymentSettings PaymentPart::settings() const {
  return {.timeout = Milliseconds{host_.config.payment.timeout_ms}, .lock = lock_.get()};
}

void PaymentPart::start_jobs() {
  host_.start_job(host_.io.context(0), payments.run_sweeper(host_.lease("payment", "payments")),
                  "the payment sweeper");
}

}  // namespace buyme::app
