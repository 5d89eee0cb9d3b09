// Each service with its stores and jobs, as one process runs it: a shop in one process has all four, a server
// of one role has one of them and asks the others over HTTP.
//
// A part opens its stores when it is made; its jobs begin with start_jobs(). It is destroyed after the
// threads of its host have stopped and before the host is.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>

#include "app/checkpoints.hpp"
#include "app/host.hpp"
#include "core/calendar.hpp"
#include "order/per_order.hpp"
#include "order/service.hpp"
#include "payment/records.hpp"
#include "payment/service.hpp"
#include "product/service.hpp"
#include "product/store.hpp"
#include "stock/gate_redis.hpp"
#include "user/ending.hpp"
#include "user/service.hpp"
#include "user/store.hpp"

namespace buyme::app {

class OrderPart {
 public:
  explicit OrderPart(Host& host);

  void start();  // the writer; the ledgers are read when it returns
  void start_jobs(payment::PaymentApi& payments);
  // What the writer has not started is refused, its last round is committed. False: not by `latest`.
  bool stop(Monotonic latest);

  // As Shop::ship.
  std::int64_t ship(Time as_of);

 private:
  Host& host_;
  std::unique_ptr<Calendar> calendar_;
  db::RoundTrips round_trips_ = std::make_shared<std::atomic<std::int64_t>>(0);
  order::StockBoard board_;
  std::unique_ptr<order::OrderStore> store_;
  std::unique_ptr<order::OrderReads> reads_;
  std::unique_ptr<redis::Client> gate_client_;  // of servers that share a gate
  stock::RedisGate* shared_gate_ = nullptr;
  std::unique_ptr<stock::StockGate> gate_;

 public:
  order::OrderWriter writer;

 private:
  std::unique_ptr<order::PerOrderPlacer> placer_;  // of every strategy but group commit

 public:
  order::OrderService orders;
  const order::PerOrderPlacer* placer() const { return placer_.get(); }
  db::RoundTrips round_trips() const { return round_trips_; }  // of the writer and the placer
  order::OrderStore& store() { return *store_; }
  stock::StockGate& gate() { return *gate_; }

 private:
  std::unique_ptr<stock::StockGate> make_gate();
  std::unique_ptr<order::PerOrderPlacer> make_placer();
  std::optional<Checkpoints> checkpoints_;  // of the file, where it is one
  std::future<void> rounds_ended_;
};

class UserPart {
 public:
  UserPart(Host& host, order::OrderApi& orders, product::ProductApi& products);
  void start_jobs();

 private:
  Host& host_;
  std::unique_ptr<user::UserStore> store_;
  std::unique_ptr<user::RedisAttempts> attempts_;  // where servers share a Redis

 public:
  user::UserService users;
  user::AccountEnding ending;
};

class ProductPart {
 public:
  ProductPart(Host& host, order::OrderApi& orders);
  void start_jobs();

 private:
  Host& host_;
  std::unique_ptr<product::ProductStore> store_;

 public:
  product::ProductService products;
};

class PaymentPart {
 public:
  PaymentPart(Host& host, order::OrderApi& orders);
  void start_jobs();
  const payment::PaymentStore& store() const { return *store_; }

 private:
  Host& host_;
  std::unique_ptr<payment::PaymentStore> store_;
  std::unique_ptr<payment::AttemptLock> lock_;
  std::unique_ptr<payment::PaymentProvider> provider_;
  std::unique_ptr<payment::PaymentReads> reads_;
  payment::PaymentSettings settings() const;

 public:
  payment::PaymentService payments;
  payment::PaymentRecords records;
};

}  // namespace buyme::app
