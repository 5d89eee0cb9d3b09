#include "simulation/messages.hpp"

namespace buyme::simulation {

using namespace std::chrono_literals;

namespace {

constexpr auto call_patience = 5s;
constexpr auto longest_way = 4s;

class Sender {
 public:
  Sender(Process& from, PickServer pick, Surroundings& around, Executor beside)
      : from_(from), pick_(std::move(pick)), around_(around), beside_(beside) {}

  template <class T>
  using Request = std::function<Awaitable<Result<T>>(ShopProcess&)>;

  template <class T>
  Awaitable<Result<T>> send(OrderId order, Request<T> request) {
    Faults& faults = around_.faults;
    const std::size_t state = order ? around_.state_of(order) : Coverage::no_order;
    const bool late = faults.strikes(Fault::message_delayed, state);
    co_await delay(around_.scheduler, around_.draw(late ? longest_way : around_.latency));
    if (faults.strikes(Fault::message_dropped, state)) {
      co_await delay(around_.scheduler, around_.draw(call_patience));
      co_return unheard();
    }
    if (faults.strikes(Fault::message_repeated, state)) repeat<T>(request);
    ShopProcess* server = pick_();
    if (server == nullptr) {
      co_return Failure(Error::overloaded, "No server answers; nothing was done.");
    }
    std::function<Awaitable<Result<T>>()> bound = [request, server] { return request(*server); };
    auto answer = co_await call<Result<T>>(&from_, *server, std::move(bound), call_patience);
    if (!answer || faults.strikes(Fault::answer_dropped, state)) co_return unheard();
    co_await delay(around_.scheduler, around_.draw(around_.latency));
    co_return std::move(*answer);
  }

 private:
  static Failure unheard() { return Failure(Error::outcome_unknown, "No answer came."); }

  // The same message once more, some time later, perhaps to another server, perhaps after newer ones.
  template <class T>
  void repeat(const Request<T>& request) {
    ++around_.stragglers;
    asio::co_spawn(beside_, again<T>(pick_, around_, request), asio::detached);
  }
  template <class T>
  static Awaitable<void> again(PickServer pick, Surroundings& around, Request<T> request) {
    co_await delay(around.scheduler, around.draw(longest_way));
    if (ShopProcess* server = pick()) {
      std::function<Awaitable<Result<T>>()> bound = [request, server] { return request(*server); };
      (void)co_await call<Result<T>>(nullptr, *server, std::move(bound), endless);
    }
    --around.stragglers;
  }

  Process& from_;
  PickServer pick_;
  Surroundings& around_;
  Executor beside_;
};

class RemoteOrders final : public order::OrderApi {
 public:
  explicit RemoteOrders(Sender sender) : sender_(std::move(sender)) {}

  Awaitable<Result<void>> put_terms(order::TermsUpdate update, buyme::Trace) override {
    Sender::Request<void> request = [update](ShopProcess& server) {
      return server.orders().put_terms(update);
    };
    return sender_.send<void>(OrderId{}, std::move(request));
  }
  Awaitable<Result<std::vector<order::StockChange>>> stock_history(ProductId product,
                                                                   std::optional<std::int64_t> before,
                                                                   std::size_t limit, buyme::Trace) override {
    Sender::Request<std::vector<order::StockChange>> request = [=](ShopProcess& server) {
      return server.orders().stock_history(product, before, limit);
    };
    return sender_.send<std::vector<order::StockChange>>(OrderId{}, std::move(request));
  }
  Awaitable<Result<void>> cancel_unpaid(UserId user, buyme::Trace) override {
    Sender::Request<void> request = [user](ShopProcess& server) {
      return server.orders().cancel_unpaid(user);
    };
    return sender_.send<void>(OrderId{}, std::move(request));
  }
  Awaitable<Result<order::StockLevel>> stock(ProductId product, buyme::Trace) override {
    Sender::Request<order::StockLevel> request = [product](ShopProcess& server) {
      return server.orders().stock(product);
    };
    return sender_.send<order::StockLevel>(OrderId{}, std::move(request));
  }
  Awaitable<Result<std::vector<order::StockLevel>>> stock(std::vector<ProductId> products,
                                                          buyme::Trace) override {
    Sender::Request<std::vector<order::StockLevel>> request = [products](ShopProcess& server) {
      return server.orders().stock(products);
    };
    return sender_.send<std::vector<order::StockLevel>>(OrderId{}, std::move(request));
  }
  Awaitable<Result<order::PaymentTicket>> enter_payment(OrderId order, Caller caller, bool attempting,
                                                        buyme::Trace) override {
    Sender::Request<order::PaymentTicket> request = [=](ShopProcess& server) {
      return server.orders().enter_payment(order, caller, attempting);
    };
    return sender_.send<order::PaymentTicket>(order, std::move(request));
  }
  Awaitable<Result<order::PaymentSettlement>> settle_payment(OrderId order, order::AttemptRef attempt,
                                                             bool succeeded, buyme::Trace) override {
    Sender::Request<order::PaymentSettlement> request = [=](ShopProcess& server) {
      return server.orders().settle_payment(order, attempt, succeeded);
    };
    return sender_.send<order::PaymentSettlement>(order, std::move(request));
  }
  Awaitable<Result<order::Order>> get(OrderId order, Caller caller, buyme::Trace) override {
    Sender::Request<order::Order> request = [=](ShopProcess& server) {
      return server.orders().get(order, caller);
    };
    return sender_.send<order::Order>(order, std::move(request));
  }

 private:
  Sender sender_;
};

class RemotePayments final : public payment::PaymentApi {
 public:
  explicit RemotePayments(Sender sender) : sender_(std::move(sender)) {}

  Awaitable<Result<void>> take_refund(payment::RefundRequest refund) override {
    Sender::Request<void> request = [refund](ShopProcess& server) {
      return server.payments().take_refund(refund);
    };
    return sender_.send<void>(refund.order, std::move(request));
  }

 private:
  Sender sender_;
};

}  // namespace

std::unique_ptr<order::OrderApi> make_remote_orders(Process& from, PickServer pick, Surroundings& around,
                                                    Executor beside) {
  return std::make_unique<RemoteOrders>(Sender(from, std::move(pick), around, beside));
}

std::unique_ptr<payment::PaymentApi> make_remote_payments(Process& from, PickServer pick,
                                                          Surroundings& around, Executor beside) {
  return std::make_unique<RemotePayments>(Sender(from, std::move(pick), around, beside));
}

}  // namespace buyme::simulation
