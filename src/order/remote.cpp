#include "order/remote.hpp"

#include "http/service_call.hpp"
#include "order/internal_codec.hpp"

namespace buyme::order {

namespace {

using http::call_of;
using http::Effect;
namespace path = internal_path;

class RemoteOrders final : public OrderApi {
 public:
  explicit RemoteOrders(http::HttpClient& client) : client_(client) {}

  Awaitable<Result<void>> put_terms(TermsUpdate update, Trace trace) override {
    auto call = call_of(path::put_terms, update, Effect::idempotent, trace);
    return http::tell(client_, std::move(call));
  }

  Awaitable<Result<std::vector<StockChange>>> stock_history(ProductId product,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit, Trace trace) override {
    const HistoryCall question{product, before, limit};
    auto call = call_of(path::stock_history, question, Effect::read, trace);
    auto answer = co_await http::ask<HistoryAnswer>(client_, std::move(call));
    if (!answer) co_return answer.error();
    co_return std::move(answer->changes);
  }

  Awaitable<Result<void>> cancel_unpaid(UserId user, Trace trace) override {
    const CancelUnpaidCall question{user};
    auto call = call_of(path::cancel_unpaid, question, Effect::idempotent, trace);
    return http::tell(client_, std::move(call));
  }

  Awaitable<Result<StockLevel>> stock(ProductId product, Trace trace) override {
    const StockCall question{product};
    auto call = call_of(path::stock, question, Effect::read, trace);
    return http::ask<StockLevel>(client_, std::move(call));
  }

  Awaitable<Result<std::vector<StockLevel>>> stock(std::vector<ProductId> products, Trace trace) override {
    std::vector<StockLevel> levels;
    for (std::size_t begin = 0; begin < products.size(); begin += limits::stock_question) {
      const std::size_t end = std::min(products.size(), begin + limits::stock_question);
      StocksCall question;
      question.products.assign(products.begin() + static_cast<std::ptrdiff_t>(begin),
                               products.begin() + static_cast<std::ptrdiff_t>(end));
      auto call = call_of(path::stocks, question, Effect::read, trace);
      auto answer = co_await http::ask<StocksAnswer>(client_, std::move(call));
      if (!answer) co_return answer.error();
      levels.insert(levels.end(), answer->levels.begin(), answer->levels.end());
    }
    co_return levels;
  }

  Awaitable<Result<PaymentTicket>> enter_payment(OrderId order, Caller caller, bool attempting,
                                                 Trace trace) override {
    const EnterPaymentCall question{order, caller, attempting};
    auto call = call_of(path::enter_payment, question, Effect::idempotent, trace);
    return http::ask<PaymentTicket>(client_, std::move(call));
  }

  Awaitable<Result<PaymentSettlement>> settle_payment(OrderId order, AttemptRef attempt, bool succeeded,
                                                      Trace trace) override {
    const SettlePaymentCall question{order, attempt, succeeded};
    auto call = call_of(path::settle_payment, question, Effect::idempotent, trace);
    const auto answer = co_await http::ask<SettlementAnswer>(client_, std::move(call));
    if (!answer) co_return answer.error();
    co_return answer->settlement;
  }

  Awaitable<Result<Order>> get(OrderId order, Caller caller, Trace trace) override {
    const GetCall question{order, caller};
    auto call = call_of(path::get, question, Effect::read, trace);
    return http::ask<Order>(client_, std::move(call));
  }

 private:
  http::HttpClient& client_;
};

}  // namespace

std::unique_ptr<OrderApi> make_remote_orders(http::HttpClient& client) {
  return std::make_unique<RemoteOrders>(client);
}

}  // namespace buyme::order
