// The statements of one transaction run in the order of order/store_sqlite.cpp, and each is checked as it
// runs, as SQL databases do. What a refused transaction has touched is put back.
#include "simulation/memory_orders.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "order/states.hpp"

namespace buyme::simulation {

using order::OrderStatus;

namespace {

struct Refused {
  std::string what;
};

}  // namespace

class OrderDatabase::Transaction {
 public:
  Transaction(OrderDatabase& database, const order::Plan& plan) : database_(database), plan_(plan) {}

  order::Committed run() {
    order::Committed committed;
    write_terms();
    write_moves(committed);
    release();
    committed.shipped = advance_shipping();
    write_returns(committed);
    write_raises();
    write_orders();
    for (const auto refund : plan_.delivered_refunds) deliver(refund);
    for (const auto& [product, before] : ledgers_) {
      committed.ledgers.push_back(database_.sales_.at(product).ledger);
    }
    return committed;
  }
  void roll_back();

 private:
  order::Ledger& ledger(ProductId product);
  PurchaseRow& purchase(const Limit& limit);
  OrderRecord& order(OrderId id);
  static void check(const order::Ledger& ledger);
  static void check(const PurchaseRow& row);
  void write_terms();
  void set_total(order::Ledger& row, Units total, UserId actor, const std::string& reason);
  void begin_limit(const order::TermsChange& change);
  void write_moves(order::Committed& committed);
  void release();
  void release_order(OrderId id);
  std::size_t advance_shipping();
  std::size_t advance(order::OrderStatus from, order::OrderEvent event, Time paid_before);
  void write_returns(order::Committed& committed);
  bool request_return(const order::ReturnRequest& request);
  bool complete_return(const order::ReturnCompletion& completion);
  void owe(OrderId order, OrderItemId item, AttemptId attempt, Money amount);
  void write_raises();
  void write_orders();
  void deliver(RefundId refund);

  OrderDatabase& database_;
  const order::Plan& plan_;
  std::vector<OrderId> moved_;
  // As they were: what was not there before is nullopt.
  std::map<ProductId, std::optional<order::Sale>> ledgers_;
  std::map<Limit, std::optional<PurchaseRow>> limits_;
  std::map<OrderId, OrderRecord> orders_;
  std::vector<OrderId> inserted_;
  std::size_t outbox_size_ = database_.outbox_.size();
  std::size_t steps_size_ = database_.steps_.size();
  std::size_t stock_history_size_ = database_.stock_history_.size();
};

order::Ledger& OrderDatabase::Transaction::ledger(ProductId product) {
  const auto found = database_.sales_.find(product);
  if (found == database_.sales_.end()) {
    ledgers_.emplace(product, std::nullopt);
    return database_.sales_[product].ledger;
  }
  ledgers_.emplace(product, found->second);
  return found->second.ledger;
}

OrderDatabase::PurchaseRow& OrderDatabase::Transaction::purchase(const Limit& limit) {
  const auto found = database_.purchases_.find(limit);
  if (found == database_.purchases_.end()) {
    limits_.emplace(limit, std::nullopt);
    return database_.purchases_[limit];
  }
  limits_.emplace(limit, found->second);
  return found->second;
}

OrderDatabase::OrderRecord& OrderDatabase::Transaction::order(OrderId id) {
  OrderRecord& record = database_.orders_.at(id);
  orders_.emplace(id, record);
  return record;
}

void OrderDatabase::Transaction::check(const order::Ledger& ledger) {
  if (0 <= ledger.sold && ledger.sold <= ledger.committed && ledger.committed <= ledger.total) return;
  throw Refused{fmt::format("CHECK of stock_ledger: product {} would have total {}, committed {}, sold {}",
                            ledger.product.value, ledger.total, ledger.committed, ledger.sold)};
}

void OrderDatabase::Transaction::check(const PurchaseRow& row) {
  if (0 <= row.units && row.units <= row.cap) return;
  throw Refused{fmt::format("CHECK of purchase: {} units, cap {}", row.units, row.cap)};
}

void OrderDatabase::Transaction::write_terms() {
  for (const auto& change : plan_.terms) {
    const order::TermsUpdate& update = change.update;
    const ProductId product = update.terms.product;
    const auto stored = database_.sales_.find(product);
    const std::int64_t version = stored == database_.sales_.end() ? 0 : stored->second.terms.version;
    if (version != change.old_version) {
      throw Refused{fmt::format("the terms of product {} have changed", product.value)};
    }
    order::Ledger& row = ledger(product);
    row.product = product;
    set_total(row, update.total.value_or(row.total) + update.delta, update.actor, update.reason);
    ++row.version;
    check(row);
    database_.sales_[product].terms = update.terms;
    if (change.starts_limit) begin_limit(change);
  }
}

void OrderDatabase::Transaction::set_total(order::Ledger& row, Units total, UserId actor,
                                           const std::string& reason) {
  const Units old_total = std::exchange(row.total, total);
  if (old_total == total) return;
  const auto id = static_cast<std::int64_t>(database_.stock_history_.size()) + 1;
  database_.stock_history_.push_back({row.product, {id, plan_.now, old_total, total, actor, reason}});
}

// Who holds more than the limit keeps it: the row's cap is then what he holds.
void OrderDatabase::Transaction::begin_limit(const order::TermsChange& change) {
  const ProductId product = change.update.terms.product;
  const Units limit = *change.update.terms.per_user_limit;
  std::map<UserId, PurchaseRow> held;
  for (auto& [id, record] : database_.orders_) {
    for (std::size_t i = 0; i < record.row.order.items.size(); ++i) {
      const auto& item = record.row.order.items[i];
      if (item.product != product || item.status == order::ItemStatus::canceled || item.counted) continue;
      PurchaseRow& sum = held[record.row.order.user];
      sum.units += item.quantity;
      sum.last_order = std::max(sum.last_order, id);
      order(id).row.order.items[i].counted = true;
    }
  }
  for (const auto& [user, sum] : held) {
    PurchaseRow& row = purchase({product, user});
    const bool fresh = row.cap == 0;
    row.units += sum.units;
    row.cap = fresh ? std::max(limit, row.units) : std::max(row.cap, row.units);
    row.last_order = std::max(row.last_order, sum.last_order);
    check(row);
  }
}

void OrderDatabase::Transaction::write_moves(order::Committed& committed) {
  for (const auto& move : plan_.moves) {
    const auto found = database_.orders_.find(move.order);
    if (found == database_.orders_.end() || found->second.row.order.status != move.from ||
        found->second.row.hold_extended != move.was_extended ||
        found->second.row.settled_attempt_no != move.was_settled_attempt_no) {
      committed.not_moved.push_back(move.order);
      continue;
    }
    OrderRecord& record = order(move.order);
    database_.index(record, false);
    record.row.order.status = move.to;
    record.row.order.hold_expires_at = move.hold_expires_at;
    record.row.order.paid_at = move.paid_at;
    record.row.hold_extended = move.hold_extended;
    record.row.settled_attempt_no = move.settled_attempt_no;
    record.row.paid_attempt = move.paid_at ? move.paid_attempt : AttemptId{};
    record.moved = plan_.stamp;
    database_.index(record, true);
    if (move.changes_ledgers()) moved_.push_back(move.order);
    database_.steps_.push_back(
        {move.order,
         {plan_.now, {}, order::to_string(move.from), order::to_string(move.to), move.actor, move.reason}});
    owe(move.order, OrderItemId{}, move.paid_attempt, move.refund);
  }
}

void OrderDatabase::Transaction::owe(OrderId order, OrderItemId item, AttemptId attempt, Money amount) {
  if (amount <= 0) return;
  for (const auto& row : database_.outbox_) {
    if (row.refund.order == order && row.item == item) throw Refused{"UNIQUE of refund_outbox_by_cause"};
  }
  const RefundId id{static_cast<std::int64_t>(database_.outbox_.size()) + 1};
  database_.outbox_.push_back({{id, order, attempt, amount}, item, false});
  ++database_.undelivered_;
}

// --- shipping and returns

std::size_t OrderDatabase::Transaction::advance_shipping() {
  if (!plan_.shipping) return 0;
  const std::size_t delivered =
      advance(OrderStatus::shipped, order::OrderEvent::deliver, plan_.shipping->deliver_before);
  return delivered + advance(OrderStatus::paid, order::OrderEvent::ship, plan_.shipping->ship_before);
}

std::size_t OrderDatabase::Transaction::advance(OrderStatus from, order::OrderEvent event, Time paid_before) {
  std::vector<std::pair<Time, OrderId>> due;
  for (const auto& [id, record] : database_.orders_) {
    const order::Order& placed = record.row.order;
    if (placed.status == from && *placed.paid_at < paid_before) due.emplace_back(*placed.paid_at, id);
  }
  std::ranges::sort(due);
  if (due.size() > plan_.shipping->limit) due.resize(plan_.shipping->limit);
  const OrderStatus to = order::next_status(from, event).value();
  for (const auto& [paid_at, id] : due) {
    OrderRecord& record = order(id);
    record.row.order.status = to;
    record.moved = plan_.stamp;
    database_.steps_.push_back({id,
                                {plan_.now,
                                 {},
                                 order::to_string(from),
                                 order::to_string(to),
                                 {},
                                 event == order::OrderEvent::ship ? "shipped" : "delivered"}});
  }
  return due.size();
}

void OrderDatabase::Transaction::write_returns(order::Committed& committed) {
  for (const auto& request : plan_.return_requests) {
    if (!request_return(request)) committed.not_moved.push_back(request.order);
  }
  for (const auto& completion : plan_.return_completions) {
    if (!complete_return(completion)) committed.not_moved.push_back(completion.order);
  }
}

bool OrderDatabase::Transaction::request_return(const order::ReturnRequest& request) {
  OrderRecord& record = order(request.order);
  auto& items = record.row.order.items;
  const auto item = std::ranges::find(items, request.item, &order::OrderItem::id);
  if (item->status != order::ItemStatus::ordered || item->quantity != request.item_quantity) return false;
  if (request.part == request.item) {
    item->status = order::ItemStatus::return_requested;
  } else {
    order::OrderItem part = *item;
    part.id = request.part;
    part.quantity = request.quantity;
    part.status = order::ItemStatus::return_requested;
    item->quantity -= request.quantity;
    items.push_back(part);
  }
  if (!request.key.empty()) {
    const bool fresh =
        record.returns.emplace(request.key, order::ReturnRow::Kept{request.part, request.body_hash}).second;
    if (!fresh) throw Refused{"UNIQUE of item_returns_by_key"};
  }
  database_.items_[request.part] = request.order;
  database_.steps_.push_back(
      {request.order,
       {plan_.now, request.part, "DELIVERED", "RETURN_REQUESTED", request.actor, request.reason}});
  return true;
}

bool OrderDatabase::Transaction::complete_return(const order::ReturnCompletion& completion) {
  OrderRecord& record = order(completion.order);
  const auto item = std::ranges::find(record.row.order.items, completion.item, &order::OrderItem::id);
  if (item->status != order::ItemStatus::return_requested) return false;
  item->status = order::ItemStatus::returned;
  order::Ledger& row = ledger(completion.product);
  if (!completion.restock) {
    set_total(row, row.total - item->quantity, completion.actor, "returned, not restocked");
  }
  row.committed -= item->quantity;
  row.sold -= item->quantity;
  ++row.version;
  check(row);
  database_.steps_.push_back({completion.order,
                              {plan_.now, completion.item, "RETURN_REQUESTED", "RETURNED", completion.actor,
                               completion.restock ? "restocked" : "not restocked"}});
  owe(completion.order, completion.item, completion.paid_attempt, completion.refund);
  return true;
}

// Of the orders whose move changes ledgers.
void OrderDatabase::Transaction::release() {
  std::set<ProductId> touched;
  for (const auto id : moved_) {
    for (const auto& item : database_.orders_.at(id).row.order.items) touched.insert(item.product);
  }
  for (const auto product : touched) (void)ledger(product);
  std::set<ProductId> changed;
  for (const auto id : moved_) {
    release_order(id);
    for (const auto& item : database_.orders_.at(id).row.order.items) changed.insert(item.product);
  }
  for (const auto product : changed) {
    order::Ledger& row = ledger(product);
    ++row.version;
    check(row);
  }
}

void OrderDatabase::Transaction::release_order(OrderId id) {
  OrderRecord& record = order(id);
  const OrderStatus status = record.row.order.status;
  for (auto& item : record.row.order.items) {
    if (item.status != order::ItemStatus::ordered) continue;
    order::Ledger& row = ledger(item.product);
    if (status == OrderStatus::paid) row.sold += item.quantity;
    if (!order::is_dead(status)) continue;
    row.committed -= item.quantity;
    if (record.row.order.paid_at) row.sold -= item.quantity;
    if (item.counted) {
      PurchaseRow& limit = purchase({item.product, record.row.order.user});
      limit.units -= item.quantity;
      check(limit);
    }
    item.status = order::ItemStatus::canceled;
  }
}

void OrderDatabase::Transaction::write_raises() {
  for (const auto& raise : plan_.raises) {
    order::Ledger& row = ledger(raise.product);
    if (database_.sales_.at(raise.product).terms.version != raise.terms_version) {
      throw Refused{fmt::format("the terms of product {} have changed", raise.product.value)};
    }
    row.committed += raise.units;
    ++row.version;
    check(row);
  }
  for (const auto& limit : plan_.limits) {
    PurchaseRow& row = purchase({limit.product, limit.user});
    row.units += limit.units;
    row.cap = limit.cap;
    row.last_order = limit.last_order;
    check(row);
  }
}

void OrderDatabase::Transaction::write_orders() {
  for (const auto& entry : plan_.orders) {
    const order::Order& placed = *entry.order;
    if (!entry.key.empty()) {
      const auto [key, fresh] =
          database_.keys_.emplace(std::pair{placed.user, std::string(entry.key)}, placed.id);
      if (!fresh) throw Refused{"UNIQUE of orders_by_key"};
    }
    OrderRecord record;
    record.row.order = placed;
    record.key = entry.key;
    record.body_hash = entry.body_hash;
    const auto [row, fresh] = database_.orders_.emplace(placed.id, std::move(record));
    if (!fresh) {
      if (!entry.key.empty()) database_.keys_.erase(std::pair{placed.user, std::string(entry.key)});
      throw Refused{"PRIMARY KEY of orders"};
    }
    inserted_.push_back(placed.id);
    for (const auto& item : placed.items) database_.items_[item.id] = placed.id;
    database_.index(row->second, true);
  }
}

void OrderDatabase::Transaction::deliver(RefundId refund) {
  const auto position = static_cast<std::size_t>(refund.value) - 1;
  if (position >= database_.outbox_.size() || database_.outbox_[position].delivered) return;
  database_.outbox_[position].delivered = true;  // nothing behind it can refuse the transaction any more
  --database_.undelivered_;
}

void OrderDatabase::Transaction::roll_back() {
  for (const auto id : inserted_) {
    const OrderRecord& record = database_.orders_.at(id);
    database_.index(record, false);
    if (!record.key.empty()) database_.keys_.erase(std::pair{record.row.order.user, record.key});
    database_.orders_.erase(id);
  }
  for (auto& [id, before] : orders_) {
    OrderRecord& record = database_.orders_.at(id);
    database_.index(record, false);
    record = std::move(before);
    database_.index(record, true);
  }
  for (auto& [product, before] : ledgers_) {
    if (before) {
      database_.sales_[product] = *before;
    } else {
      database_.sales_.erase(product);
    }
  }
  for (auto& [limit, before] : limits_) {
    if (before) {
      database_.purchases_[limit] = *before;
    } else {
      database_.purchases_.erase(limit);
    }
  }
  database_.undelivered_ -= static_cast<std::int64_t>(database_.outbox_.size() - outbox_size_);
  database_.outbox_.resize(outbox_size_);
  database_.steps_.resize(steps_size_);
  database_.stock_history_.resize(stock_history_size_);
}

order::CommitResult OrderDatabase::commit(const order::Plan& plan) {
  const auto [round, fresh] = rounds_.emplace(std::pair{plan.stamp.writer, plan.stamp.seq}, false);
  if (!fresh) return order::Rejected{order::Rejected::Why::constraint, "PRIMARY KEY of writer_batch"};
  Transaction transaction(*this, plan);
  try {
    return transaction.run();
  } catch (const Refused& refused) {
    transaction.roll_back();
    rounds_.erase(round);
    return order::Rejected{order::Rejected::Why::constraint, refused.what};
  }
}

order::RoundFate OrderDatabase::settle(order::Stamp round) {
  const auto [row, fresh] = rounds_.emplace(std::pair{round.writer, round.seq}, true);
  return fresh || row->second ? order::RoundFate::dead : order::RoundFate::committed;
}

bool OrderDatabase::is_unpaid_row(const OrderRecord& record) {
  return order::is_unpaid(record.row.order.status);
}

void OrderDatabase::index(const OrderRecord& record, bool add) {
  if (!is_unpaid_row(record)) return;
  const std::pair entry{record.row.order.hold_expires_at, record.row.order.id};
  if (add) {
    unpaid_.insert(entry);
  } else {
    unpaid_.erase(entry);
  }
}

const OrderDatabase::OrderRecord* OrderDatabase::find(OrderId order) const {
  const auto found = orders_.find(order);
  return found == orders_.end() ? nullptr : &found->second;
}

void OrderDatabase::add_to(audit::Books& books) const {
  for (const auto& [product, sale] : sales_) {
    books.ledgers.push_back({product, sale.ledger.total, sale.ledger.committed, sale.ledger.sold});
    books.terms.push_back({product, sale.terms.per_user_limit});
  }
  std::map<std::pair<UserId, std::string>, std::int64_t> keys;
  for (const auto& [id, record] : orders_) {
    const order::Order& placed = record.row.order;
    audit::Books::Order row;
    row.order = id;
    row.user = placed.user;
    row.status = static_cast<int>(placed.status);
    row.amount = placed.amount;
    row.placed_at = placed.placed_at;
    row.hold_expires_at = placed.hold_expires_at;
    row.paid_at = placed.paid_at;
    row.paid_attempt = record.row.paid_attempt;
    books.orders.push_back(row);
    for (const auto& item : placed.items) {
      books.items.push_back({id, item.id, item.product, item.quantity, item.price,
                             static_cast<int>(item.status), item.counted});
    }
    if (!record.key.empty()) ++keys[{placed.user, record.key}];
  }
  for (const auto& [limit, row] : purchases_) {
    books.purchases.push_back({limit.first, limit.second, row.units, row.cap});
  }
  for (const auto& [key, orders] : keys) {
    if (orders > 1) books.repeated_keys.push_back({key.first, key.second, orders});
  }
  for (const auto& row : outbox_) {
    books.outbox.push_back(
        {row.refund.id, row.refund.order, row.refund.attempt, row.refund.amount, row.delivered, row.item});
  }
}

}  // namespace buyme::simulation
