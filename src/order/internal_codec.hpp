// What crosses between the order service and the others, as JSON without loss: times in milliseconds since
// 1970, states by the numbers that the database has, what is optional left out when it is not there. The
// encoding is of one version of the program; nothing outside the shop reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/json_input.hpp"
#include "order/api.hpp"

namespace buyme::order {

// The calls of OrderApi, argument by argument, and those answers that are no structs.
struct HistoryCall {
  ProductId product;
  std::optional<std::int64_t> before;
  std::size_t limit = 0;
};
struct HistoryAnswer {
  std::vector<StockChange> changes;
};
struct CancelUnpaidCall {
  UserId user;
};
struct StockCall {
  ProductId product;
};
struct StocksCall {
  std::vector<ProductId> products;  // at most limits::stock_question
};
struct StocksAnswer {
  std::vector<StockLevel> levels;
};
struct EnterPaymentCall {
  OrderId order;
  Caller caller;
  bool attempting = false;
};
struct SettlePaymentCall {
  OrderId order;
  AttemptRef attempt;
  bool succeeded = false;
};
struct SettlementAnswer {
  PaymentSettlement settlement = PaymentSettlement::failed;
};
struct GetCall {
  OrderId order;
  Caller caller;
};

// Where each is asked.
namespace internal_path {
inline constexpr std::string_view put_terms = "/internal/orders/put-terms";
inline constexpr std::string_view stock_history = "/internal/orders/stock-history";
inline constexpr std::string_view cancel_unpaid = "/internal/orders/cancel-unpaid";
inline constexpr std::string_view stock = "/internal/orders/stock";
inline constexpr std::string_view stocks = "/internal/orders/stocks";
inline constexpr std::string_view enter_payment = "/internal/orders/enter-payment";
inline constexpr std::string_view settle_payment = "/internal/orders/settle-payment";
inline constexpr std::string_view get = "/internal/orders/get";
}  // namespace internal_path

void append_json(std::string& out, const TermsUpdate& update);
void append_json(std::string& out, const HistoryCall& call);
void append_json(std::string& out, const HistoryAnswer& answer);
void append_json(std::string& out, const CancelUnpaidCall& call);
void append_json(std::string& out, const StockCall& call);
void append_json(std::string& out, const StocksCall& call);
void append_json(std::string& out, const StockLevel& level);
void append_json(std::string& out, const StocksAnswer& answer);
void append_json(std::string& out, const EnterPaymentCall& call);
void append_json(std::string& out, const PaymentTicket& ticket);
void append_json(std::string& out, const SettlePaymentCall& call);
void append_json(std::string& out, const SettlementAnswer& answer);
void append_json(std::string& out, const GetCall& call);
void append_json(std::string& out, const Order& order);

// The inverse of each; what is wrong stands in the input, as JsonInput has it.
void read_json(http::JsonInput& input, TermsUpdate& update);
void read_json(http::JsonInput& input, HistoryCall& call);
void read_json(http::JsonInput& input, HistoryAnswer& answer);
void read_json(http::JsonInput& input, CancelUnpaidCall& call);
void read_json(http::JsonInput& input, StockCall& call);
void read_json(http::JsonInput& input, StocksCall& call);
void read_json(http::JsonInput& input, StockLevel& level);
void read_json(http::JsonInput& input, StocksAnswer& answer);
void read_json(http::JsonInput& input, EnterPaymentCall& call);
void read_json(http::JsonInput& input, PaymentTicket& ticket);
void read_json(http::JsonInput& input, SettlePaymentCall& call);
void read_json(http::JsonInput& input, SettlementAnswer& answer);
void read_json(http::JsonInput& input, GetCall& call);
void read_json(http::JsonInput& input, Order& order);

}  // namespace buyme::order
