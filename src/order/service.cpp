#include "order/service.hpp"

#include <algorithm>

#include "core/limits.hpp"
#include "core/random.hpp"

namespace buyme::order {

namespace {

// Whoever waits for a flag to fall does not wait for ever, whatever ends the one who raised it.
struct LowerAtEnd {
  std::atomic<bool>& flag;
  ~LowerAtEnd() { flag = false; }
};

std::int64_t hash_lines(const std::vector<OrderLine>& lines) {
  std::uint64_t hash = 0;
  for (const auto& line : lines) {
    const std::int64_t pair[2] = {line.product.value, line.quantity};
    hash = hash_bytes({reinterpret_cast<const char*>(pair), sizeof(pair)}, hash);
  }
  return static_cast<std::int64_t>(hash);
}

std::int64_t hash_return(const ReturnOrder& wanted) {
  const std::int64_t numbers[2] = {wanted.item.value, wanted.quantity.value_or(0)};
  const std::uint64_t hash = hash_bytes({reinterpret_cast<const char*>(numbers), sizeof(numbers)}, 0);
  return static_cast<std::int64_t>(hash_bytes(wanted.reason, hash));
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
                           Clock& clock, Log log, Placer* placer)
    : writer_(writer),
      placer_(placer == nullptr ? writer : *placer),
      store_(store),
      reads_(reads),
      board_(board),
      clock_(clock),
      log_(std::move(log)) {}

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

  Outcome outcome = co_await placer_.place(std::move(order));
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

Awaitable<Result<Returned>> OrderService::request_return(ReturnOrder wanted, Caller caller) {
  RequestReturn request;
  request.item = wanted.item;
  request.caller = caller;
  request.quantity = wanted.quantity;
  request.body_hash = hash_return(wanted);
  request.reason = std::move(wanted.reason);
  request.key = std::move(wanted.key);
  Command::What what = std::move(request);
  Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  co_return Returned{std::move(outcome->order), outcome->item, outcome->replayed};
}

Awaitable<Result<Returned>> OrderService::complete_return(OrderItemId item, Caller caller, bool restock) {
  Command::What what = CompleteReturn{item, caller, restock};
  Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  co_return Returned{std::move(outcome->order), outcome->item, outcome->replayed};
}

Awaitable<Result<std::int64_t>> OrderService::advance_shipping(const Calendar& calendar, Time as_of) {
  const AdvanceShipping chunk{calendar.start_of_day(as_of, 0), calendar.start_of_day(as_of, 1),
                              limits::shipping_chunk};
  for (std::int64_t moved = 0;;) {
    Command::What what = chunk;
    const Outcome outcome = co_await writer_.submit(std::move(what));
    if (!outcome) co_return outcome.error();
    if (outcome->moved == 0) co_return moved;
    moved += static_cast<std::int64_t>(outcome->moved);
  }
}

Awaitable<Result<Order>> OrderService::get(OrderId id, Caller caller, Trace) {
  auto found = co_await reads_.find(id);
  if (!found) co_return found.error();
  if (!*found || !caller.may_see((*found)->user))
    co_return Failure(Error::not_found, "There is no such order.");
  co_return std::move(**found);
}

Awaitable<Result<OrderPage>> OrderService::list(Caller caller, OrderQuery query) {
  if (!caller.is_admin()) query.user = caller.user;
  return reads_.list(query);
}

Awaitable<Result<void>> OrderService::cancel_unpaid(UserId user, Trace) {
  const auto unpaid = co_await reads_.unpaid_orders(user);
  if (!unpaid) co_return unpaid.error();
  for (const auto order : *unpaid) {
    MoveOrder move;
    move.order = order;
    move.event = OrderEvent::abandon;
    move.caller = Caller{.user = user, .known = true};
    Command::What what = std::move(move);
    const Outcome outcome = co_await writer_.submit(std::move(what));
    if (!outcome) co_return outcome.error();
  }
  co_return Result<void>{};
}

Awaitable<Result<std::vector<StockChange>>> OrderService::stock_history(ProductId product,
                                                                        std::optional<std::int64_t> before,
                                                                        std::size_t limit, Trace) {
  return reads_.stock_history(product, before, limit);
}

Awaitable<Result<std::vector<OrderStep>>> OrderService::history(OrderId order, Caller caller) {
  const auto found = co_await get(order, caller);
  if (!found) co_return found.error();
  co_return co_await reads_.history(order);
}

Awaitable<Result<void>> OrderService::put_terms(TermsUpdate update, Trace) {
  Command::What what = PutTerms{std::move(update)};
  const Outcome outcome = co_await writer_.submit(std::move(what));
  if (!outcome) co_return outcome.error();
  co_return Result<void>{};
}

// Another server may have put a product up for sale a moment ago, and whoever did asks here now. Returns
// after a reading of the ledgers that began behind the question. All who ask share one command at a time, so
// that anybody's questions for what does not exist take no place in the queue from those who buy.
Awaitable<void> OrderService::hear_of_new_products() {
  if (!writer_.shares_store()) co_return;
  const std::uint64_t wanted = readings_begun_.load() + 1;
  while (readings_ended_.load() < wanted) {
    const bool others_read = reading_.exchange(true);
    if (others_read) {
      co_await clock_.sleep_for(limits::new_product_pause);
      continue;
    }
    const LowerAtEnd over{reading_};
    const std::uint64_t number = ++readings_begun_;
    co_await clock_.sleep_for(limits::new_product_pause);
    Command::What refresh = RefreshLedgers{limits::new_product_pause};
    (void)co_await writer_.submit(std::move(refresh));  // refused: then it is not known yet
    readings_ended_ = number;
  }
}

Awaitable<Result<StockLevel>> OrderService::stock(ProductId product, Trace) {
  if (!board_.knows(product)) co_await hear_of_new_products();
  const auto level = board_.level(product);
  if (!level) co_return Failure(Error::not_found, "There is no such product for sale.");
  co_return *level;
}

Awaitable<Result<std::vector<StockLevel>>> OrderService::stock(std::vector<ProductId> products, Trace) {
  const auto is_known = [this](ProductId product) { return board_.knows(product); };
  if (!std::ranges::all_of(products, is_known)) co_await hear_of_new_products();
  std::vector<StockLevel> levels;
  levels.reserve(products.size());
  for (const auto product : products) {
    if (const auto level = board_.level(product)) levels.push_back(*level);
  }
  co_return levels;
}

Awaitable<Result<PaymentTicket>> OrderService::enter_payment(OrderId order, Caller caller, bool attempting,
                                                             Trace) {
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
                                                                  bool succeeded, Trace) {
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
