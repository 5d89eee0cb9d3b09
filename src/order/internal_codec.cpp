#include "order/internal_codec.hpp"

#include "http/json_fields.hpp"

namespace buyme::order {

using http::JsonInput;
using http::JsonObject;
using http::read_flag;
using http::read_id;
using http::read_number;

namespace {

template <class Enum>
Enum read_enum(JsonInput& input, std::string_view name, Enum first, Enum last) {
  return static_cast<Enum>(
      input.integer(name, static_cast<std::int64_t>(first), static_cast<std::int64_t>(last)));
}

template <class Enum>
std::int64_t number_of(Enum value) {
  return static_cast<std::int64_t>(value);
}

void append_caller(JsonObject& object, const Caller& caller) {
  object.id("user", caller.user).integer("role", number_of(caller.role));
  object.flag("known", caller.known).flag("trusted", caller.trusted);
}

Caller read_caller(JsonInput& input) {
  Caller caller;
  read_id(input, "user", caller.user);
  caller.role = read_enum(input, "role", Role::user, Role::admin);
  caller.known = read_flag(input, "known");
  caller.trusted = read_flag(input, "trusted");
  return caller;
}

void append_change(std::string& out, const StockChange& change) {
  JsonObject object(out);
  object.integer("id", change.id).time("at", change.at).integer("oldTotal", change.old_total);
  object.integer("newTotal", change.new_total).id("actor", change.actor).text("reason", change.reason);
}

StockChange read_change(JsonInput& input) {
  StockChange change;
  change.id = read_number(input, "id");
  change.at = http::read_time(input, "at");
  change.old_total = read_number(input, "oldTotal");
  change.new_total = read_number(input, "newTotal");
  read_id(input, "actor", change.actor);
  change.reason = http::read_any_text(input, "reason");
  return change;
}

void append_item(std::string& out, const OrderItem& item) {
  JsonObject object(out);
  object.id("id", item.id).id("product", item.product).integer("quantity", item.quantity);
  object.integer("price", item.price).integer("status", number_of(item.status)).flag("counted", item.counted);
}

OrderItem read_item(JsonInput& input) {
  OrderItem item;
  read_id(input, "id", item.id);
  read_id(input, "product", item.product);
  item.quantity = read_number(input, "quantity");
  item.price = read_number(input, "price");
  item.status = read_enum(input, "status", ItemStatus::ordered, ItemStatus::returned);
  item.counted = read_flag(input, "counted");
  return item;
}

}  // namespace

void append_json(std::string& out, const TermsUpdate& update) {
  const SaleTerms& terms = update.terms;
  JsonObject object(out);
  object.id("product", terms.product).integer("version", terms.version);
  object.integer("state", number_of(terms.state)).integer("price", terms.price);
  object.optional_time("opensAt", terms.opens_at).optional_time("closesAt", terms.closes_at);
  object.optional_integer("perUserLimit", terms.per_user_limit).optional_integer("total", update.total);
  object.integer("delta", update.delta).id("actor", update.actor).text("reason", update.reason);
}

void read_json(JsonInput& input, TermsUpdate& update) {
  SaleTerms& terms = update.terms;
  read_id(input, "product", terms.product);
  terms.version = read_number(input, "version");
  terms.state = read_enum(input, "state", SaleState::active, SaleState::archived);
  terms.price = read_number(input, "price");
  terms.opens_at = http::read_optional_time(input, "opensAt");
  terms.closes_at = http::read_optional_time(input, "closesAt");
  terms.per_user_limit = http::read_optional_number(input, "perUserLimit");
  update.total = http::read_optional_number(input, "total");
  update.delta = read_number(input, "delta");
  read_id(input, "actor", update.actor);
  update.reason = http::read_any_text(input, "reason");
}

void append_json(std::string& out, const HistoryCall& call) {
  JsonObject object(out);
  object.id("product", call.product).optional_integer("before", call.before);
  object.integer("limit", static_cast<std::int64_t>(call.limit));
}

void read_json(JsonInput& input, HistoryCall& call) {
  read_id(input, "product", call.product);
  call.before = http::read_optional_number(input, "before");
  call.limit = static_cast<std::size_t>(input.integer("limit", 0, limits::service_list));
}

void append_json(std::string& out, const HistoryAnswer& answer) {
  JsonObject(out).list("changes", answer.changes, append_change);
}

void read_json(JsonInput& input, HistoryAnswer& answer) {
  auto entries = input.objects("changes", 0, limits::service_list);
  for (JsonInput& entry : entries) answer.changes.push_back(read_change(entry));
}

void append_json(std::string& out, const CancelUnpaidCall& call) {
  JsonObject(out).id("user", call.user);
}

void read_json(JsonInput& input, CancelUnpaidCall& call) {
  read_id(input, "user", call.user);
}

void append_json(std::string& out, const StockCall& call) {
  JsonObject(out).id("product", call.product);
}

void read_json(JsonInput& input, StockCall& call) {
  read_id(input, "product", call.product);
}

void append_json(std::string& out, const StocksCall& call) {
  const auto append_id = [](std::string& to, ProductId product) { JsonObject(to).id("id", product); };
  JsonObject(out).list("products", call.products, append_id);
}

void read_json(JsonInput& input, StocksCall& call) {
  auto entries = input.objects("products", 0, limits::stock_question);
  for (JsonInput& entry : entries) read_id(entry, "id", call.products.emplace_back());
}

void append_json(std::string& out, const StockLevel& level) {
  JsonObject object(out);
  object.id("product", level.product).integer("total", level.total).integer("held", level.held);
  object.integer("sold", level.sold).integer("version", level.version);
}

void read_json(JsonInput& input, StockLevel& level) {
  read_id(input, "product", level.product);
  level.total = read_number(input, "total");
  level.held = read_number(input, "held");
  level.sold = read_number(input, "sold");
  level.version = read_number(input, "version");
}

void append_json(std::string& out, const StocksAnswer& answer) {
  const auto append_level = [](std::string& to, const StockLevel& level) { append_json(to, level); };
  JsonObject(out).list("levels", answer.levels, append_level);
}

void read_json(JsonInput& input, StocksAnswer& answer) {
  auto entries = input.objects("levels", 0, limits::stock_question);
  for (JsonInput& entry : entries) read_json(entry, answer.levels.emplace_back());
}

void append_json(std::string& out, const EnterPaymentCall& call) {
  JsonObject object(out);
  object.id("order", call.order).flag("attempting", call.attempting);
  append_caller(object, call.caller);
}

void read_json(JsonInput& input, EnterPaymentCall& call) {
  read_id(input, "order", call.order);
  call.attempting = read_flag(input, "attempting");
  call.caller = read_caller(input);
}

void append_json(std::string& out, const PaymentTicket& ticket) {
  JsonObject object(out);
  object.id("order", ticket.order).id("user", ticket.user).integer("amount", ticket.amount);
  object.time("holdExpiresAt", ticket.hold_expires_at);
}

void read_json(JsonInput& input, PaymentTicket& ticket) {
  read_id(input, "order", ticket.order);
  read_id(input, "user", ticket.user);
  ticket.amount = read_number(input, "amount");
  ticket.hold_expires_at = http::read_time(input, "holdExpiresAt");
}

void append_json(std::string& out, const SettlePaymentCall& call) {
  JsonObject object(out);
  object.id("order", call.order).id("attempt", call.attempt.id).integer("number", call.attempt.number);
  object.flag("succeeded", call.succeeded);
}

void read_json(JsonInput& input, SettlePaymentCall& call) {
  read_id(input, "order", call.order);
  read_id(input, "attempt", call.attempt.id);
  call.attempt.number = read_number(input, "number");
  call.succeeded = read_flag(input, "succeeded");
}

void append_json(std::string& out, const SettlementAnswer& answer) {
  JsonObject(out).integer("settlement", number_of(answer.settlement));
}

void read_json(JsonInput& input, SettlementAnswer& answer) {
  answer.settlement = read_enum(input, "settlement", PaymentSettlement::paid, PaymentSettlement::too_late);
}

void append_json(std::string& out, const GetCall& call) {
  JsonObject object(out);
  object.id("order", call.order);
  append_caller(object, call.caller);
}

void read_json(JsonInput& input, GetCall& call) {
  read_id(input, "order", call.order);
  call.caller = read_caller(input);
}

void append_json(std::string& out, const Order& order) {
  JsonObject object(out);
  object.id("id", order.id).id("user", order.user).time("placedAt", order.placed_at);
  object.integer("amount", order.amount).integer("status", number_of(order.status));
  object.time("holdExpiresAt", order.hold_expires_at).optional_time("paidAt", order.paid_at);
  object.list("items", order.items, append_item);
}

void read_json(JsonInput& input, Order& order) {
  read_id(input, "id", order.id);
  read_id(input, "user", order.user);
  order.placed_at = http::read_time(input, "placedAt");
  order.amount = read_number(input, "amount");
  order.status = read_enum(input, "status", OrderStatus::pending, OrderStatus::expired);
  order.hold_expires_at = http::read_time(input, "holdExpiresAt");
  order.paid_at = http::read_optional_time(input, "paidAt");
  auto entries = input.objects("items", 0, limits::service_list);
  for (JsonInput& entry : entries) order.items.push_back(read_item(entry));
}

}  // namespace buyme::order
