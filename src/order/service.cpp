#include "order/service.hpp"

#include <algorithm>

#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme::order {

namespace {

std::int64_t hash_lines(const std::vector<OrderLine>& lines) {
  std::uint64_t hash = 0;
  for (const auto& line : lines) {
    const std::int64_t pair[2] = {line.product.value, line.quantity};
    hash = hash_bytes({reinterpret_cast<const char*>(pair), sizeof(pair)}, hash);
  }
  return static_cast<std::int64_t>(hash);
}

}  // namespace

std::vector<OrderLine> merge_lines(std::vector<OrderLine> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const OrderLine& a, const OrderLine& b) { return a.product < b.product; });
  std::vector<OrderLine> merged;
  for (const auto& line : lines) {
    if (!merged.empty() && merged.back().product == line.product) {
      merged.back().quantity += line.quantity;
    } else {
      merged.push_back(line);
    }
  }
  return merged;
}

OrderService::OrderService(OrderWriter& writer, OrderStore& store, OrderReads& reads, StockBoard& board,
                           Clock& clock, Log log)
    : writer_(writer), store_(store), reads_(reads), board_(board), clock_(clock), log_(std::move(log)) {}

Awaitable<Result<Placed>> OrderService::place(PlaceRequest request) {
  PlaceOrder order;
  order.user = request.user;
  order.lines = merge_lines(std::move(request.lines));
  order.key = std::move(request.key);
  order.body_hash = hash_lines(order.lines);
  if (auto refusal = refused_at_once(order)) {
    placements_.by_flag.add();
    placements_.refuse(refusal->error);
    co_return std::move(*refusal);
  }

  Command::What what = std::move(order);
  Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) {
    placements_.refuse(outcome.error().error);
    co_return outcome.error();
  }
  (outcome->replayed ? placements_.replayed : placements_.placed).add();
  co_return Placed{std::move(outcome->order), outcome->replayed};
}

// What needs no queue: products that are certainly sold out.
std::optional<Failure> OrderService::refused_at_once(const PlaceOrder& order) const {
  for (const auto& line : order.lines) {
    const auto flag = board_.sold_out(line.product, clock_.monotonic());
    if (flag == nullptr || flag->exempts(order.user, order.key)) continue;
    if (auto refusal = refused_by_terms(flag->terms, clock_.now())) {
      return std::move(*refusal).with("productId", line.product.value);
    }
    return sold_out_failure(line.product, 0);
  }
  return std::nullopt;
}

Awaitable<Result<Order>> OrderService::cancel(OrderId order, Caller caller) {
  MoveOrder move;
  move.order = order;
  move.event = OrderEvent::cancel;
  move.caller = caller;
  Command::What what = std::move(move);
  Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  co_return std::move(outcome->order);
}

Awaitable<Result<Order>> OrderService::get(OrderId id, Caller caller) {
  auto found = co_await reads_.find(id);
  if (!found) co_return found.error();
  if (!*found || !caller.may_see((*found)->user))
    co_return Failure(Error::not_found, "There is no such order.");
  co_return std::move(**found);
}

Awaitable<Result<OrderPage>> OrderService::list(Caller caller, std::optional<OrderId> before,
                                                std::size_t limit) {
  const UserId owner = caller.is_admin() ? UserId{} : caller.user;
  co_return co_await reads_.list(owner, before, limit);
}

Awaitable<Result<void>> OrderService::put_terms(SaleTerms terms) {
  Command::What what = PutTerms{std::move(terms), UserId{}};
  const Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  co_return Result<void>{};
}

Awaitable<Result<StockLevel>> OrderService::stock(ProductId product) {
  const auto level = board_.level(product);
  if (!level) co_return Failure(Error::not_found, "There is no such product for sale.");
  co_return *level;
}

Awaitable<Result<std::vector<StockLevel>>> OrderService::stock(std::vector<ProductId> products) {
  std::vector<StockLevel> levels;
  levels.reserve(products.size());
  for (const auto product : products) {
    if (const auto level = board_.level(product)) levels.push_back(*level);
  }
  co_return levels;
}

Awaitable<Result<PaymentTicket>> OrderService::enter_payment(OrderId order, Caller caller, bool attempting) {
  MoveOrder move;
  move.order = order;
  move.event = OrderEvent::enter_payment;
  move.caller = caller;
  move.attempting = attempting;
  Command::What what = std::move(move);
  Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  const Order& entered = outcome->order;
  co_return PaymentTicket{entered.id, entered.user, entered.amount, entered.hold_expires_at};
}

Awaitable<Result<PaymentSettlement>> OrderService::settle_payment(OrderId order, AttemptRef attempt,
                                                                  bool succeeded) {
  MoveOrder move;
  move.order = order;
  move.event = succeeded ? OrderEvent::payment_succeeded : OrderEvent::payment_failed;
  move.caller = Caller::the_shop();
  move.attempt = attempt;
  Command::What what = std::move(move);
  const Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  co_return outcome->settlement;
}

}  // namespace buyme::order
